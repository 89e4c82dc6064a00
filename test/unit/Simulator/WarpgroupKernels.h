//===- WarpgroupKernels.h - operands of wgmma for tests ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Matrices of 32 bytes of K in each row, where a descriptor says that they lie.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_WARPGROUPKERNELS_H
#define MX_TEST_UNIT_SIMULATOR_WARPGROUPKERNELS_H

#include "Kernels.h"
#include <array>

namespace mxsim {

inline constexpr uint32_t kRows = 64;

/// A matrix in shared memory: rows of `span` bytes, of which 32 at `inRow` are
/// meant; with a span of 0 two columns of chunks.
struct Place {
  uint32_t start, span, inRow = 0;

  uint32_t getGroupBytes() const { return span ? 8 * span : 256; }

  uint64_t getDescriptor() const {
    uint64_t mode = span == 128 ? 1 : span == 64 ? 2 : span == 32 ? 3 : 0;
    uint64_t leading = span ? 0 : 128;
    return uint64_t(start + inRow) >> 4 | leading >> 4 << 16 |
           uint64_t(getGroupBytes()) >> 4 << 32 | mode << 62;
  }

  /// The byte of row `row` and place `byte` of its 32: from the pictures of the
  /// layouts, chunk by chunk.
  uint32_t locate(uint32_t row, uint32_t byte) const {
    uint32_t group = start + row / 8 * getGroupBytes(), in = row % 8;
    if (span == 0)
      return group + byte / 16 * 128 + in * 16 + byte % 16;
    uint32_t place = in * span + inRow + byte;
    uint32_t line = place / 128, chunk = place / 16 % 8;
    return group + line * 128 + (chunk ^ line % (span / 16)) * 16 + byte % 16;
  }
};

/// Codes of `bits` bits of `rows` rows, written by threads that share the work.
inline void storeMatrix(const Place &place, const std::vector<uint32_t> &codes,
                        uint32_t rows, uint32_t bits) {
  uint32_t k = 256 / bits;
  for (uint32_t row = threadId(); row < rows; row += 128)
    for (uint32_t index = 0; index < k; ++index) {
      uint32_t code = codes[row * k + index];
      uint8_t *target = sharedAt(place.locate(row, index * bits / 8));
      if (bits == 8)
        store(target, uint8_t(code), 1);
      else
        store(target, uint16_t(code), 1);
    }
}

/// Makes stores of all threads visible to products of all.
inline void publish() {
  mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 2);
  mxsim_barrier(0, 0, 3);
}

/// bf16 registers of A of this thread: 1 in row `thread / 4`, at k 0 and 1.
inline std::array<uint32_t, 4> makeRegisters() {
  return {threadId() % 4 == 0 ? 0x3F803F80u : 0u, 0, 0, 0};
}

} // namespace mxsim

#endif // MX_TEST_UNIT_SIMULATOR_WARPGROUPKERNELS_H
