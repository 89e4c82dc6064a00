//===- Passes.td - passes on device code ------------------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DEVICECODE_PASSES_TD
#define MX_DEVICECODE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertDeviceCodePass : Pass<"mx-convert-device-code", "::mlir::gpu::GPUModuleOp"> {
  let summary = "convert kernels to the LLVM and NVVM dialects";
  let description = [{
    MLIR's `convert-gpu-to-nvvm` calls functions of NVIDIA's libdevice even for a floor
    or an absolute value, and refuses the intrinsics of LLVM that stand for them. This
    pass has the same patterns but those, and uses the intrinsics.

    A kernel with a `known_block_size` relies on exactly that block, so it becomes the
    block that a launch must have (`.reqntid`), not the most that it may be: the driver,
    and the simulator, refuse any other, and ptxas obeys `nvvm.setmaxregister`.

    **Requires** functions whose control flow is between blocks, and whose vector
    operations have been converted. **Ensures** that gpu, arith, math, memref and index
    operations are gone if LLVM has them. **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/DeviceCode/convert-device-code.mlir *)
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

def ExpandDeviceMathPass : Pass<"mx-expand-device-math"> {
  let summary = "express functions of math by arithmetic in kernels";
  let description = [{
    Kernels call no library. Exponentials, logarithms, trigonometric and error functions
    become the polynomials of MLIR's math dialect, in f32 (a few units in the last place;
    they differ from a CPU's libm by as much); powers, hyperbolic functions and others
    are written with them.

    **Requires** nothing. **Ensures** that of the math dialect only what is an
    instruction is left. **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/DeviceCode/expand-device-math.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def VerifyDeviceCodePass : Pass<"mx-verify-device-code", "::mlir::ModuleOp"> {
  let summary = "check that a chip has what its kernels use";
  let description = [{
    LLVM ends the program at an instruction that the chip of a `gpu.module` lacks, and
    neither MLIR nor ptxas looks at scale selectors. So everything in a `gpu.module` is
    looked up in `Target/Instructions.def` here; what is not listed is refused. Checked
    beyond that: the selectors of `nvvm.mma.block_scale` (byte 0 to 3 with x1, 0 or 2
    with x2, 0 with x4; thread 0 or 1 of A, 0 to 3 of B), the alignment of shared memory
    where it is known, the attributes without which ptxas ignores
    `nvvm.setmaxregister`, that all code is there, and that nothing touches the
    registers of a product of a warpgroup while it is under way.

    **Requires** device code of the llvm and nvvm dialects. A module without an
    `#nvvm.target` is for the program's `mx.target`. **Ensures** that translation to PTX
    goes through. **Decides** nothing.
    **Remarks** (`mx-device`): missed, an instruction that ptxas expands into slower ones,
    and a scale selector that is known at run time only.
    **Example**: (* example: test/DeviceCode/verify-device-code.mlir *)
  }];
}

#endif // MX_DEVICECODE_PASSES_TD
