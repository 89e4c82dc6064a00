//===- TensorMap.h - which bytes a tile of a tensor is ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The simulator's own form of the 128 bytes that describe a tensor to the copy
// engine, and the two index maps behind it: a tile's rows in the tensor, and
// the swizzle that spreads them in shared memory.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_TENSORMAP_H
#define MX_SIMULATOR_TENSORMAP_H

#include <cstdint>

namespace mxsim {

inline constexpr int32_t kMaxTensorRank = 5;
inline constexpr uint32_t kSwizzleChunk = 16;

struct TensorMap {
  /// Tells a map from other memory.
  uint32_t magic;
  uint8_t rank, elementBits;
  /// Span in bytes: 0, 32, 64 or 128.
  uint8_t swizzle;
  uint8_t unused;
  uint8_t *address;
  uint32_t extents[kMaxTensorRank];
  uint32_t box[kMaxTensorRank];
  /// In bytes, of axis 1 and on.
  uint64_t strides[kMaxTensorRank - 1];

  bool isValid() const;
  uint32_t getRowBytes() const { return box[0] * elementBits / 8; }
  uint32_t countRows() const;
  /// Bytes of a whole box, which is what an mbarrier counts.
  uint32_t getBoxBytes() const { return getRowBytes() * countRows(); }

  /// Where row `row` of the box at `coordinates` begins in the tensor, and
  /// which of its bytes [first, last) exist; none if it lies outside.
  struct Row {
    uint8_t *start;
    uint32_t first, last;
  };
  Row getRow(const int32_t *coordinates, uint32_t row) const;
};

/// Where the byte at `offset` of an unswizzled tile lies: the number of its
/// 16-byte chunk within `span` bytes is combined by exclusive or with the
/// number of its 128-byte line, as far as the span has chunks.
inline uint32_t swizzle(uint32_t offset, uint32_t span) {
  uint32_t chunkBits = span == 0 ? 0 : (span - 1) & ~(kSwizzleChunk - 1);
  return offset ^ (offset >> 3 & chunkBits);
}

} // namespace mxsim

#endif // MX_SIMULATOR_TENSORMAP_H
