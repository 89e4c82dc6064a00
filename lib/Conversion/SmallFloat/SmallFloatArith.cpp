//===- SmallFloatArith.cpp - small floats as arith operations -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The formats narrower than f32, f16 included, differ only in widths and bias,
// so one decoder and one encoder serve them all. Both split at the smallest
// normal number. Above it, bits are shifted and rounded as integers. Below it,
// f32 arithmetic near a power of two does the work: in the binade of `anchor`
// one unit in the last place of an f32 is one step of the format's subnormal
// grid. Neither ever has a subnormal f32 as operand or result that matters.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/SmallFloatArith.h"
#include "mlir/IR/TypeUtilities.h"
#include "mx/Conversion/LaneBuilder.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kF32MantissaBits = 23;
static constexpr int kF32Bias = 127;
static constexpr uint32_t kF32SignBit = 0x80000000;
static constexpr uint32_t kF32InfinityBits = 0x7F800000;
static constexpr uint32_t kF32NaNBits = 0x7FC00000;

namespace {

/// The widths of a format of at most 16 bits, and what they mean in f32.
struct Layout {
  unsigned bits;
  int mantissaBits;
  int bias;

  Layout(unsigned bits, int mantissaBits, int bias)
      : bits(bits), mantissaBits(mantissaBits), bias(bias) {}
  Layout(const mxnum::ElementInfo &info)
      : Layout(info.bits, info.mantissaBits, info.bias) {}

  uint32_t signCode() const { return 1u << (bits - 1); }
  /// All bits but the sign.
  uint32_t largestCode() const { return signCode() - 1; }
  /// The code with all exponent bits and no mantissa bit.
  uint32_t topExponentCode() const {
    return largestCode() & ~((1u << mantissaBits) - 1);
  }
  /// How far the mantissa lies from that of an f32.
  int shift() const { return kF32MantissaBits - mantissaBits; }
  /// What re-biasing adds to the bits of an f32.
  uint32_t rebias() const {
    return static_cast<uint32_t>(kF32Bias - bias) << kF32MantissaBits;
  }
  /// The bits of the smallest normal number as f32.
  uint32_t smallestNormal() const {
    return rebias() + (1u << kF32MantissaBits);
  }
  /// The f32 whose last place is one step of the subnormal grid.
  float subnormalAnchor() const {
    return llvm::bit_cast<float>(
        smallestNormal() +
        (static_cast<uint32_t>(shift()) << kF32MantissaBits));
  }
};

} // namespace

static const Layout kF16Layout(16, 10, 15);

/// The finite value of the magnitude `code` (i32) as f32 (N1.1).
static Value decodeMagnitude(const LaneBuilder &lanes, const Layout &layout,
                             Value code) {
  Value widened = lanes.shiftLeft(code, lanes.bits(layout.shift()));
  Value normal =
      lanes.asNumber(lanes.add(widened, lanes.bits(layout.rebias())));
  // A subnormal is mantissa · step = (smallest + mantissa · step) - smallest.
  Value smallest = lanes.bits(layout.smallestNormal());
  Value subnormal = lanes.subtractNumbers(
      lanes.asNumber(lanes.add(widened, smallest)), lanes.asNumber(smallest));
  Value isSubnormal =
      lanes.isBelow(code, lanes.bits(1u << layout.mantissaBits));
  return lanes.select(isSubnormal, subnormal, normal);
}

/// The code nearest to the f32 magnitude with the given bits, ties to even, as
/// i32. Infinity and values too large give codes past the format's.
static Value encodeMagnitude(const LaneBuilder &lanes, const Layout &layout,
                             Value magnitude) {
  Value shift = lanes.bits(layout.shift());
  Value odd = lanes.bitAnd(lanes.shiftRight(magnitude, shift), lanes.bits(1));
  Value belowHalf = lanes.bits((1u << (layout.shift() - 1)) - 1);
  Value rounded =
      lanes.shiftRight(lanes.add(lanes.add(magnitude, belowHalf), odd), shift);
  Value normal =
      lanes.subtract(rounded, lanes.bits(layout.rebias() >> layout.shift()));
  // Adding the anchor rounds to its last place, ties to even.
  Value anchor = lanes.number(layout.subnormalAnchor());
  Value sum = lanes.addNumbers(lanes.asNumber(magnitude), anchor);
  Value subnormal = lanes.subtract(lanes.asBits(sum), lanes.asBits(anchor));
  Value isSubnormal =
      lanes.isBelow(magnitude, lanes.bits(layout.smallestNormal()));
  return lanes.select(isSubnormal, subnormal, normal);
}

static Value getMagnitude(const LaneBuilder &lanes, Value bits) {
  return lanes.bitAnd(bits, lanes.bits(~kF32SignBit));
}

