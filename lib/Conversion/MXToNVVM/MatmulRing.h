//===- MatmulRing.h - the matmul kernel with a producer warp ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A persistent variant of the kernel of MatmulKernel.h: fewer blocks than
// tiles, each computes every n-th tile. One warp brings steps into a ring of
// stages, the others multiply, so that the first steps of a tile arrive while
// the results of the last are written.
//
//   producer                           consumers
//   for each tile, each step           for each tile
//     wait until the stage is empty      for each step
//     payload by tensor copies             wait until the stage is full
//     scales by cp.async                   multiply
//     both arrive at `full`                arrive at `empty`
//                                        C = init + (t_A · t_B) · sum
//
// An mbarrier pair belongs to each stage; steps are counted over all tiles, and
// a stage's round number is its phase.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULRING_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULRING_H

#include "MatmulSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// Emits the body of `kernel`. Its payload arguments point to tensor maps of
/// bytes [matrices, rows, row length], boxes of one matrix, the tile's rows and
/// kRowBytes, swizzled by 128 bytes; its last argument is the number of tiles,
/// which a kernel of a grouped product counts itself.
void emitMatmulRing(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                    gpu::GPUFuncOp kernel);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULRING_H
