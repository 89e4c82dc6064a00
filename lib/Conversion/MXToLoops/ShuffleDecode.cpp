//===- ShuffleDecode.cpp - FP4 codes to f32 by byte shuffles --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ShuffleDecode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include <numeric>

using namespace mlir;
using namespace mlir::mx;

/// Bytes of a vector, and those among which a shuffle chooses.
static constexpr int64_t kBytes = 32, kLaneBytes = 16;
/// Bits of a bf16 number.
static constexpr int64_t kHalfBits = 16;

/// A byte of twice each E2M1 number as bf16, from bit `shift` on, in a table of
/// `size` bytes. The numbers are those of lib/Numerics.
static Value createTable(ImplicitLocOpBuilder &b, int64_t size,
                         unsigned shift) {
  SmallVector<int8_t> bytes;
  for (int64_t i = 0; i < size; ++i) {
    float value = mxnum::decodeElement(mxnum::ElementType::E2M1,
                                       static_cast<uint8_t>(i % kLaneBytes));
    bytes.push_back(static_cast<int8_t>(mxnum::f32ToBF16(2 * value) >> shift));
  }
  auto type = VectorType::get({size}, b.getI8Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
}

ShuffleDecoder::ShuffleDecoder(ImplicitLocOpBuilder &b, const Machine &machine)
    : isNeon(hasFeature(machine, "neon")),
      lowTable(createTable(b, isNeon ? kLaneBytes : kBytes, 0)),
      highTable(createTable(b, isNeon ? kLaneBytes : kBytes, 8)) {}

/// The bytes of `table` that `codes` name, by an instruction of this name.
static Value callShuffle(ImplicitLocOpBuilder &b, StringRef name, Value table,
                         Value codes) {
  return LLVM::CallIntrinsicOp::create(b, codes.getType(),
                                       b.getStringAttr(name), {table, codes})
      ->getResult(0);
}

Value ShuffleDecoder::lookUp(ImplicitLocOpBuilder &b, Value table,
                             Value codes) const {
  if (!isNeon)
    return callShuffle(b, "llvm.x86.avx2.pshuf.b", table, codes);
  SmallVector<Value> halves;
  for (int64_t first = 0; first < kBytes; first += kLaneBytes) {
    Value half = vector::ExtractStridedSliceOp::create(
        b, codes, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{kLaneBytes},
        ArrayRef<int64_t>{1});
    halves.push_back(
        callShuffle(b, "llvm.aarch64.neon.tbl1.v16i8", table, half));
  }
  SmallVector<int64_t> places(kBytes);
  std::iota(places.begin(), places.end(), 0);
  return vector::ShuffleOp::create(b, halves[0], halves[1], places);
}

static Value createSplat(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  auto vector = cast<VectorType>(type);
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(
             vector, b.getIntegerAttr(vector.getElementType(), value)));
}

/// One byte of `low` and one of `high` by turns, from the first or the second
/// half of each 16 bytes, as i32.
static Value interleaveBytes(ImplicitLocOpBuilder &b, Value low, Value high,
                             int64_t half) {
  SmallVector<int64_t> places;
  for (int64_t lane = 0; lane < kBytes; lane += kLaneBytes)
    for (int64_t i = 0; i < kLaneBytes / 2; ++i) {
      int64_t place = lane + half * kLaneBytes / 2 + i;
      places.append({place, kBytes + place});
    }
  Value bytes = vector::ShuffleOp::create(b, low, high, places);
  auto words = VectorType::get({kShuffleLanes}, b.getI32Type());
  return vector::BitCastOp::create(b, words, bytes);
}

/// The first number of each i32, and the second. A mask that keeps the upper
/// half would become a blend in LLVM, which on many processors needs the port
/// of shuffles. The lowest bit of E2M1 numbers as bf16 is zero, so this mask
/// keeps the same.
static std::pair<Value, Value> splitWords(ImplicitLocOpBuilder &b,
                                          Value words) {
  auto numbers = VectorType::get({kShuffleLanes}, b.getF32Type());
  auto splat = [&](int64_t value) {
    return createSplat(b, words.getType(), value);
  };
  Value first = arith::ShLIOp::create(b, words, splat(kHalfBits));
  Value second =
      arith::AndIOp::create(b, words, splat(-(int64_t(1) << (kHalfBits + 1))));
  return {arith::BitcastOp::create(b, numbers, first),
          arith::BitcastOp::create(b, numbers, second)};
}

SmallVector<PairVectors> ShuffleDecoder::decode(ImplicitLocOpBuilder &b,
                                                Value bytes) const {
  constexpr int64_t codeBits = 4, codeMask = 15;
  Type type = bytes.getType();
  Value mask = createSplat(b, type, codeMask);
  Value low = arith::AndIOp::create(b, bytes, mask);
  Value high = arith::ShRUIOp::create(b, bytes, createSplat(b, type, codeBits));
  SmallVector<PairVectors> pairs;
  for (Value codes : {low, high}) {
    Value lowBytes = lookUp(b, lowTable, codes);
    Value highBytes = lookUp(b, highTable, codes);
    auto near = splitWords(b, interleaveBytes(b, lowBytes, highBytes, 0));
    auto far = splitWords(b, interleaveBytes(b, lowBytes, highBytes, 1));
    pairs.push_back({near.first, far.first});
    pairs.push_back({near.second, far.second});
  }
  return pairs;
}

std::pair<Value, Value> ShuffleDecoder::splitPair(ImplicitLocOpBuilder &b,
                                                  PairVectors pair) {
  // near [0 0' 1 1' | 4 4' 5 5'], far [2 2' 3 3' | 6 6' 7 7'].
  return {
      vector::ShuffleOp::create(b, pair.near, pair.far,
                                ArrayRef<int64_t>{0, 2, 8, 10, 4, 6, 12, 14}),
      vector::ShuffleOp::create(b, pair.near, pair.far,
                                ArrayRef<int64_t>{1, 3, 9, 11, 5, 7, 13, 15})};
}
