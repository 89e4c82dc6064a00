//===- QuarterReader.cpp - a lane's part of a side, decoded ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "QuarterReader.h"
#include "DeviceMemory.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;
/// Rows of a fragment that a lane holds one of.
static constexpr int kGroupRows = 8;

QuarterReader::QuarterReader(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                             const MatmulSide &side, const Panel &panel,
                             Word lane, Word first, int rows)
    : b(b), spec(spec), side(side), panel(panel), place(lane % kPlaces),
      row(first + lane / kPlaces), groups(rows / kGroupRows) {}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

void QuarterReader::open(Value stage, Word scaleStart) {
  payload = offsetPointer(b, stage, panel.payload);
  if (!side.format)
    return;
  int pitch = spec.getScalePitch(side), quarter = spec.tile.getQuarter();
  Word first = place * quarter / side.getBlock(quarter);
  scales = offsetPointer(b, offsetPointer(b, stage, panel.scales),
                         row * pitch + scaleStart + first);
  openGroups();
}

void QuarterReader::reopen() {
  readsAgain = true;
  if (side.format)
    openGroups();
}

void QuarterReader::openGroups() {
  codes.clear();
  scaleBytes.clear();
  blockScales.clear();
  for (int group = 0; group < groups; ++group)
    openGroup(group);
}

/// LLVM takes a second load from the first one, unless it is volatile.
Value QuarterReader::load(Type type, Value pointer, int alignment) {
  return LLVM::LoadOp::create(b, type, pointer, unsigned(alignment),
                              /*isVolatile=*/readsAgain);
}

/// `count` words of the lane's quarter of a row, from number `first` on.
SmallVector<Word> QuarterReader::loadWords(int group, int first, int count) {
  PanelShape shape = spec.getPayloadShape(side, panel.rows);
  int quarter = shape.rowBytes / kPlaces;
  int unit = std::min(quarter & -quarter, kChunkBytes) / kWordBytes;
  Type i32 = b.getI32Type();
  Type type = unit == 1 ? i32 : VectorType::get({unit}, i32);
  SmallVector<Word> words;
  for (int word = first; word < first + count; word += unit) {
    Word byte = place * quarter + word * kWordBytes;
    if (shape.swizzled) {
      Word chunk = byte / kChunkBytes;
      byte = getSwizzledChunk(row * (shape.rowBytes / kRowBytes) +
                                  chunk / (kRowBytes / kChunkBytes),
                              chunk) *
             kChunkBytes;
    }
    Value pointer =
        offsetPointer(b, offsetPointer(b, payload, row * shape.rowBytes + byte),
                      group * kGroupRows * shape.rowBytes);
    Value loaded = load(type, pointer, unit * kWordBytes);
    for (int i = 0; i < unit; ++i)
      words.emplace_back(b, unit == 1 ? loaded
                                      : Value(LLVM::ExtractElementOp::create(
                                            b, loaded, row.constant(i))));
  }
  return words;
}

void QuarterReader::openGroup(int group) {
  int quarter = spec.tile.getQuarter(), block = side.getBlock(quarter);
  codes.push_back(
      loadWords(group, 0, quarter * side.getBits() / kByteBits / kWordBytes));
  scaleBytes.emplace_back();
  blockScales.emplace_back();
  int offset = group * kGroupRows * spec.getScalePitch(side);
  for (int k = 0; k < quarter; k += block) {
    Value pointer = offsetPointer(b, scales, offset + k / block);
    Value loaded = load(b.getI8Type(), pointer, 1);
    Word byte(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), loaded)));
    scaleBytes.back().push_back(byte);
    blockScales.back().push_back(decodeScale(byte));
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

Value QuarterReader::isTiny(Word byte) {
  return byte.isBelow(byte.constant(kTinyScale));
}

Value QuarterReader::hasTinyScales() {
  int quarter = spec.tile.getQuarter(), block = side.getBlock(quarter);
  int words = std::min(block, quarter) / kWordBytes;
  Word found = row.constant(0);
  for (int group = 0; group < groups; ++group)
    for (int i = 0; i < int(scaleBytes[group].size()); ++i) {
      Word any = row.constant(0);
      for (Word word : ArrayRef(codes[group]).slice(i * words, words))
        any = any | word;
      found = found | any.onlyIf(isTiny(scaleBytes[group][i]));
    }
  return found.compare(arith::CmpIPredicate::ne, row.constant(0));
}