/// Moves the sign of f32 bits to the place where `layout` has it.
static Value getSignCode(const LaneBuilder &lanes, const Layout &layout,
                         Value bits) {
  return lanes.bitAnd(lanes.shiftRight(bits, lanes.bits(32 - layout.bits)),
                      lanes.bits(layout.signCode()));
}

/// Puts the sign of `code` (i32) on an f32 magnitude.
static Value applySign(const LaneBuilder &lanes, const Layout &layout,
                       Value code, Value magnitude) {
  Value sign = lanes.bitAnd(lanes.shiftLeft(code, lanes.bits(32 - layout.bits)),
                            lanes.bits(kF32SignBit));
  return lanes.asNumber(lanes.bitOr(lanes.asBits(magnitude), sign));
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Replaces the values of the codes that mean infinity or NaN.
static Value decodeSpecials(const LaneBuilder &lanes,
                            const mxnum::ElementInfo &info, Value code,
                            Value magnitude) {
  Layout layout(info);
  if (info.hasInfinity)
    magnitude =
        lanes.select(lanes.isEqual(code, lanes.bits(layout.topExponentCode())),
                     lanes.asNumber(lanes.bits(kF32InfinityBits)), magnitude);
  if (!info.hasNaN)
    return magnitude;
  uint32_t lastNumber =
      info.hasInfinity ? layout.topExponentCode() : layout.largestCode() - 1;
  return lanes.select(lanes.isAbove(code, lanes.bits(lastNumber)),
                      lanes.asNumber(lanes.bits(kF32NaNBits)), magnitude);
}

Value mlir::mx::decodeElement(OpBuilder &builder, Location loc,
                              mxnum::ElementType type, Value codes) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  Layout layout(info);
  LaneBuilder lanes(builder, loc, codes);
  Value wide = lanes.resize(32, codes);
  Value code = lanes.bitAnd(wide, lanes.bits(layout.largestCode()));
  Value magnitude =
      decodeSpecials(lanes, info, code, decodeMagnitude(lanes, layout, code));
  return applySign(lanes, layout, wide, magnitude);
}

/// Adds the sign (N2.3), puts the code of NaN where it belongs (N2.4), and
/// narrows to i8.
static Value finishCode(const LaneBuilder &lanes, const Layout &layout,
                        Value bits, Value code) {
  Value isNaN =
      lanes.isAbove(getMagnitude(lanes, bits), lanes.bits(kF32InfinityBits));
  Value withSign = lanes.bitOr(code, getSignCode(lanes, layout, bits));
  return lanes.resize(
      8, lanes.select(isNaN, lanes.bits(layout.largestCode()), withSign));
}

/// The bits of |value|, at most those of F (N2.2).
static Value getSaturatedMagnitude(const LaneBuilder &lanes,
                                   const mxnum::ElementInfo &info, Value bits) {
  uint32_t largest = llvm::bit_cast<uint32_t>(info.maxFinite);
  return lanes.minUnsigned(getMagnitude(lanes, bits), lanes.bits(largest));
}

Value mlir::mx::encodeElement(OpBuilder &builder, Location loc,
                              mxnum::ElementType type, Value values) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  LaneBuilder lanes(builder, loc, values);
  Value bits = lanes.asBits(values);
  Value magnitude = getSaturatedMagnitude(lanes, info, bits);
  return finishCode(lanes, info, bits, encodeMagnitude(lanes, info, magnitude));
}

namespace {

/// The code of a magnitude before rounding: base + significand / 2^shift, all
/// i32.
struct GridPosition {
  Value base;
  Value significand;
  Value shift;
};

} // namespace

/// Places the bits of a saturated magnitude on the grid. Below the smallest
/// normal number the step stays the same, hence a larger shift.
static GridPosition placeOnGrid(const LaneBuilder &lanes, const Layout &layout,
                                Value magnitude) {
  Value mantissaBits = lanes.bits(kF32MantissaBits);
  uint32_t implicitBit = 1u << kF32MantissaBits;
  Value field = lanes.shiftRight(magnitude, mantissaBits);
  Value mantissa = lanes.bitAnd(magnitude, lanes.bits(implicitBit - 1));
  Value isZero = lanes.isEqual(field, lanes.bits(0));
  Value significand = lanes.select(
      isZero, mantissa, lanes.bitOr(mantissa, lanes.bits(implicitBit)));
  Value lowest = lanes.bits(kF32Bias + 1 - layout.bias);
  // An exponent field of 0 has the weight of 1, and is far below `lowest`.
  Value exponent = lanes.maxUnsigned(field, lanes.bits(1));
  Value binades = lanes.subtract(lanes.maxUnsigned(exponent, lowest), lowest);
  Value base = lanes.shiftLeft(binades, lanes.bits(layout.mantissaBits));
  Value below = lanes.subtract(lowest, lanes.minUnsigned(exponent, lowest));
  return {base, significand, lanes.add(below, lanes.bits(layout.shift()))};
}

