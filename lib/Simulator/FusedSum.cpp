//===- FusedSum.cpp - how tensor cores add --------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What small codes mean is asked of lib/Numerics; exponents and significands
// are derived from the value and the format's parameters.
//===----------------------------------------------------------------------===//

#include "FusedSum.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include <algorithm>
#include <cmath>
#include <optional>

using namespace mxsim;

static std::optional<mxnum::ElementType> getElementType(int32_t type) {
  switch (type) {
  case MXSIM_TYPE_E2M1:
    return mxnum::ElementType::E2M1;
  case MXSIM_TYPE_E2M3:
    return mxnum::ElementType::E2M3;
  case MXSIM_TYPE_E3M2:
    return mxnum::ElementType::E3M2;
  case MXSIM_TYPE_E4M3:
    return mxnum::ElementType::E4M3;
  case MXSIM_TYPE_E5M2:
    return mxnum::ElementType::E5M2;
  default:
    return std::nullopt;
  }
}

int mxsim::getFraction(int32_t type) {
  constexpr int f16Fraction = 10, bf16Fraction = 7;
  if (type == MXSIM_TYPE_F16)
    return f16Fraction;
  if (type == MXSIM_TYPE_BF16)
    return bf16Fraction;
  if (type == MXSIM_TYPE_F32)
    return kF32Fraction;
  if (auto element = getElementType(type))
    return int(mxnum::getElementInfo(*element).mantissaBits);
  return -1;
}

/// The smallest exponent of a format's normal numbers, which subnormal ones
/// have too.
static int getMinExponent(int32_t type) {
  constexpr int f16MinExponent = -14;
  if (type == MXSIM_TYPE_F16)
    return f16MinExponent;
  if (auto element = getElementType(type))
    return 1 - mxnum::getElementInfo(*element).bias;
  return kZeroExponent;
}

float mxsim::decodeNumber(int32_t type, uint32_t code) {
  if (type == MXSIM_TYPE_F16)
    return mxnum::f16ToF32(uint16_t(code));
  if (type == MXSIM_TYPE_BF16)
    return mxnum::bf16ToF32(uint16_t(code));
  if (auto element = getElementType(type))
    return mxnum::decodeElement(*element, uint8_t(code));
  return toFloat(code);
}

/// Accumulators are f32 and many, so their fields are read directly.
static Operand decodeF32(uint32_t bits) {
  constexpr int bias = 127, infinityField = 255;
  constexpr int32_t hiddenBit = int32_t(1) << kF32Fraction;
  int field = int(bits >> kF32Fraction & infinityField);
  auto mantissa = int32_t(bits & uint32_t(hiddenBit - 1));
  int32_t sign = bits >> 31 ? -1 : 1;
  Operand operand;
  if (field == infinityField) {
    operand.special = mantissa ? kIsNaN : int8_t(sign);
  } else {
    operand.exponent = int16_t(std::max(field, 1) - bias);
    operand.significand = sign * (mantissa | (field ? hiddenBit : 0));
  }
  return operand;
}

Operand mxsim::decodeOperand(int32_t type, uint32_t code) {
  if (type == MXSIM_TYPE_F32)
    return decodeF32(code);
  float value = decodeNumber(type, code);
  Operand operand;
  if (std::isnan(value)) {
    operand.special = kIsNaN;
  } else if (std::isinf(value)) {
    operand.special = value > 0 ? 1 : -1;
  } else if (value != 0) {
    int exponent = std::max(std::ilogb(value), getMinExponent(type));
    operand.exponent = int16_t(exponent);
    operand.significand =
        int32_t(std::ldexp(value, getFraction(type) - exponent));
  }
  return operand;
}

uint32_t FusedSum::toF32(int keptBits) const {
  constexpr int signBit = 31, bias = 127, infinityField = 255;
  if (sum == 0)
    return 0;
  uint32_t sign = uint32_t(sum < 0) << signBit;
  uint64_t magnitude = sum < 0 ? 0 - uint64_t(sum) : uint64_t(sum);
  int top = 63 - __builtin_clzll(magnitude);
  int exponent = std::max(top - fractionBits + maxExponent, kZeroExponent);
  // The weight of the last bit that stays is 2^(exponent - keptBits).
  int shift = exponent - keptBits - (maxExponent - fractionBits);
  uint64_t kept = shift >= 64  ? 0
                  : shift >= 0 ? magnitude >> shift
                               : magnitude << -shift;
  uint64_t significand = kept << (kF32Fraction - keptBits);
  // Adding the field in carries the hidden bit of a normal number into it.
  uint64_t field = uint64_t(exponent + bias - 1);
  uint64_t bits = (field << kF32Fraction) + significand;
  if (bits >> kF32Fraction >= uint64_t(infinityField))
    bits = uint64_t(infinityField) << kF32Fraction;
  return significand == 0 ? 0 : sign | uint32_t(bits);
}
