//===- SlowScaledModel.h - block-scaled sums, as defined --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One result of a block-scaled product, from codes and bytes of scales, in f64
// where each step is exact.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_SLOWSCALEDMODEL_H
#define MX_TEST_UNIT_SIMULATOR_SLOWSCALEDMODEL_H

#include "SlowModel.h"
#include "mx/Numerics/BlockScale.h"

namespace mxsim::slow {

/// The value of a scale byte; the machine ignores the sign of ue4m3.
inline double decodeScale(int32_t format, uint8_t byte) {
  return format == MXSIM_SCALE_UE8M0
             ? mxnum::decodeScale(mxnum::ScaleType::E8M0, byte)
             : mxnum::decodeScale(mxnum::ScaleType::UE4M3, byte & 0x7F);
}

inline Term splitScale(int32_t format, double scale) {
  return split(scale, format == MXSIM_SCALE_UE8M0 ? -127 : -6);
}

/// 64 codes of e2m1 and `count` scales of a row and a column. Four groups of
/// 16, each exact, times two scales; aligned by the scales.
inline uint32_t dotGroups(int32_t format, size_t count, const uint32_t *a,
                          const uint8_t *scalesA, const uint32_t *b,
                          const uint8_t *scalesB, uint32_t c) {
  float start = bitsToFloat(c);
  std::vector<Term> terms = {split(start, -126)};
  bool isNaN = std::isnan(start);
  for (size_t group = 0; group < 4; ++group) {
    double left = decodeScale(format, scalesA[group * count / 4]);
    double right = decodeScale(format, scalesB[group * count / 4]);
    double dot = 0;
    for (size_t k = group * 16; k < group * 16 + 16; ++k)
      dot += decode(MXSIM_TYPE_E2M1, a[k]) * decode(MXSIM_TYPE_E2M1, b[k]);
    isNaN |= std::isnan(left) || std::isnan(right);
    if (isNaN)
      return 0x7FFFFFFF;
    Term first = splitScale(format, left), second = splitScale(format, right);
    terms.push_back({dot * first.significand * second.significand,
                     first.exponent + second.exponent});
  }
  return std::isinf(start) ? c : fuse(terms, 35, 23);
}

/// 32 codes of small floats and one scale of a row and a column.
inline uint32_t dotSmallFloats(int32_t typeA, const uint32_t *a, uint8_t scaleA,
                               int32_t typeB, const uint32_t *b, uint8_t scaleB,
                               uint32_t c) {
  double scale = decodeScale(MXSIM_SCALE_UE8M0, scaleA) *
                 decodeScale(MXSIM_SCALE_UE8M0, scaleB);
  std::vector<double> left, right;
  for (size_t k = 0; k < 32; ++k) {
    left.push_back(decode(typeA, a[k]));
    right.push_back(decode(typeB, b[k]));
  }
  return dot(left, typeA, right, typeB, scale, c, 25, 23);
}

} // namespace mxsim::slow

#endif // MX_TEST_UNIT_SIMULATOR_SLOWSCALEDMODEL_H
