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

def ConvertNVVMToSimulatorPass : Pass<"convert-nvvm-to-simulator", "::mlir::ModuleOp"> {
  let summary = "turn device code into host code that calls the simulator";
  let description = [{
    The fork before PTX: kernels become host functions in which each operation of NVVM is
    a call of the simulator, and launches become calls that run them, thread by thread
    ([Simulator.md](Simulator.md)). The module attribute `mx.simulator_locations` says
    where the numbered places of these calls are.

    **Requires** device modules of the LLVM and NVVM dialects alone; launches whose operands
    are numbers and pointers, in host code on buffers. **Ensures** that no device module and
    no launch is left; every access to shared or global memory is checked when it runs.
    **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Conversion/NVVMToSimulator/nvvm-to-simulator.mlir *)
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

#endif // MX_CONVERSION_PASSES_TD
