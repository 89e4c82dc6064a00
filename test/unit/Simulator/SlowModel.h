//===- SlowModel.h - the published arithmetic, as defined -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A fused sum written from its definition in f64, where each step is exact:
// significands have at most 24 bits, aligned ones at most 53, and nothing is
// looked up in the simulator. What a code means comes from lib/Numerics.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_SLOWMODEL_H
#define MX_TEST_UNIT_SIMULATOR_SLOWMODEL_H

#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include "mx/Simulator/DeviceConstants.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace mxsim::slow {

/// significand · 2^exponent, the significand below 2.
struct Term {
  double significand;
  int exponent;
};

inline float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t floatToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

/// The exponent of the smallest normal number.
inline int minExponent(int32_t type) {
  switch (type) {
  case MXSIM_TYPE_F16:
  case MXSIM_TYPE_E5M2:
    return -14;
  case MXSIM_TYPE_E4M3:
    return -6;
  case MXSIM_TYPE_E3M2:
    return -2;
  case MXSIM_TYPE_E2M3:
  case MXSIM_TYPE_E2M1:
    return 0;
  default:
    return -126;
  }
}

inline double decode(int32_t type, uint32_t code) {
  switch (type) {
  case MXSIM_TYPE_F16:
    return mxnum::f16ToF32(uint16_t(code));
  case MXSIM_TYPE_BF16:
    return mxnum::bf16ToF32(uint16_t(code));
  case MXSIM_TYPE_E4M3:
    return mxnum::decodeElement(mxnum::ElementType::E4M3, uint8_t(code));
  case MXSIM_TYPE_E5M2:
    return mxnum::decodeElement(mxnum::ElementType::E5M2, uint8_t(code));
  case MXSIM_TYPE_E3M2:
    return mxnum::decodeElement(mxnum::ElementType::E3M2, uint8_t(code));
  case MXSIM_TYPE_E2M3:
    return mxnum::decodeElement(mxnum::ElementType::E2M3, uint8_t(code));
  case MXSIM_TYPE_E2M1:
    return mxnum::decodeElement(mxnum::ElementType::E2M1, uint8_t(code));
  default:
    return bitsToFloat(code);
  }
}

/// A number with the exponent that its field shows; zero has -126.
inline Term split(double value, int lowest) {
  if (value == 0)
    return {0, -126};
  int exponent = std::max(std::ilogb(value), lowest);
  return {std::ldexp(value, -exponent), exponent};
}

/// Toward zero to `kept` fractional bits of f32.
inline uint32_t roundToZero(double value, int kept) {
  if (value == 0)
    return 0;
  int exponent = std::max(std::ilogb(value), -126);
  double cut = std::ldexp(std::trunc(std::ldexp(value, kept - exponent)),
                          exponent - kept);
  if (cut == 0)
    return 0;
  if (std::fabs(cut) >= std::ldexp(1.0, 128))
    return cut > 0 ? 0x7F800000 : 0xFF800000;
  return floatToBits(float(cut));
}

/// Aligns to the largest exponent, cuts off after `bits`, adds, cuts off.
inline uint32_t fuse(const std::vector<Term> &terms, int bits, int kept) {
  int most = terms[0].exponent;
  for (const Term &term : terms)
    most = std::max(most, term.exponent);
  double sum = 0;
  for (const Term &term : terms)
    sum +=
        std::trunc(std::ldexp(term.significand, bits + term.exponent - most));
  return roundToZero(std::ldexp(sum, most - bits), kept);
}

/// The fused dot product of decoded operands, scales powers of two.
inline uint32_t dot(const std::vector<double> &a, int32_t typeA,
                    const std::vector<double> &b, int32_t typeB, double scale,
                    uint32_t c, int bits, int kept) {
  double plain = bitsToFloat(c);
  for (size_t k = 0; k < a.size(); ++k)
    plain += a[k] * b[k] * scale;
  if (std::isnan(plain))
    return 0x7FFFFFFF;
  if (std::isinf(plain))
    return plain > 0 ? 0x7F800000 : 0xFF800000;
  std::vector<Term> terms = {split(bitsToFloat(c), -126)};
  for (size_t k = 0; k < a.size(); ++k) {
    Term left = split(a[k], minExponent(typeA));
    Term right = split(b[k], minExponent(typeB));
    terms.push_back({left.significand * right.significand,
                     left.exponent + right.exponent + std::ilogb(scale)});
  }
  return fuse(terms, bits, kept);
}

} // namespace mxsim::slow

#endif // MX_TEST_UNIT_SIMULATOR_SLOWMODEL_H
