//===- QuarterReader.cpp - a lane's part of a side, decoded ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "QuarterReader.h"
#include "DeviceMemory.h"
#include "FragmentLines.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;
/// The upper halves of two words.
static constexpr int kHighHalves = 0x7632;
static constexpr int kSigns = int(0x80008000);

QuarterReader::QuarterReader(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                             const MatmulSide &side, const Panel &panel,
                             Word lane, Word first, int rows)
    : b(b), spec(spec), side(side), panel(panel), lane(lane), first(first),
      place(lane % kPlaces), row(first + lane / kPlaces),
      groups(rows / kGroupRows) {}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

void QuarterReader::open(Value stage, Word scaleStart) {
  payload = offsetPointer(b, stage, panel.payload);
  rest = row.constant(0);
  if (!side.format)
    return;
  scales = offsetPointer(b, stage, panel.scales);
  codes.assign(groups, {});
  scaleBytes.assign(groups, {});
  blockScales.assign(groups, {});
  if (side.hasFragments())
    return openFragments();
  int quarter = spec.getPieceQuarter();
  Word block = place * quarter / side.getBlock(quarter);
  scales = offsetPointer(b, scales,
                         row * spec.getScalePitch(side) + scaleStart + block);
  for (int group = 0; group < groups; ++group)
    openGroup(group);
}

/// `count` words of the lane's quarters of a row, from number `begin` on.
SmallVector<Word> QuarterReader::loadWords(int group, int begin, int count) {
  PanelShape shape = spec.getPayloadShape(side, panel.rows);
  int quarter = shape.rowBytes / kPlaces;
  int unit = std::min(quarter & -quarter, kChunkBytes) / kWordBytes;
  Type i32 = b.getI32Type();
  Type type = unit == 1 ? i32 : VectorType::get({unit}, i32);
  SmallVector<Word> words;
  for (int word = begin; word < begin + count; word += unit) {
    int piece = word * kWordBytes / quarter;
    Word byte =
        getPanelByte(shape, row, place * quarter + word * kWordBytes % quarter);
    Value pointer = offsetPointer(
        b, offsetPointer(b, payload, row * shape.rowBytes + byte),
        (piece * shape.rows + group * kGroupRows) * shape.rowBytes);
    Value loaded = loadFrom(b, type, pointer, unit * kWordBytes);
    for (int i = 0; i < unit; ++i)
      words.emplace_back(b, unit == 1 ? loaded
                                      : Value(LLVM::ExtractElementOp::create(
                                            b, loaded, row.constant(i))));
  }
  return words;
}

void QuarterReader::openGroup(int group) {
  int quarter = spec.getPieceQuarter(), block = side.getBlock(quarter);
  int bits = spec.tile.getQuarter() * side.getBits();
  codes[group] = loadWords(group, 0, bits / kByteBits / kWordBytes);
  int start = group * kGroupRows * spec.getScalePitch(side);
  for (int piece = 0; piece < spec.getPieces(); ++piece)
    for (int k = 0; k < quarter; k += block) {
      int offset = (piece * spec.getPieceDepth() + k) / block;
      Value pointer = offsetPointer(b, scales, start + offset);
      Value loaded = loadFrom(b, b.getI8Type(), pointer, 1);
      Word byte(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), loaded)));
      scaleBytes[group].push_back(byte);
      blockScales[group].push_back(decodeScale(byte));
    }
}

