//===- BlockDecode.h - rows of numbers, packed or plain ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads a row of a packed or plain matrix as f32, a chunk at a time. Each chunk
// of a packed row takes four steps:
//
//   1. load the bytes of the chunk,
//   2. spread them to one code per byte (N8.1),
//   3. decode the codes (N1.1) and the scale byte (N1.2, N1.3),
//   4. multiply (N1.4).
//
// Chunks never cross a block, so each needs one scale.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_BLOCKDECODE_H
#define MX_LIB_CONVERSION_MXTOLOOPS_BLOCKDECODE_H

#include "MXToLoops.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {

/// Codes that are unpacked, packed or decoded by one sequence of vector
/// operations, at most.
inline constexpr int64_t kMaxChunk = 32;

/// Steps 1 and 2: returns codes `k` … `k + lanes - 1` of a canonical row (N8.1)
/// of `bits`-bit codes, one per byte: an i8, or a vector of them if `lanes` is
/// not 1; then `k` is a multiple of `lanes`, and `lanes` of what fills whole
/// bytes.
Value loadCodes(OpBuilder &builder, Location loc, Value bytes, unsigned bits,
                ValueRange row, Value k, int64_t lanes);

/// One operand of a product, or the source of a dequantisation.
class RowReader {
public:
  /// `parts` are payload and scales, then perhaps a tensor scale that this
  /// class leaves alone; or, if there is no format, plain numbers. With
  /// `byHardware`, conversions of the machine decode what they can.
  RowReader(ValueRange parts, FormatAttr format, bool byHardware = false);

  /// Lanes of a chunk: a power of two that divides the block.
  int64_t getChunk() const { return chunk; }

  /// Step 3: the elements as f32, `k` being a multiple of `lanes`, and their
  /// scale as one f32, null for plain numbers.
  struct Parts {
    Value elements;
    Value scale;
  };
  Parts readParts(OpBuilder &builder, Location loc, ValueRange row, Value k,
                  int64_t lanes) const;

  /// Steps 3 and 4: element times block scale as f32, or the plain numbers
  /// extended (the operands of N7.1). Exact but for overflow to infinity.
  Value read(OpBuilder &builder, Location loc, ValueRange row, Value k,
             int64_t lanes) const;

private:
  Value decode(OpBuilder &builder, Location loc, ValueRange row, Value k,
               int64_t lanes) const;

  Value numbers;
  Value scales;
  FormatAttr format;
  int64_t chunk;
  bool byHardware;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_BLOCKDECODE_H
