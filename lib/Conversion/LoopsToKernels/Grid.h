//===- Grid.h - parallel loops as the threads of a grid ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_LOOPSTOKERNELS_GRID_H
#define MX_LIB_CONVERSION_LOOPSTOKERNELS_GRID_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::mx {

/// Makes a kernel of `loops`, which have no results, and puts a launch in their
/// place. Parallel loops within become sequential ones.
LogicalResult convertToGrid(scf::ParallelOp loops);

/// Replaces the parallel loops within `root`, which have no results, by
/// sequential ones.
void serializeLoops(Operation *root);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_LOOPSTOKERNELS_GRID_H
