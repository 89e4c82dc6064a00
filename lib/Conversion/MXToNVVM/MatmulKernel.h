//===- MatmulKernel.h - the block-scaled matmul kernel ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One block of threads computes one tile of C:
//
//   bring step 0 to stage 0
//   for each step of 128 bytes of K
//     wait for the step, and for everybody
//     start to bring the next step to the other stage
//     multiply this stage (WarpTile.h)
//   C = init + (t_A · t_B) · sum (MatmulResults.h)
//
// N7.2: for 64 elements of K (32 with bytes) an MMA adds all terms at once and
// rounds toward zero, which is at most two roundings to nearest.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULKERNEL_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULKERNEL_H

#include "MatmulSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernel for `spec` in `module`, made if it is not there yet. Arguments:
/// the parts of both sides, perhaps the ends of groups and the row that C
/// starts from, C, and the rows of a tail as pointers, then the numbers of a
/// tail, then rows, columns, K and perhaps the number of groups as i32. Its
/// grid has one dimension: tiles along the rows (of groups: at most), then
/// along the columns, then matrices of a batch. Blocks without rows leave.
gpu::GPUFuncOp getMatmulKernel(gpu::GPUModuleOp module, const MatmulSpec &spec,
                               Location loc);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULKERNEL_H
