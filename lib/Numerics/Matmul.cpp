//===- Matmul.cpp - the reference matrix product --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One exact sum for the value (N7.1) and one of magnitudes for the bound
// (N7.2).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Matmul.h"
#include "mx/Numerics/ExactSum.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mxnum;

static double roundUp(double value) {
  return std::nextafter(value, std::numeric_limits<double>::infinity());
}

/// N7.2: (n + 2) · 2^-24 · magnitude + n · 2^-149 · max(1, |t_A·t_B|), each
/// step rounded up. `magnitude` is |init| + |t_A·t_B| Σ|a·b|.
static double computeBound(double magnitude, double scale, int64_t additions) {
  constexpr double unit = 0x1p-24, smallest = 0x1p-149;
  double n = static_cast<double>(additions);
  double relative = roundUp((n + 2) * unit * roundUp(magnitude));
  double absolute = roundUp(n * smallest * std::max(1.0, roundUp(scale)));
  return roundUp(relative + absolute);
}

/// N7.1 with an infinite or NaN tensor scale: the sum is formed first, as a
/// product with each term could turn 0 · infinity into NaN too early.
static DotReference scaleNonFinite(const ExactSum &sum, float tensorScaleA,
                                   float tensorScaleB, float init) {
  double scale = static_cast<double>(tensorScaleA) * tensorScaleB;
  double value = init + scale * sum.toDouble();
  return {static_cast<float>(value), value,
          std::numeric_limits<double>::infinity()};
}

DotReference mxnum::referenceDot(const float *a, const float *b, int64_t count,
                                 float tensorScaleA, float tensorScaleB,
                                 float init, int64_t additions) {
  // Two f32 factors multiply exactly in a double.
  double scale = std::fabs(static_cast<double>(tensorScaleA) * tensorScaleB);
  bool isFinite = std::isfinite(scale);
  ExactSum sum, magnitude;
  for (int64_t k = 0; k < count; ++k) {
    if (!isFinite) {
      sum.addProduct(a[k], b[k]);
      continue;
    }
    sum.addProduct(a[k], b[k], tensorScaleA, tensorScaleB);
    magnitude.addProduct(std::fabs(a[k]), std::fabs(b[k]),
                         std::fabs(tensorScaleA), std::fabs(tensorScaleB));
  }
  if (!isFinite)
    return scaleNonFinite(sum, tensorScaleA, tensorScaleB, init);
  sum.add(init);
  magnitude.add(std::fabs(init));
  return {sum.toFloat(), sum.toDouble(),
          computeBound(magnitude.toDouble(), scale, additions)};
}
