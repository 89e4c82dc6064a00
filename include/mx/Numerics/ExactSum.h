//===- ExactSum.h - sums and dot products without rounding ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A fixed-point accumulator wide enough for any sum of products of four f32
// numbers and for any double, after Kulisch: the meaning of N7.1, and the
// yardstick of N7.2.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_EXACTSUM_H
#define MX_NUMERICS_EXACTSUM_H

#include <array>
#include <cstddef>
#include <cstdint>

namespace mxnum {

/// Exact sum of up to 2^60 products of up to four f32 numbers.
class ExactSum {
public:
  /// Adds a·b·c·d exactly. A NaN, an infinity times zero, or infinities of
  /// both signs make the sum NaN; other infinities make it infinite.
  void addProduct(float a, float b, float c = 1.0f, float d = 1.0f);
  void add(float value) { addProduct(value, 1.0f); }

  /// The sum rounded once, ties to even. An exact zero is +0.
  double toDouble() const;
  float toFloat() const;

  /// Whether `*this` minus `value` has magnitude at most `bound`
  /// (non-negative), decided exactly. False if any of the three is not finite.
  bool isWithin(double value, double bound) const;

private:
  static constexpr size_t kNumLimbs = 34;

  bool isFinite() const;
  bool isNegative() const { return limbs[kNumLimbs - 1] >> 63; }
  void negate();
  void addFinite(double value);
  double round(int precision, int lowestExponent) const;

  /// Two's-complement fixed point, lowest limb first: the weight of bit 0 is
  /// 2^-1088, that of the sign bit -2^1087.
  std::array<uint64_t, kNumLimbs> limbs{};
  bool sawNaN = false;
  bool sawPositiveInfinity = false;
  bool sawNegativeInfinity = false;
};

} // namespace mxnum

#endif // MX_NUMERICS_EXACTSUM_H
