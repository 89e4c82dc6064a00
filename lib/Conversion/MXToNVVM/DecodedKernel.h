//===- DecodedKernel.h - the matmul kernel that decodes ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One block of threads computes one tile of C, with a ring of stages:
//
//   bring the first steps to all stages but one
//   for each step
//     wait for the step, and for everybody
//     start to bring a later step to the stage that was multiplied last
//     decode and multiply this stage (DecodedWarp.h)
//   C = init + (t_A · t_B) · sum (MatmulResults.h)
//
// N7.2: an MMA adds 8 or 16 products at once, cuts each off and rounds the sum
// toward zero; docs/Targets.md counts what that is.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDKERNEL_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDKERNEL_H

#include "DecodedSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernel for `spec` in `module`, made if it is not there yet. Its
/// arguments and its grid are those of getMatmulKernel.
gpu::GPUFuncOp getDecodedKernel(gpu::GPUModuleOp module,
                                const DecodedSpec &spec, Location loc);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDKERNEL_H