/// N5.2, `2r + 1 < p·2^(n+1)` in i64; the right side is rounded up to an
/// integer, which changes no comparison with an integer.
static Value roundStochastically(const LaneBuilder &lanes,
                                 const GridPosition &position, Value random,
                                 unsigned randomBits) {
  auto wide = [&](uint64_t value) { return lanes.constant(64, value); };
  // The significand has 24 bits and p·2^(n+1) at most 48: a larger shift never
  // rounds up.
  Value shift =
      lanes.resize(64, lanes.minUnsigned(position.shift, lanes.bits(48)));
  Value significand = lanes.resize(64, position.significand);
  Value low = lanes.shiftRight(significand, shift);
  Value fraction = lanes.subtract(significand, lanes.shiftLeft(low, shift));
  Value roundUp = lanes.subtract(lanes.shiftLeft(wide(1), shift), wide(1));
  Value threshold = lanes.shiftRight(
      lanes.add(lanes.shiftLeft(fraction, wide(randomBits + 1)), roundUp),
      shift);
  Value doubled = lanes.shiftLeft(lanes.resize(64, random), wide(1));
  Value up = lanes.isBelow(lanes.add(doubled, wide(1)), threshold);
  return lanes.add(lanes.add(position.base, lanes.resize(32, low)),
                   lanes.resize(32, up));
}

Value mlir::mx::encodeElementStochastic(OpBuilder &builder, Location loc,
                                        mxnum::ElementType type, Value values,
                                        Value random, unsigned randomBits) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  LaneBuilder lanes(builder, loc, values);
  Value bits = lanes.asBits(values);
  GridPosition position =
      placeOnGrid(lanes, info, getSaturatedMagnitude(lanes, info, bits));
  return finishCode(lanes, info, bits,
                    roundStochastically(lanes, position, random, randomBits));
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// N1.2: an exponent field, but for byte 0, which is 2^-127.
static Value decodeE8M0(const LaneBuilder &lanes, Value byte) {
  Value power = lanes.shiftLeft(byte, lanes.bits(kF32MantissaBits));
  Value smallest = lanes.bits(1u << (kF32MantissaBits - 1));
  return lanes.asNumber(
      lanes.select(lanes.isEqual(byte, lanes.bits(0)), smallest, power));
}

Value mlir::mx::decodeScale(OpBuilder &builder, Location loc,
                            mxnum::ScaleType type, Value bytes) {
  LaneBuilder lanes(builder, loc, bytes);
  Value byte = lanes.resize(32, bytes);
  Value value =
      type == mxnum::ScaleType::E8M0
          ? decodeE8M0(lanes, byte)
          : decodeElement(builder, loc, mxnum::ElementType::E4M3, bytes);
  // N1.2: only 255 is NaN. N1.3: so are 0x7F and every byte with a sign.
  uint32_t firstNaN = mxnum::getPoisonScale(type);
  Value isNumber = lanes.isBelow(byte, lanes.bits(firstNaN));
  return lanes.select(isNumber, value, lanes.asNumber(lanes.bits(kF32NaNBits)));
}

Value mlir::mx::encodeUE4M3(OpBuilder &builder, Location loc, Value values) {
  LaneBuilder lanes(builder, loc, values);
  Value code = encodeElement(builder, loc, mxnum::ElementType::E4M3, values);
  Value isNotPositive =
      lanes.compare(arith::CmpFPredicate::OLE, values, lanes.number(0.0f));
  return lanes.select(isNotPositive, lanes.constant(8, 0), code);
}

Value mlir::mx::encodeE8M0(OpBuilder &builder, Location loc, Value values) {
  LaneBuilder lanes(builder, loc, values);
  Value magnitude = getMagnitude(lanes, lanes.asBits(values));
  // A significand of one bit is always odd, so ties go up.
  Value half = lanes.bits(1u << (kF32MantissaBits - 1));
  Value rounded = lanes.shiftRight(lanes.add(magnitude, half),
                                   lanes.bits(kF32MantissaBits));
  // The lowest two powers of two, 2^-127 and 2^-126, meet at 1.5 · 2^-127.
  Value tie = lanes.bits(3u << (kF32MantissaBits - 2));
  rounded = lanes.select(lanes.isBelow(magnitude, tie), lanes.bits(0), rounded);
  Value poison = lanes.bits(mxnum::getPoisonScale(mxnum::ScaleType::E8M0));
  Value isNegative =
      lanes.compare(arith::CmpFPredicate::OLT, values, lanes.number(0.0f));
  return lanes.resize(
      8, lanes.select(isNegative, poison, lanes.minUnsigned(rounded, poison)));
}

