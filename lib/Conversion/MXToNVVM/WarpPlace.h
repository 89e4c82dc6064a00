//===- WarpPlace.h - the part of a tile that a warp computes ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The warps of a block share its tile of C, first along the rows. A warp's
// part consists of MMA tiles of 16 rows and 8 columns, and a lane holds four
// accumulators of each.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPPLACE_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPPLACE_H

#include "MmaFragments.h"
#include "Word.h"

namespace mlir::mx {

/// Accumulators of an MMA in one lane.
inline constexpr int kAccumulators = 4;

class WarpPlace {
public:
  /// Warps of `height` rows and `width` columns, `warpRows` of them along the
  /// rows.
  WarpPlace(Word thread, int warpRows, int height, int width)
      : lane(thread % kWarpLanes),
        firstRow(thread / kWarpLanes % warpRows * height),
        firstColumn(thread / kWarpLanes / warpRows * width),
        rowTiles(height / kMmaRows), columnTiles(width / kMmaColumns) {}

  int getRowTiles() const { return rowTiles; }
  int getColumnTiles() const { return columnTiles; }

  /// Row and column in the block's tile of an accumulator.
  Word getRow(int rowTile, int reg) const {
    return firstRow + getResultRow(lane, reg) + kMmaRows * rowTile;
  }
  Word getColumn(int columnTile, int reg) const {
    return firstColumn + getResultColumn(lane, reg) + kMmaColumns * columnTile;
  }

protected:
  Word lane, firstRow, firstColumn;

private:
  int rowTiles, columnTiles;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPPLACE_H
