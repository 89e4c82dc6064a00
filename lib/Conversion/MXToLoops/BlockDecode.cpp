//===- BlockDecode.cpp - rows of numbers, packed or plain -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The steps of BlockDecode.h, for whole chunks and for the single elements of a
// ragged tail.
//===----------------------------------------------------------------------===//

#include "BlockDecode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/HardwareConversions.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int64_t kByteBits = 8;
/// Lanes of a chunk of plain numbers.
static constexpr int64_t kPlainChunk = 16;
/// Vectors of codes narrower than this are not worth unpacking as such.
static constexpr int64_t kMinPackedChunk = 4;

//===----------------------------------------------------------------------===//
// Steps 1 and 2: bytes to codes
//===----------------------------------------------------------------------===//

/// Returns even[0], odd[0], even[1], odd[1] … of two vectors of equal length.
static Value interleave(OpBuilder &builder, Location loc, Value even,
                        Value odd) {
  int64_t size = cast<VectorType>(even.getType()).getDimSize(0);
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < size; ++i)
    llvm::append_values(mask, i, size + i);
  return vector::ShuffleOp::create(builder, loc, even, odd, mask);
}

/// Low nibble first.
static Value unpackNibbles(OpBuilder &builder, Location loc, Value bytes) {
  LaneBuilder lanes(builder, loc, bytes);
  Value low = lanes.bitAnd(bytes, lanes.constant(8, 0xF));
  Value high = lanes.shiftRight(bytes, lanes.constant(8, 4));
  return interleave(builder, loc, low, high);
}

/// The bytes `first`, `first + 3` … of a vector.
static Value takeThird(OpBuilder &builder, Location loc, Value bytes,
                       int64_t first) {
  SmallVector<int64_t> mask;
  int64_t size = cast<VectorType>(bytes.getType()).getDimSize(0);
  for (int64_t i = first; i < size; i += 3)
    mask.push_back(i);
  return vector::ShuffleOp::create(builder, loc, bytes, bytes, mask);
}

/// Four codes in three bytes, as drawn in PackedLayout.h.
static Value unpackSixBits(OpBuilder &builder, Location loc, Value bytes) {
  Value byte[3];
  for (int64_t i = 0; i < 3; ++i)
    byte[i] = takeThird(builder, loc, bytes, i);
  LaneBuilder lanes(builder, loc, byte[0]);
  auto join = [&](Value low, unsigned down, Value high, unsigned up) {
    return lanes.bitOr(lanes.shiftRight(low, lanes.constant(8, down)),
                       lanes.shiftLeft(high, lanes.constant(8, up)));
  };
  Value code1 = join(byte[0], 6, byte[1], 2);
  Value code2 = join(byte[1], 4, byte[2], 4);
  Value code3 = lanes.shiftRight(byte[2], lanes.constant(8, 2));
  Value codes =
      interleave(builder, loc, interleave(builder, loc, byte[0], code2),
                 interleave(builder, loc, code1, code3));
  LaneBuilder all(builder, loc, codes);
  return all.bitAnd(codes, all.constant(8, 0x3F));
}

/// One code, read from the byte of its first bit and that of its last, which
/// are the same unless it straddles two.
static Value loadCode(OpBuilder &builder, Location loc, Value bytes,
                      unsigned bits, ValueRange row, Value k) {
  auto index = [&](int64_t value) { return createIndex(builder, loc, value); };
  Value first = arith::MulIOp::create(builder, loc, k, index(bits));
  Value last = arith::AddIOp::create(builder, loc, first, index(bits - 1));
  LaneBuilder lanes(builder, loc, builder.getI32Type());
  auto loadByteOf = [&](Value bit) {
    Value byte = arith::ShRUIOp::create(builder, loc, bit, index(3));
    return lanes.resize(32, loadLanes(builder, loc, bytes, row, byte, 1));
  };
  Value both =
      lanes.bitOr(loadByteOf(first),
                  lanes.shiftLeft(loadByteOf(last), lanes.bits(kByteBits)));
  Value offset =
      arith::AndIOp::create(builder, loc, first, index(kByteBits - 1));
  Value shift =
      arith::IndexCastUIOp::create(builder, loc, builder.getI32Type(), offset);
  Value code =
      lanes.bitAnd(lanes.shiftRight(both, shift), lanes.bits((1u << bits) - 1));
  return lanes.resize(8, code);
}

