//===- ExactSum.cpp - sums and dot products without rounding --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every f32 and every double is an integer times a power of two. Products of
// those integers are added at their place in a long two's-complement number;
// rounding happens only on the way out.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/ExactSum.h"
#include "mx/Numerics/FloatBits.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mxnum;

__extension__ typedef unsigned __int128 UInt128;

namespace {

constexpr int kLimbBits = 64;
/// Minus the exponent of the weight of bit 0.
constexpr int kFractionBits = 1088;
constexpr int kF32Precision = 24, kF32LowestExponent = -149;
constexpr int kF64Precision = 53, kF64LowestExponent = -1074;

/// A finite number as integer · 2^exponent.
struct Decomposed {
  uint64_t significand;
  int exponent;
};

} // namespace

static Decomposed decompose(float value) {
  uint32_t magnitude = magnitudeBits(value);
  int field = static_cast<int>(magnitude >> kF32MantissaBits);
  uint32_t implicitBit = field == 0 ? 0 : kF32ImplicitBit;
  return {(magnitude & kF32MantissaMask) | implicitBit,
          std::max(field, 1) - 1 + kF32LowestExponent};
}

static Decomposed decompose(double value) {
  constexpr int mantissaBits = kF64Precision - 1;
  uint64_t magnitude = toBits(value) & ~(uint64_t(1) << 63);
  int field = static_cast<int>(magnitude >> mantissaBits);
  uint64_t mantissa = magnitude & ((uint64_t(1) << mantissaBits) - 1);
  uint64_t implicitBit = uint64_t(field != 0) << mantissaBits;
  return {mantissa | implicitBit, std::max(field, 1) - 1 + kF64LowestExponent};
}

/// Adds or subtracts magnitude · 2^exponent, `magnitude` below 2^96.
/// Subtraction adds the complement with a carry, so that both signs stop as
/// soon as the remaining limbs would not change.
template <size_t N>
static void addShifted(std::array<uint64_t, N> &limbs, UInt128 magnitude,
                       int exponent, bool negative) {
  int offset = exponent + kFractionBits;
  size_t position = static_cast<size_t>(offset);
  size_t first = position / kLimbBits;
  unsigned shift = static_cast<unsigned>(position % kLimbBits);
  UInt128 low = magnitude << shift;
  UInt128 high = shift == 0 ? 0 : magnitude >> (2 * kLimbBits - shift);
  const uint64_t words[] = {static_cast<uint64_t>(low),
                            static_cast<uint64_t>(low >> kLimbBits),
                            static_cast<uint64_t>(high)};
  uint64_t flip = negative ? ~uint64_t(0) : 0;
  uint64_t carry = negative;
  for (size_t i = first; i < N; ++i) {
    size_t word = i - first;
    if (word >= 3 && carry == uint64_t(negative))
      return;
    UInt128 sum = UInt128(limbs[i]) + ((word < 3 ? words[word] : 0) ^ flip);
    sum += carry;
    limbs[i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> kLimbBits);
  }
}

void ExactSum::addProduct(float a, float b, float c, float d) {
  const float factors[] = {a, b, c, d};
  bool isNaN = false, isInfinite = false, isZero = false, negative = false;
  for (float factor : factors) {
    isNaN |= std::isnan(factor);
    isInfinite |= std::isinf(factor);
    isZero |= factor == 0.0f;
    negative ^= std::signbit(factor);
  }
  if (isNaN || (isInfinite && isZero)) {
    sawNaN = true;
    return;
  }
  if (isInfinite) {
    (negative ? sawNegativeInfinity : sawPositiveInfinity) = true;
    return;
  }
  if (isZero)
    return;
  Decomposed da = decompose(a), db = decompose(b), dc = decompose(c),
             dd = decompose(d);
  UInt128 magnitude = UInt128(da.significand * db.significand) *
                      (dc.significand * dd.significand);
  int exponent = da.exponent + db.exponent + dc.exponent + dd.exponent;
  addShifted(limbs, magnitude, exponent, negative);
}

void ExactSum::addFinite(double value) {
  Decomposed parts = decompose(value);
  addShifted(limbs, parts.significand, parts.exponent, std::signbit(value));
}

bool ExactSum::isFinite() const {
  return !sawNaN && !sawPositiveInfinity && !sawNegativeInfinity;
}

void ExactSum::negate() {
  uint64_t carry = 1;
  for (uint64_t &limb : limbs) {
    limb = ~limb + carry;
    carry = carry && limb == 0;
  }
}

/// Rounds a finite sum to `precision` bits above 2^lowestExponent, ties to
/// even. The result is exact as a double unless it overflows to infinity.
double ExactSum::round(int precision, int lowestExponent) const {
  ExactSum magnitude = *this;
  if (isNegative())
    magnitude.negate();
  auto bit = [&](int i) {
    return magnitude.limbs[i / kLimbBits] >> (i % kLimbBits) & 1;
  };
  int lowest = lowestExponent + kFractionBits;
  int top = static_cast<int>(kNumLimbs) * kLimbBits - 1;
  while (top >= lowest - 1 && !bit(top))
    --top;
  int last = std::max(top - precision + 1, lowest);
  uint64_t kept = 0;
  for (int i = top; i >= last; --i)
    kept = kept << 1 | bit(i);
  bool sticky = false;
  for (int i = 0; i < last - 1 && !sticky; ++i)
    sticky = bit(i);
  if (bit(last - 1) && (sticky || (kept & 1)))
    ++kept;
  double rounded = std::ldexp(static_cast<double>(kept), last - kFractionBits);
  return isNegative() ? -rounded : rounded;
}

double ExactSum::toDouble() const {
  if (sawNaN || (sawPositiveInfinity && sawNegativeInfinity))
    return std::numeric_limits<double>::quiet_NaN();
  if (!isFinite())
    return sawPositiveInfinity ? std::numeric_limits<double>::infinity()
                               : -std::numeric_limits<double>::infinity();
  return round(kF64Precision, kF64LowestExponent);
}

float ExactSum::toFloat() const {
  if (!isFinite())
    return static_cast<float>(toDouble());
  // The double is already an f32, or too large for one.
  return static_cast<float>(round(kF32Precision, kF32LowestExponent));
}

bool ExactSum::isWithin(double value, double bound) const {
  if (!isFinite() || !std::isfinite(value) || !std::isfinite(bound))
    return false;
  ExactSum excess = *this;
  excess.addFinite(-value);
  if (excess.isNegative())
    excess.negate();
  excess.addFinite(-bound);
  bool isZero = std::all_of(excess.limbs.begin(), excess.limbs.end(),
                            [](uint64_t limb) { return limb == 0; });
  return excess.isNegative() || isZero;
}
