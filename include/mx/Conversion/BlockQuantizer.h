//===- BlockQuantizer.h - one block: its scale, then its codes --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Emits what mxnum::quantizeBlock computes (lib/Numerics/QuantizeBlock.cpp),
// with vector arithmetic inside a block. A block is a row of chunks of equal
// length; each pass over a block of several chunks reads them again.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_BLOCKQUANTIZER_H
#define MX_CONVERSION_BLOCKQUANTIZER_H

#include "mlir/IR/Builders.h"
#include "mx/Numerics/ScaleRule.h"
#include <functional>

namespace mlir::mx {

/// Everything that decides the bits of a block, beside its values.
struct BlockEncoding {
  mxnum::BlockFormat format;
  mxnum::ScaleRule rule;
  mxnum::Rounding rounding;
  unsigned randomBits;
  /// Infinities count as the largest finite number (N3.7).
  bool satfinite;
  /// The Philox key (i64); null unless the rounding is stochastic.
  Value seed;
  /// The tensor scale (f32); null for a format without one.
  Value tensorScale;
  /// Whether the machine's conversions encode and decode.
  bool byHardware = false;
};

/// Access to one block. A chunk is named by the place (index) of its first
/// element in the block, and has a fixed number of lanes, one or more.
struct BlockChunks {
  int64_t lanes;
  /// Where the chunks end (index), or null if there is only one.
  Value end;
  /// Returns a chunk's values as a vector of f32, +0 past the end of the block.
  std::function<Value(OpBuilder &, Value first)> read;
  /// Returns the Philox indices of a chunk, a vector of i64 (N5.1).
  std::function<Value(OpBuilder &, Value first)> getIndices;
  /// Stores a chunk's codes, a vector of i8 with one code per byte.
  std::function<void(OpBuilder &, Value first, Value codes)> write;
  /// Stores a chunk's codes as bytes of the payload.
  std::function<void(OpBuilder &, Value first, Value bytes)> writeBytes;
};

/// Emits the quantisation of one block and returns its scale byte (i8).
Value quantizeBlock(OpBuilder &builder, Location loc,
                    const BlockEncoding &encoding, const BlockChunks &chunks);

/// Returns |values| of f32 as bits (i32), with infinities replaced by the
/// largest finite number if `satfinite` (N3.7).
Value getMagnitudeBits(OpBuilder &builder, Location loc, Value values,
                       bool satfinite);

/// Multiplies the f32 scalar `amax` by the factor of N5.3, saturating.
Value addHeadRoom(OpBuilder &builder, Location loc, mxnum::ScaleRule rule,
                  mxnum::Rounding rounding, Value amax);

} // namespace mlir::mx

#endif // MX_CONVERSION_BLOCKQUANTIZER_H
