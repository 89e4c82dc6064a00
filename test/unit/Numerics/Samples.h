//===- Samples.h - reproducible random inputs -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// splitmix64 with Box-Muller and inverse distribution functions: the samples
// of the published error tables, the same on every platform.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_NUMERICS_SAMPLES_H
#define MX_TEST_UNIT_NUMERICS_SAMPLES_H

#include "Oracle.h"

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    state += 0x9E3779B97F4A7C15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  uint64_t below(uint64_t bound) { return next() % bound; }

  /// In (0, 1), never either end.
  double uniform() { return (double(next() >> 11) + 0.5) * 0x1p-53; }

  double normal() {
    double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

  double laplace() {
    double u = uniform() - 0.5;
    double magnitude = -std::log(1.0 - 2.0 * std::fabs(u));
    return std::copysign(magnitude, u) / std::sqrt(2.0);
  }

  /// Student's t with 5 degrees of freedom, scaled to unit variance.
  double studentT5() {
    double squares = 0.0;
    double numerator = normal();
    for (int i = 0; i < 5; ++i) {
      double x = normal();
      squares += x * x;
    }
    return numerator / std::sqrt(squares / 5.0) / std::sqrt(5.0 / 3.0);
  }

  /// A finite f32 with a random sign and mantissa and a random exponent field
  /// in [low, high].
  float anyFloat(unsigned low = 0, unsigned high = 254) {
    uint32_t field = low + uint32_t(below(high - low + 1));
    uint32_t rest = uint32_t(next()) & 0x807FFFFF;
    return oracle::floatFromBits(rest | field << 23);
  }

private:
  uint64_t state;
};

enum class Distribution { Normal, Laplace, StudentT5, Channels };

/// `count` samples of unit variance; Channels is normal with every 64th value
/// 16 times larger.
inline std::vector<float> drawSamples(Distribution distribution, size_t count) {
  Random random(1 + uint64_t(distribution));
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; ++i) {
    double value = distribution == Distribution::Laplace ? random.laplace()
                   : distribution == Distribution::StudentT5
                       ? random.studentT5()
                       : random.normal();
    bool isOutlier = distribution == Distribution::Channels && i % 64 == 0;
    samples[i] = float(isOutlier ? 16.0 * value : value);
  }
  return samples;
}

#endif // MX_TEST_UNIT_NUMERICS_SAMPLES_H
