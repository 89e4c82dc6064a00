//===- MmaFragments.h - which lane holds what -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Where the operands of a block-scaled warp MMA lie: m16n8k64 on FP4 and
// m16n8k32 on bytes, which are the same map, 32 bytes of K in each row. Every
// formula is written once, for integers (the tests compare them with tables)
// and for values (the kernels compute with them).
//
//   lane = 4 · group + place
//
// Shared memory holds rows of 128 bytes, the eight chunks of 16 bytes in a row
// permuted so that eight rows of one chunk lie in different banks.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MMAFRAGMENTS_H
#define MX_LIB_CONVERSION_MXTONVVM_MMAFRAGMENTS_H

namespace mlir::mx {

inline constexpr int kWarpLanes = 32;
/// Rows of A and columns of C of one MMA.
inline constexpr int kMmaRows = 16;
inline constexpr int kMmaColumns = 8;
/// Bytes of K that one MMA consumes of each row.
inline constexpr int kSliceBytes = 32;
/// Bytes of a row of an 8x8 matrix of `ldmatrix`.
inline constexpr int kChunkBytes = 16;
/// Bytes of a row in shared memory, and the slices in them.
inline constexpr int kRowBytes = 128;
inline constexpr int kSlices = kRowBytes / kSliceBytes;
/// Rows whose scales one register of a warp holds, for A and for B alike.
inline constexpr int kScaleRows = 32;
/// Tiles that share a scale register, told apart by the thread selector.
inline constexpr int kLhsTilesPerScale = kScaleRows / kMmaRows;
inline constexpr int kRhsTilesPerScale = kScaleRows / kMmaColumns;

/// Row of a 16-row tile of A that `lane` gives to `ldmatrix` x4, and its chunk
/// in the slice: the four matrices become the four registers of A.
template <typename T>
T getLhsSourceRow(T lane) {
  return lane & 15;
}
template <typename T>
T getLhsSourceChunk(T lane) {
  return lane >> 4;
}

/// The same for 16 rows of B, which become the two registers of two tiles.
template <typename T>
T getRhsSourceRow(T lane) {
  return (lane & 7) + ((lane >> 4) << 3);
}
template <typename T>
T getRhsSourceChunk(T lane) {
  return (lane >> 3) & 1;
}

/// Row and column in the tile of C of accumulator `reg` (0…3).
template <typename T>
T getResultRow(T lane, int reg) {
  return (lane >> 2) + 8 * (reg >> 1);
}
template <typename T>
T getResultColumn(T lane, int reg) {
  return ((lane & 3) << 1) + (reg & 1);
}

/// Row, among those of `rows` (16 or 32) whose scales share a register, that
/// `lane` holds the scale of.
template <typename T>
T getScaleRow(T lane, int rows) {
  return ((lane & (rows / 8 - 1)) << 3) + (lane >> 2);
}

/// The thread selectors of tile number `tile` of a warp.
inline int getLhsScaleThread(int tile) { return tile % kLhsTilesPerScale; }
inline int getRhsScaleThread(int tile) { return tile % kRhsTilesPerScale; }

/// Where chunk `chunk` of row `row` lies among the eight of its row.
template <typename T>
T getSwizzledChunk(T row, T chunk) {
  return chunk ^ (row & 7);
}

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MMAFRAGMENTS_H
