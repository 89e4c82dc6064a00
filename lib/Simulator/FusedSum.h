//===- FusedSum.h - how tensor cores add ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A fused sum has terms significand · 2^exponent. All are shifted to the
// largest exponent, cut off toward zero below its F-th fractional bit, and
// added exactly; the sum is cut off toward zero to f32. Exponents are those of
// the operands' fields and not of their values: a product of two significands
// below 4 is not normalised first, and a zero has the exponent -126.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_FUSEDSUM_H
#define MX_SIMULATOR_FUSEDSUM_H

#include "mx/Simulator/DeviceConstants.h"
#include <cstring>

namespace mxsim {

/// What tensor cores write for NaN.
inline constexpr uint32_t kMatrixNaN = 0x7FFFFFFF;

inline float toFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The bits of a result.
inline uint32_t toResultBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return value != value ? kMatrixNaN : bits;
}

/// Fractional bits of an f32.
inline constexpr int kF32Fraction = 23;
/// What exponent a zero takes, and the smallest of f32.
inline constexpr int kZeroExponent = -126;

/// A number as an operand shows it to a fused sum: significand · 2^-fraction ·
/// 2^exponent, where `fraction` belongs to the format.
struct Operand {
  int32_t significand = 0;
  int16_t exponent = kZeroExponent;
  /// 0 if finite, else 1, -1 (infinities) or 2 (NaN).
  int8_t special = 0;
};

inline constexpr int8_t kIsNaN = 2;

/// Fractional bits of a format's significand (`MxsimType`), or -1 if it is not
/// a floating-point format of matrix operands.
int getFraction(int32_t type);

/// The number in the low bits of `code`, and the same taken apart.
float decodeNumber(int32_t type, uint32_t code);
Operand decodeOperand(int32_t type, uint32_t code);

/// A fused sum of f32 accumulator, and products.
class FusedSum {
public:
  /// `fractionBits` is F; the largest of the exponents must be known first.
  FusedSum(int fractionBits, int maxExponent)
      : fractionBits(fractionBits), maxExponent(maxExponent) {}

  /// Adds significand · 2^(exponent - fraction), cut off.
  void add(int64_t significand, int fraction, int exponent) {
    int shift = fractionBits - fraction + exponent - maxExponent;
    if (shift >= 0)
      sum += significand * (int64_t(1) << shift);
    else if (shift > -63)
      // Negative numbers are raised first, for a shift rounds down.
      sum +=
          (significand + (significand >> 63 & ((int64_t(1) << -shift) - 1))) >>
          -shift;
  }

  /// The sum in f32, cut off after `keptBits` fractional bits.
  uint32_t toF32(int keptBits = kF32Fraction) const;

private:
  int fractionBits, maxExponent;
  int64_t sum = 0;
};

} // namespace mxsim

#endif // MX_SIMULATOR_FUSEDSUM_H
