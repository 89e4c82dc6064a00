//===- Fragment.h - which lane holds which element --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The register layouts of the matrix instructions of a warp, as formulas:
//
//   lane = 4·g + t      A  row = g + 8·(reg & 1)   k = t·P + e + 4P·(reg >> 1)
//   P = elements in     B  k = t·P + e + 4P·reg    column = g
//       32 bits         C  row = g + 8·(reg >> 1)  column = 2t + (reg & 1)
//
// and for the scales of block-scaled products, which lane and byte a row's or
// column's scale comes from.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_FRAGMENT_H
#define MX_SIMULATOR_FRAGMENT_H

#include <cstdint>

namespace mxsim {

inline constexpr unsigned kTileRows = 16, kTileColumns = 8;

/// A place in a tile: row and k of A, column and k of B, row and column of C.
struct TilePlace {
  unsigned outer, inner;
};

/// Element `element` of register `reg` of A; `bits` are those of an element.
constexpr TilePlace placeOfA(unsigned bits, unsigned lane, unsigned reg,
                             unsigned element) {
  unsigned perWord = 32 / bits;
  return {lane / 4 + 8 * (reg & 1),
          lane % 4 * perWord + element + 4 * perWord * (reg >> 1)};
}

/// The same of B; `outer` is the column.
constexpr TilePlace placeOfB(unsigned bits, unsigned lane, unsigned reg,
                             unsigned element) {
  unsigned perWord = 32 / bits;
  return {lane / 4, lane % 4 * perWord + element + 4 * perWord * reg};
}

/// Register `reg` of C and D.
constexpr TilePlace placeOfC(unsigned lane, unsigned reg) {
  return {lane / 4 + 8 * (reg >> 1), 2 * (lane % 4) + (reg & 1)};
}

/// The lane whose register holds the scales of row `row` of A.
constexpr unsigned laneOfScaleA(unsigned row, unsigned threadId) {
  return 4 * (row % 8) + 2 * threadId + row / 8;
}

/// The lane whose register holds the scales of column `column` of B.
constexpr unsigned laneOfScaleB(unsigned column, unsigned threadId) {
  return 4 * column + threadId;
}

/// The byte of that register for block `block` along k.
constexpr unsigned byteOfScale(unsigned block, unsigned byteId) {
  return byteId + block;
}

/// Whether selectors go with the number of scales along k (1, 2 or 4).
constexpr bool isSelector(unsigned scales, int32_t byteId, int32_t threadId,
                          int32_t threadIds) {
  return threadId >= 0 && threadId < threadIds && byteId >= 0 && byteId < 4 &&
         unsigned(byteId) % scales == 0;
}

} // namespace mxsim

#endif // MX_SIMULATOR_FRAGMENT_H
