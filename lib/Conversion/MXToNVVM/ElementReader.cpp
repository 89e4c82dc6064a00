//===- ElementReader.cpp - single elements of a stage, in f32 -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ElementReader.h"
#include "BF16Placement.h"
#include "DeviceMemory.h"
#include "FragmentLines.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBits = 32;
/// The exponent and sign of f32 are those of bf16, in the upper half.
static constexpr int kHalfBits = 16;

Value ElementReader::load(Type type, int group, Word byte) {
  Word start = row * shape.rowBytes;
  if (spec.getPieces() > 1) {
    start = start + byte / shape.rowBytes * (shape.rows * shape.rowBytes);
    byte = byte % shape.rowBytes;
  }
  Word place = getPanelByte(shape, row, byte);
  Value pointer = offsetPointer(b, offsetPointer(b, payload, start + place),
                                group * kGroupRows * shape.rowBytes);
  return loadFrom(b, type, pointer, type.getIntOrFloatBitWidth() / kByteBits);
}

Value ElementReader::makeFloat(Word bits) {
  return LLVM::BitcastOp::create(b, b.getF32Type(), Value(bits));
}

Value ElementReader::readPlain(int group, Word k) {
  Value number = load(side.plain, group, k * (side.getBits() / kByteBits));
  if (side.plain.isF32())
    return number;
  return LLVM::FPExtOp::create(b, b.getF32Type(), number);
}

/// A code of the order of fragments (N8.8), placed at the top of a word.
Word ElementReader::readFragment(int group, Word k) {
  constexpr int depth = int(mxnum::kFragmentDepth),
                codes = int(mxnum::kFragmentCodes);
  Word inLine = k % depth, inRun = k % kRunCodes;
  Word lane = row % kGroupRows * kPlaces + inLine / codes;
  Word line = row / int(mxnum::kFragmentRows) * shape.rowBytes +
              k / depth * MatmulSide::kPayloadLine;
  Word word = inLine % codes / kRunCodes * int(sizeof(uint32_t));
  int half = group % 2 * codes / 2;
  Value pointer = offsetPointer(
      b, offsetPointer(b, payload, line + lane * kChunkBytes + word),
      group / 2 * shape.rowBytes + half);
  auto pairs = placeFragments(Word(b, loadFrom(b, b.getI32Type(), pointer, 4)));
  Word both = pairs[0];
  for (int pair = 1; pair < kRunPairs; ++pair) {
    Value isHere =
        (inRun / 2).compare(arith::CmpIPredicate::eq, inRun.constant(pair));
    both = {b, Value(arith::SelectOp::create(b, isHere, pairs[pair], both))};
  }
  Word up = ((inRun & 1) ^ 1) * kHalfBits;
  return both << up & int(0xFFFF0000);
}

/// The number of a code: its bits go to the top of a word, and the rest of the
/// word to where nothing is placed.
Value ElementReader::readCode(int group, Word k) {
  int bits = side.getBits();
  auto getNumber = [&](Word placed) -> Value {
    int factor = getPlacementFactor(side.format.getElement()) << kHalfBits;
    return arith::MulFOp::create(b, makeFloat(placed),
                                 makeFloat(k.constant(factor)));
  };
  if (side.hasFragments())
    return getNumber(readFragment(group, k));
  auto loadWord = [&](Word bit) {
    return Word(b, load(b.getI32Type(), group, bit / kWordBits * 4));
  };
  Word bit = k * bits, start = bit % kWordBits;
  Word codes = loadWord(bit) >> start;
  // Codes of 6 bits may lie in two words.
  if (kWordBits % bits != 0) {
    Word above = loadWord(bit + (bits - 1));
    codes = codes | ((above << 1) << (start ^ (kWordBits - 1)));
  }
  mxnum::ElementType element = side.format.getElement();
  Word code = codes << (kWordBits - bits);
  return getNumber(keepSpecials(placePair(code, element), element));
}

Value ElementReader::getScale(int group, Word k) {
  if (!side.hasFragments()) {
    Word block = k / side.getBlock(spec.tile.depth);
    return offsetPointer(b, offsetPointer(b, scales, block),
                         group * kGroupRows * spec.getScalePitch(side));
  }
  constexpr int depth = int(mxnum::kFragmentDepth);
  int rowBytes = spec.getPieces() * side.getScaleLine();
  Word place = k % depth / int(mxnum::kFragmentCodes);
  Word offset = row / int(mxnum::kFragmentRows) * rowBytes +
                k / depth * side.getScaleLine() +
                getFragmentScale(side, row, place);
  return offsetPointer(b, offsetPointer(b, scales, offset),
                       group / 2 * rowBytes + group % 2);
}

Value ElementReader::readScale(int group, Word k) {
  Value pointer = getScale(group, k);
  Value loaded = loadFrom(b, b.getI8Type(), pointer, 1);
  Word byte(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), loaded)));
  if (side.format.getScale() == mxnum::ScaleType::E8M0)
    return makeFloat(placeE8M0(byte) << kHalfBits);
  int factor = getPlacementFactor(mxnum::ElementType::E4M3) << kHalfBits;
  return arith::MulFOp::create(b, makeFloat(placeUE4M3(byte) << kHalfBits),
                               makeFloat(byte.constant(factor)));
}

Value ElementReader::read(int group, Word k) {
  if (!side.format)
    return readPlain(group, k);
  return arith::MulFOp::create(b, readCode(group, k), readScale(group, k));
}

Value mx::getSplitRest(ImplicitLocOpBuilder &b, Value x) {
  constexpr int cut = int(0xFFFF0000);
  for (int plane = 0; plane < kF32Planes; ++plane) {
    Word bits(b, Value(LLVM::BitcastOp::create(b, b.getI32Type(), x)));
    Value top = LLVM::BitcastOp::create(b, b.getF32Type(), Value(bits & cut));
    x = arith::SubFOp::create(b, x, top);
  }
  Value isNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, x, x);
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  return arith::SelectOp::create(b, isNumber, x, zero);
}