QuarterReader::Run QuarterReader::decodeCodes(int group, int run) {
  int block = side.getBlock(spec.tile.getQuarter());
  Value scale = blockScales[group][run * kRunCodes / block];
  Run result;
  auto pairs = spreadRun(codes[group], side.getBits(), run);
  for (auto [pair, number] : llvm::zip_equal(pairs, result))
    number = decodeElements(side.format, pair, scale);
  return result;
}

/// Codes for infinities and NaN count as the numbers that they would be: what
/// is added to those does not matter.
QuarterReader::Run QuarterReader::decodeRest(int group, int run) {
  mxnum::ElementType element = side.format.getElement();
  Value factor = splat(getPlacementFactor(element));
  Value shift = splat((kBF16Bias + kTinyShift) << kBF16Mantissa);
  int block = side.getBlock(spec.tile.getQuarter());
  Word byte = scaleBytes[group][run * kRunCodes / block];
  Value tiny = isTiny(byte);
  Word tinyByte = byte.onlyIf(tiny);
  Value scale = decodeScale(tinyByte);
  Value shiftedScale = decodeScale(tinyByte + kTinyShift);
  Run result;
  auto pairs = spreadRun(codes[group], side.getBits(), run);
  for (auto [pair, number] : llvm::zip_equal(pairs, result)) {
    Word bits = placePair(pair, element).onlyIf(tiny);
    Value placed = multiply(makePair(bits), factor);
    Value rounded = multiply(multiply(placed, scale), shift);
    Value rest =
        LLVM::FSubOp::create(b, multiply(placed, shiftedScale), rounded);
    number = LLVM::BitcastOp::create(b, b.getI32Type(), rest);
  }
  return result;
}

/// An f16 number x has 11 significant bits, bf16 8: x = high + low exactly,
/// where `high` has the first 8 and `low` the other 3, so that both are
/// multiples of what x is one of, and none is longer than x (N7.3). In f32,
/// where all of this is exact:
///
///   high = bits of |x|, cut off below the eighth bit; low = |x| - high
///
/// For an infinity the difference is NaN, and `low` is zero.
SmallVector<QuarterReader::Run>
QuarterReader::decodeF16(const SmallVector<Word> &words) {
  constexpr int cut = int(0xFFFF0000), signs = int(0x80008000);
  constexpr int highHalves = 0x7632;
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  SmallVector<Run> planes(2);
  for (auto [i, word] : llvm::enumerate(words)) {
    Value pair = LLVM::BitcastOp::create(
        b, VectorType::get({2}, b.getF16Type()), Value(word & ~signs));
    SmallVector<Word, 2> high, low;
    for (int half = 0; half < 2; ++half) {
      Value x = LLVM::FPExtOp::create(
          b, f32, LLVM::ExtractElementOp::create(b, pair, word.constant(half)));
      high.emplace_back(b, Value(LLVM::BitcastOp::create(b, i32, x)));
      Value top = LLVM::BitcastOp::create(b, f32, Value(high.back() & cut));
      Value rest =
          LLVM::MaxNumOp::create(b, LLVM::FSubOp::create(b, x, top), zero);
      low.emplace_back(b, Value(LLVM::BitcastOp::create(b, i32, rest)));
    }
    Word sign = word & signs;
    planes[0][i] = permuteBytes(high[0], high[1], highHalves) | sign;
    planes[1][i] = permuteBytes(low[0], low[1], highHalves) | sign;
  }
  return planes;
}

/// Zero times infinity is NaN, but a plane or rest that is zero beside another
/// number adds nothing: it is multiplied with the largest numbers instead.
QuarterReader::Run QuarterReader::makeFinite(const Run &run) {
  constexpr int largest = 0x7F7F, sign = 0x8000;
  auto type = VectorType::get({2}, b.getBF16Type());
  Run result;
  for (auto [pair, number] : llvm::zip_equal(run, result)) {
    Value value = LLVM::BitcastOp::create(b, type, pair);
    value = LLVM::MinNumOp::create(b, value, splat(largest));
    value = LLVM::MaxNumOp::create(b, value, splat(largest | sign));
    number = LLVM::BitcastOp::create(b, b.getI32Type(), value);
  }
  return result;
}

SmallVector<QuarterReader::Run> QuarterReader::decode(int group, int run) {
  if (side.format)
    return {decodeCodes(group, run)};
  SmallVector<Word> words = loadWords(group, run * kRunPairs, kRunPairs);
  if (side.plain.isF16())
    return decodeF16(words);
  Run plain;
  llvm::copy(words, plain.begin());
  return {plain};
}
