//===- MatrixDescriptor.h - a matrix in shared memory -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The 64 bits by which wgmma names an operand in shared memory, K innermost:
//
//   bits 0-13   start, in 16 bytes        bits 49-51  base offset
//   bits 16-29  leading stride, so too    bits 62-63  0 no swizzle, 1, 2, 3: of
//   bits 32-45  stride, so too                        128, 64, 32 bytes
//
// A product takes 32 bytes of each row, two chunks of 16. With a swizzle eight
// rows lie one behind the other, as long as its span, and the next eight a
// stride away; without, eight rows of one chunk lie together, and the next
// chunk a leading stride away.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_MATRIXDESCRIPTOR_H
#define MX_SIMULATOR_MATRIXDESCRIPTOR_H

#include "TensorMap.h"

namespace mxsim {

class Block;

inline constexpr uint32_t kChunksPerRow = 2;

struct MatrixDescriptor {
  explicit MatrixDescriptor(uint64_t bits);

  uint64_t bits;
  /// In bytes.
  uint32_t start, leading, stride, span;

  /// Where chunk `chunk` of row `row` lies in shared memory.
  uint32_t getChunk(uint32_t row, uint32_t chunk) const;

  /// Ends the launch unless `rows` rows can be read by it.
  void require(Block &block, uint32_t rows, int32_t location) const;
};

} // namespace mxsim

#endif // MX_SIMULATOR_MATRIXDESCRIPTOR_H
