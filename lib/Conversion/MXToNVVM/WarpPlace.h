//===- WarpPlace.h - the part of a tile that a warp computes ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The warps of a block share its tile of C, first along the rows. A warp's
// part consists of MMA tiles of 16 rows and 8 columns, and a lane holds four
// accumulators of each. Where operands are swapped, tiles have 8 rows and 16
// columns (WarpgroupWeights.h), and the four are two neighbours in each of two
// rows all the same.
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

  /// A warp with swapped operands, of 16 columns and `height` rows.
  WarpPlace(Word lane, Word firstColumn, int height)
      : lane(lane), firstRow(lane.constant(0)), firstColumn(firstColumn),
        isSwapped(true), rowTiles(height / kMmaColumns), columnTiles(1) {}

  int getRowTiles() const { return rowTiles; }
  int getColumnTiles() const { return columnTiles; }

  Word getFirstRow() const { return firstRow; }
  Word getFirstColumn() const { return firstColumn; }

  /// Row and column in the block's tile of an accumulator.
  Word getRow(int rowTile, int reg) const {
    if (isSwapped)
      return firstRow + getResultColumn(lane, reg >> 1) + kMmaColumns * rowTile;
    return firstRow + getResultRow(lane, reg) + kMmaRows * rowTile;
  }
  Word getColumn(int columnTile, int reg) const {
    if (isSwapped)
      return firstColumn + ((lane >> 2) << 1) + (reg & 1);
    return firstColumn + getResultColumn(lane, reg) + kMmaColumns * columnTile;
  }

protected:
  Word lane, firstRow, firstColumn;

private:
  bool isSwapped = false;
  int rowTiles, columnTiles;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPPLACE_H
