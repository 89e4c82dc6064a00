//===- MXDialect.td - the mx dialect ----------------------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXDIALECT_TD
#define MX_DIALECT_MX_IR_MXDIALECT_TD

include "mlir/IR/OpBase.td"

def MX_Dialect : Dialect {
  let name = "mx";
  let cppNamespace = "::mlir::mx";
  let summary = "block-scaled FP4, FP6 and FP8 tensors as single values";
  let description = [{
    A block-scaled tensor stores small floating-point elements and one scale for
    each block of neighbours. Other IRs pass the two as loose operands; here they
    are one SSA value of type `!mx.tensor`, so a wrong pairing cannot be written.

    | format | element | block | scale | bits per value | a NaN scale |
    |---|---|---|---|---|---|
    | `mxfp4` | `f4E2M1FN` | 32 | `f8E8M0FNU` | 4.25 | makes its block NaN |
    | `nvfp4` | `f4E2M1FN` | 16 | `f8E4M3FN` (no sign), and f32 for the tensor | 4.5 | makes its block NaN |

    The dialect does not model accuracy, calibration or training; it says what
    bits mean and how they are made. The exact meaning of every operation is in
    `docs/Numerics.md`, whose clauses (N1 to N8) are cited below.

    The life of a value: `mx.quantize`, `mx.constant` or `mx.bundle` makes it;
    `mx.transpose` and `mx.reshape` move it; `mx.matmul`, `mx.grouped_matmul` and
    `mx.dequantize` consume it; `mx.unbundle` takes it apart. Below the *pack*
    phase only builtin tensors of bytes exist, and the `mx.packed.*` operations
    work on those until they become loops.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
}

#endif // MX_DIALECT_MX_IR_MXDIALECT_TD