//===----------------------------------------------------------------------===//
// Wider types
//===----------------------------------------------------------------------===//

/// f16 as a layout; infinity and NaN keep their mantissa.
static Value widenF16(const LaneBuilder &lanes, Value bits) {
  Value code = lanes.bitAnd(bits, lanes.bits(kF16Layout.largestCode()));
  Value special =
      lanes.bitOr(lanes.shiftLeft(code, lanes.bits(kF16Layout.shift())),
                  lanes.bits(kF32InfinityBits));
  Value isFinite =
      lanes.isBelow(code, lanes.bits(kF16Layout.topExponentCode()));
  Value magnitude =
      lanes.select(isFinite, decodeMagnitude(lanes, kF16Layout, code),
                   lanes.asNumber(special));
  return applySign(lanes, kF16Layout, bits, magnitude);
}

Value mlir::mx::widenToF32(OpBuilder &builder, Location loc, Value values) {
  Type element = getElementTypeOrSelf(values.getType());
  if (element.isF32())
    return values;
  LaneBuilder lanes(builder, loc, values);
  Value bits = lanes.resize(32, lanes.bitcast(lanes.getInteger(16), values));
  if (element.isBF16())
    return lanes.asNumber(lanes.shiftLeft(bits, lanes.bits(16)));
  return widenF16(lanes, bits);
}

/// A bf16 is the upper half of an f32, rounded.
static Value encodeBF16Magnitude(const LaneBuilder &lanes, Value magnitude) {
  Value odd =
      lanes.bitAnd(lanes.shiftRight(magnitude, lanes.bits(16)), lanes.bits(1));
  Value sum = lanes.add(lanes.add(magnitude, lanes.bits(0x7FFF)), odd);
  return lanes.shiftRight(sum, lanes.bits(16));
}

/// N1.7: overflow rounds to infinity.
static Value encodeF16Magnitude(const LaneBuilder &lanes, Value magnitude) {
  return lanes.minUnsigned(encodeMagnitude(lanes, kF16Layout, magnitude),
                           lanes.bits(kF16Layout.topExponentCode()));
}

Value mlir::mx::narrowFromF32(OpBuilder &builder, Location loc, Value values,
                              FloatType type) {
  if (type.isF32())
    return values;
  LaneBuilder lanes(builder, loc, values);
  Value bits = lanes.asBits(values);
  Value magnitude = getMagnitude(lanes, bits);
  Value code = type.isBF16() ? encodeBF16Magnitude(lanes, magnitude)
                             : encodeF16Magnitude(lanes, magnitude);
  Value isNaN = lanes.isAbove(magnitude, lanes.bits(kF32InfinityBits));
  uint32_t quietNaN = type.isBF16() ? kF32NaNBits >> 16 : 0x7E00;
  code = lanes.select(isNaN, lanes.bits(quietNaN), code);
  Value sign =
      lanes.bitAnd(lanes.shiftRight(bits, lanes.bits(16)), lanes.bits(0x8000));
  return lanes.bitcast(lanes.getType(type),
                       lanes.resize(16, lanes.bitOr(code, sign)));
}

Value mlir::mx::roundToOddF32(OpBuilder &builder, Location loc, Value values) {
  LaneBuilder lanes(builder, loc, values);
  Type f32 = lanes.getType(builder.getF32Type());
  // The nearest f32 is one of the two neighbours of an inexact value; if it is
  // even, the other one is odd.
  Value nearest = arith::TruncFOp::create(builder, loc, f32, values);
  Value back = arith::ExtFOp::create(builder, loc, values.getType(), nearest);
  auto magnitude = [&](Value value) {
    return lanes.bitAnd(lanes.bitcast(lanes.getInteger(64), value),
                        lanes.constant(64, ~uint64_t(0) >> 1));
  };
  Value isAway = lanes.isAbove(magnitude(back), magnitude(values));
  Value step = lanes.select(isAway, lanes.bits(~0u), lanes.bits(1));
  Value bits = lanes.asBits(nearest);
  Value isInexact = lanes.compare(arith::CmpFPredicate::ONE, back, values);
  Value isEven =
      lanes.isEqual(lanes.bitAnd(bits, lanes.bits(1)), lanes.bits(0));
  return lanes.asNumber(lanes.select(lanes.bitAnd(isInexact, isEven),
                                     lanes.add(bits, step), bits));
}

Value mlir::mx::narrowFromF64(OpBuilder &builder, Location loc, Value values,
                              FloatType type) {
  if (!type.isF32())
    return narrowFromF32(builder, loc, roundToOddF32(builder, loc, values),
                         type);
  Type f32 = LaneBuilder(builder, loc, values).getType(type);
  return arith::TruncFOp::create(builder, loc, f32, values);
}