/// The bytes of `lanes` codes from `k` on, which fill whole ones.
static Value loadBytes(OpBuilder &builder, Location loc, Value bytes,
                       unsigned bits, ValueRange row, Value k, int64_t lanes) {
  Value bit =
      arith::MulIOp::create(builder, loc, k, createIndex(builder, loc, bits));
  Value first =
      arith::ShRUIOp::create(builder, loc, bit, createIndex(builder, loc, 3));
  Value loaded =
      loadLanes(builder, loc, bytes, row, first, lanes * bits / kByteBits);
  if (isa<VectorType>(loaded.getType()))
    return loaded;
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get({1}, loaded.getType()), loaded);
}

Value mx::loadCodes(OpBuilder &builder, Location loc, Value bytes,
                    unsigned bits, ValueRange row, Value k, int64_t lanes) {
  if (bits == kByteBits)
    return loadLanes(builder, loc, bytes, row, k, lanes);
  if (lanes == 1)
    return loadCode(builder, loc, bytes, bits, row, k);
  Value loaded = loadBytes(builder, loc, bytes, bits, row, k, lanes);
  return bits == 4 ? unpackNibbles(builder, loc, loaded)
                   : unpackSixBits(builder, loc, loaded);
}

//===----------------------------------------------------------------------===//
// Steps 3 and 4: codes to numbers
//===----------------------------------------------------------------------===//

/// The largest chunk of which a block is a whole number.
static int64_t chooseChunk(FormatAttr format) {
  if (!format)
    return kPlainChunk;
  int64_t block = format.getBlock();
  int64_t chunk = std::min<int64_t>(kMaxChunk, block & -block);
  bool isPacked = format.getElementBits() != kByteBits;
  return isPacked && chunk < kMinPackedChunk ? 1 : chunk;
}

RowReader::RowReader(ValueRange parts, FormatAttr format, bool byHardware)
    : numbers(parts[0]), scales(format ? parts[1] : Value()), format(format),
      chunk(chooseChunk(format)),
      byHardware(byHardware && format &&
                 canDecodeByHardware(format.getElement())) {}

/// The elements of a chunk as f32.
Value RowReader::decode(OpBuilder &builder, Location loc, ValueRange row,
                        Value k, int64_t lanes) const {
  unsigned bits = format.getElementBits();
  if (!byHardware || lanes % 2 != 0)
    return decodeElement(builder, loc, format.getElement(),
                         loadCodes(builder, loc, numbers, bits, row, k, lanes));
  Value bytes = bits == kByteBits / 2
                    ? loadBytes(builder, loc, numbers, bits, row, k, lanes)
                    : loadCodes(builder, loc, numbers, bits, row, k, lanes);
  return decodeByHardware(builder, loc, format.getElement(), bytes);
}

RowReader::Parts RowReader::readParts(OpBuilder &builder, Location loc,
                                      ValueRange row, Value k,
                                      int64_t lanes) const {
  if (!format)
    return {widenToF32(builder, loc,
                       loadLanes(builder, loc, numbers, row, k, lanes)),
            Value()};
  Value elements = decode(builder, loc, row, k, lanes);
  Value block = arith::DivUIOp::create(
      builder, loc, k, createIndex(builder, loc, format.getBlock()));
  Value byte = loadLanes(builder, loc, scales, row, block, 1);
  return {elements, decodeScale(builder, loc, format.getScale(), byte)};
}

Value RowReader::read(OpBuilder &builder, Location loc, ValueRange row, Value k,
                      int64_t lanes) const {
  Parts parts = readParts(builder, loc, row, k, lanes);
  if (!parts.scale)
    return parts.elements;
  Value scale = splat(builder, loc, parts.scale, lanes);
  return arith::MulFOp::create(builder, loc, parts.elements, scale);
}
