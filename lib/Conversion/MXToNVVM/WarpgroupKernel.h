//===- WarpgroupKernel.h - the matmul kernel of warpgroups ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As MatmulRing.h, a persistent kernel with a ring of stages, but with wgmma:
// one warpgroup brings operands, two multiply, each for half of the columns.
//
//   producer                           consumers
//   for each tile, each step           for each tile
//     wait until the stage is empty      for each step
//     activations by a tensor copy         wait until the stage is full
//     weights by cp.async                  for each slice of 16 elements of K
//     all arrive at `full`                   decode weights to registers, fence
//                                            start sums += weights ·
//                                            activations
//                                          commit, wait, arrive at `empty`
//                                        C = init + t · sum
//
// While one consumer decodes, the products of the other keep tensor cores busy.
// What copies write is read by wgmma in the proxy that wrote it: activations
// come by tensor copies alone.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPGROUPKERNEL_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPGROUPKERNEL_H

#include "WarpgroupSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernel for `spec` in `module`, made if it is not there yet. Arguments:
/// the tensor map of the activations, in boxes of one matrix, the tile's rows
/// and kRowBytes; the parts of the weights; C; rows and columns of C and K; and
/// the number of tiles.
gpu::GPUFuncOp getWarpgroupKernel(gpu::GPUModuleOp module,
                                  const WarpgroupSpec &spec, Location loc);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPGROUPKERNEL_H