/// A line of each 16 rows for each piece (N8.8).
void QuarterReader::openFragments() {
  PanelShape shape = spec.getPayloadShape(side, panel.rows);
  PanelShape scalesShape = spec.getGroupScalesShape(side, panel.rows);
  Word line = first / int(mxnum::kFragmentRows);
  Value payloadLine = offsetPointer(b, payload, line * shape.rowBytes);
  Value scalesLine = offsetPointer(b, scales, line * scalesShape.rowBytes);
  for (int group = 0; group < groups; group += 2)
    for (int piece = 0; piece < spec.getPieces(); ++piece) {
      auto locate = [&](Value line, const PanelShape &shape, int bytes) {
        return offsetPointer(b, line,
                             group / 2 * shape.rowBytes + piece * bytes);
      };
      FragmentLine loaded = loadFragmentLine(
          side, lane, locate(payloadLine, shape, MatmulSide::kPayloadLine),
          locate(scalesLine, scalesShape, side.getScaleLine()));
      for (int half = 0; half < 2; ++half) {
        llvm::append_range(codes[group + half], loaded.codes[half]);
        Word byte = loaded.scales[half];
        scaleBytes[group + half].push_back(byte);
        blockScales[group + half].push_back(decodeFragmentScale(side, byte));
      }
    }
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// A bf16 number, in both halves of a register.
Value QuarterReader::splat(int bits) { return splatPair(b, bits); }

Value QuarterReader::multiply(Value pair, Value factor) {
  return LLVM::FMulOp::create(b, pair, factor);
}

/// A scale, in both halves of a register.
Value QuarterReader::decodeScale(Word byte) {
  return mx::decodeScale(side.format, byte);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

QuarterReader::Run QuarterReader::decodeCodes(int group, int run) {
  // Of the scales of a lane each is for as many runs.
  int runs = spec.tile.getQuarter() / kRunCodes;
  Value scale = blockScales[group][run * int(blockScales[group].size()) / runs];
  if (side.hasFragments())
    return decodeFragments(side, codes[group][run], scale);
  Run result;
  auto pairs = spreadRun(codes[group], side.getBits(), run);
  for (auto [pair, number] : llvm::zip_equal(pairs, result))
    number = decodeElements(side.format, pair, scale);
  return result;
}

/// A number as f32, without its sign. A NaN gets the bit that remains when it
/// is cut off.
Value QuarterReader::readPlain(const SmallVector<Word> &words, int number) {
  constexpr int infinity = 0x7F800000, quiet = 0x00400000;
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Word bits;
  if (side.plain.isF16()) {
    Value pair =
        LLVM::BitcastOp::create(b, VectorType::get({2}, b.getF16Type()),
                                Value(words[number / 2] & ~kSigns));
    Value half =
        LLVM::ExtractElementOp::create(b, pair, row.constant(number % 2));
    Value wide = LLVM::FPExtOp::create(b, f32, half);
    bits = {b, Value(LLVM::BitcastOp::create(b, i32, wide))};
  } else {
    bits = words[number] & 0x7FFFFFFF;
  }
  Value isNaN = row.constant(infinity).isBelow(bits);
  return LLVM::BitcastOp::create(
      b, f32, Value(bits | row.constant(quiet).onlyIf(isNaN)));
}

/// An f16 number x has 11 significant bits, f32 24, bf16 8: x is the sum of two
/// or three bf16 numbers, the first of which has the first 8 bits, and so on.
/// So all are multiples of what x is one of, and none is longer than x (N7.3).
/// In f32, where all of this is exact, for each of two |x|:
///
///   rest = |x|; repeat: top = bits of rest, cut off below the eighth bit
///                       rest = rest - top
///
/// For an infinity the difference is NaN, and what follows is zero. bf16 has
/// multiples of 2^-133 only; f32 numbers below 2^-110 may have more bits.
void QuarterReader::splitPair(std::array<Value, 2> numbers, Word signs,
                              int pair, MutableArrayRef<Run> planes) {
  constexpr int cut = int(0xFFFF0000);
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  for (auto [i, plane] : llvm::enumerate(planes)) {
    SmallVector<Word, 2> bits;
    for (Value &number : numbers) {
      bits.emplace_back(b, Value(LLVM::BitcastOp::create(b, i32, number)));
      if (i + 1 == planes.size())
        continue;
      Value top = LLVM::BitcastOp::create(b, f32, Value(bits.back() & cut));
      number = LLVM::FSubOp::create(b, number, top);
      if (i == 0)
        number = LLVM::MaxNumOp::create(b, number, zero);
    }
    plane[pair] = permuteBytes(bits[0], bits[1], kHighHalves) | signs;
    if (i + 1 == kF32Planes)
      rest = rest | ((bits[0] | bits[1]) & ~cut);
  }
}

SmallVector<QuarterReader::Run> QuarterReader::decode(int group, int run) {
  if (side.format)
    return {decodeCodes(group, run)};
  int perNumber = side.getBits() / 16;
  SmallVector<Word> words =
      loadWords(group, run * kRunPairs * perNumber, kRunPairs * perNumber);
  SmallVector<Run> planes(side.getPlanes());
  for (int pair = 0; pair < kRunPairs; ++pair) {
    if (side.plain.isBF16()) {
      planes[0][pair] = words[pair];
      continue;
    }
    Word signs =
        side.plain.isF16()
            ? words[pair]
            : permuteBytes(words[2 * pair], words[2 * pair + 1], kHighHalves);
    splitPair({readPlain(words, 2 * pair), readPlain(words, 2 * pair + 1)},
              signs & kSigns, pair, planes);
  }
  return planes;
}

//===----------------------------------------------------------------------===//
// Exceptions
//===----------------------------------------------------------------------===//

/// Bits of the codes of a block if its scale makes numbers of them that bf16
/// may not have.
Word QuarterReader::findTiny(int group, int block) {
  Word byte = scaleBytes[group][block];
  Word any = row.constant(0);
  for (Word word : getBlockWords(group, block))
    any = any | word;
  return any.onlyIf(byte.isBelow(byte.constant(kTinyScale)));
}

/// Not zero if an element of a block may be infinite: a code, or the largest
/// number times the scale (N7.1).
Word QuarterReader::findInfinite(int group, int block) {
  const mxnum::ElementInfo &info =
      mxnum::getElementInfo(side.format.getElement());
  Word found = (scaleBytes[group][block] +
                getInfinityOffset(side.format.getElement())) >>
               kByteBits;
  if (!info.hasInfinity)
    return found;
  int mantissa = int(info.mantissaBits), bytes = 0x01010101;
  int exponents = ((1 << (kByteBits - 1)) - (1 << mantissa)) * bytes;
  for (Word word : getBlockWords(group, block))
    found =
        found | (((word & exponents) + (bytes << mantissa)) & int(0x80808080));
  return found;
}

ArrayRef<Word> QuarterReader::getBlockWords(int group, int block) const {
  int quarter = spec.getPieceQuarter();
  int elements = std::min(side.getBlock(quarter), quarter);
  int words = elements * side.getBits() / (kByteBits * kWordBytes);
  return ArrayRef(codes[group]).slice(block * words, words);
}

Value QuarterReader::isExceptional(bool isFinite) {
  bool mayBeTiny = side.format && side.getBits() == kByteBits;
  // Fragments whose scales are not large are finite.
  bool mayBeInfinite = isFinite && side.format &&
                       side.order != RowOrder::Fragments &&
                       side.format.getScale() == mxnum::ScaleType::E8M0;
  if (!mayBeTiny && !mayBeInfinite)
    return Value();
  Word found = row.constant(0);
  for (int group = 0; group < groups; ++group)
    for (int block = 0; block < int(scaleBytes[group].size()); ++block) {
      if (mayBeTiny)
        found = found | findTiny(group, block);
      if (mayBeInfinite)
        found = found | findInfinite(group, block);
    }
  return found.compare(arith::CmpIPredicate::ne, row.constant(0));
}

Value QuarterReader::takeRest() {
  if (side.getPlanes() < kF32Planes)
    return Value();
  Word zero = row.constant(0);
  Value found = rest.compare(arith::CmpIPredicate::ne, zero);
  rest = zero;
  return found;
}
