//===- MXLayoutOps.h - operations on layouts of scales ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Apart from MXOps.h, because few have to do with other layouts than N8.1.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXLAYOUTOPS_H
#define MX_DIALECT_MX_IR_MXLAYOUTOPS_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// A tile of scales (N8.5): its rows in four groups of 32, one beside the
/// other.
///
///   memory row i:  [row i: 4 columns][row i + 32][row i + 64][row i + 96]
struct ScaleTile {
  static constexpr int64_t rows = 128, columns = 4;
  static constexpr int64_t memoryRows = 32, groups = rows / memoryRows;
  static constexpr int64_t rowBytes = groups * columns;
};

/// The shape of the tiles for scales of `shape`, of rank 2 or more.
SmallVector<int64_t> getScaleTilesShape(ArrayRef<int64_t> shape);

/// Fails unless `tiles` can be those of `scales`.
LogicalResult verifyScaleTiles(Operation *op, ShapedType scales,
                               ShapedType tiles);

} // namespace mlir::mx

#define GET_OP_CLASSES
#include "mx/Dialect/MX/IR/MXLayoutOps.h.inc"

#endif // MX_DIALECT_MX_IR_MXLAYOUTOPS_H
