//===- MatmulGroups.h - tiles of a grouped product --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Which rows of A belong to which matrix of B is known only where group_ends
// lie: in memory of the device. So tiles are numbered through all groups, none
// of them crosses the end of one, and each block searches for its own:
//
//   rows     |0000000|1|2222222222222|  |      three groups, the rest in none
//   tiles    |0  |1  |2|3  |4  |5  |6|         four rows each; 2 and 6 are
//   short
//
// Nobody knows how many there are before the kernel runs, but how many at most.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULGROUPS_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULGROUPS_H

#include "Word.h"

namespace mlir::mx {

/// The ends of groups in global memory.
struct GroupEnds {
  Value base;
  /// Bits of an end: 32 or 64.
  unsigned bits;
  Word groups;
  /// Rows of A, and of a tile.
  Word rows;
  int tileRows;
};

/// The rows of a tile.
struct GroupTile {
  /// The group, the first row, and where the group ends.
  Word group, row, end;
  /// An i1: whether there is such a tile.
  Value exists;
};

/// The largest number of row tiles, ⌊rows / tileRows⌋ + min(groups, rows): a
/// group has at most one tile that is not full, and none if it has no rows.
Word boundGroupTiles(const GroupEnds &ends);

/// The number of row tiles.
Word countGroupTiles(ImplicitLocOpBuilder &b, const GroupEnds &ends);

/// Finds row tile number `tile`. N7.4: ends are clamped to [previous end,
/// rows].
GroupTile findGroupTile(ImplicitLocOpBuilder &b, const GroupEnds &ends,
                        Word tile);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULGROUPS_H
