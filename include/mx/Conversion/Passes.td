//===- Passes.td - conversions out of the mx dialect ------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_PASSES_TD
#define MX_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertMXToLinalgPass : Pass<"convert-mx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "express mx operations as 4-loop linalg.generic";
  let description = [{
    The way back to other compilers: `mx.matmul` becomes the `linalg.generic` over
    (m, n, k-block, k-in-block) with `arith.scaling_extf` in its body, and
    `mx.dequantize` the element-wise form, on the parts of their operands.

    **Requires** graph operations on formats that `arith.scaling_extf` can express (E8M0
    scales, no tensor scale). **Ensures** that no such operation is left; `mx-import`
    of the result gives the original back. **Decides** nothing.
    **Remarks** (`mx-to-linalg`): missed, an operation that has no such form and why.
    **Example**: (* example: test/Conversion/MXToLinalg/mx-to-linalg.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::mx::MXDialect"];
}

def ConvertMXToLoopsPass : Pass<"convert-mx-to-loops", "::mlir::ModuleOp"> {
  let summary = "lower packed operations to vectorised loops";
  let description = [{
    The emulated row of every operation: loops over rows and blocks, vector arithmetic
    inside a block, bit for bit the semantics of lib/Numerics.

    **Requires** `mx.packed` operations on memrefs whose kernel is an emulated row.
    **Ensures** that none is left; only scf, memref, vector and arith are made.
    **Decides** vector lengths from the block length alone, so that results do not depend on
    the machine. **Remarks**: none.
    **Example**: (* example: test/Conversion/MXToLoops/mx-to-loops.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::mx::MXDialect"];
}

#endif // MX_CONVERSION_PASSES_TD
