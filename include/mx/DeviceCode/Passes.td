//===- Passes.td - passes on device code ------------------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DEVICECODE_PASSES_TD
#define MX_DEVICECODE_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyDeviceCodePass : Pass<"mx-verify-device-code", "::mlir::ModuleOp"> {
  let summary = "check that a chip has what its kernels use";
  let description = [{
    LLVM ends the program at an instruction that the chip of a `gpu.module` lacks, and
    neither MLIR nor ptxas looks at scale selectors. So everything in a `gpu.module` is
    looked up in `Target/Instructions.def` here; what is not listed is refused. Checked
    beyond that: the selectors of `nvvm.mma.block_scale` (byte 0 to 3 with x1, 0 or 2
    with x2, 0 with x4; thread 0 or 1 of A, 0 to 3 of B), the alignment of shared memory
    where it is known, the attributes without which ptxas ignores
    `nvvm.setmaxregister`, and that all code is there.

    **Requires** device code of the llvm and nvvm dialects. A module without an
    `#nvvm.target` is for the program's `mx.target`. **Ensures** that translation to PTX
    goes through. **Decides** nothing.
    **Remarks** (`mx-device`): missed, an instruction that ptxas expands into slower ones,
    and a scale selector that is known at run time only.
    **Example**: (* example: test/DeviceCode/verify-device-code.mlir *)
  }];
}

#endif // MX_DEVICECODE_PASSES_TD
