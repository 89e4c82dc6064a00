//===- ErrorTableTest.cpp - errors of the rules on known inputs
//-------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Relative squared errors of the E8M0 rules (N3) and the UE4M3 rules (N4) on
// four distributions, plain and rotated (N6), against tables computed in
// double arithmetic by a separate program. An E8M0 error depends on where the
// deviation lies between powers of two, so it is averaged over eight places.
//===----------------------------------------------------------------------===//

#include "Samples.h"
#include "mx/Numerics/Hadamard.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

constexpr size_t kSamples = 1 << 20;
constexpr double kTolerance = 0.02;

std::vector<float> drawRotated(Distribution distribution, int64_t rotation,
                               size_t count = kSamples) {
  std::vector<float> x = drawSamples(distribution, count);
  for (size_t i = 0; rotation > 1 && i < x.size(); i += size_t(rotation))
    rotateGroup(x.data() + i, rotation, nullptr, false);
  return x;
}

/// Σ(x − x̂)² / Σx².
double measure(const BlockFormat &format, ScaleRule rule, const float *x,
               size_t count) {
  QuantizeOptions options;
  options.rule = rule;
  std::vector<float> decoded =
      dequantize(quantize(format, options, x, {int64_t(count)}, 0));
  double error = 0.0, energy = 0.0;
  for (size_t i = 0; i < count; ++i) {
    double d = double(x[i]) - decoded[i];
    error += d * d;
    energy += double(x[i]) * x[i];
  }
  return error / energy;
}

/// The mean over deviations 2^(j/8), each on its own eighth of the samples.
double measureMX(ElementType element, ScaleRule rule, std::vector<float> x) {
  BlockFormat format{element, ScaleType::E8M0, 32, false};
  size_t part = x.size() / 8;
  double sum = 0.0;
  for (size_t j = 0; j < 8; ++j) {
    float *begin = x.data() + j * part;
    for (size_t i = 0; i < part; ++i)
      begin[i] *= float(std::exp2(double(j) / 8));
    sum += measure(format, rule, begin, part);
  }
  return sum / 8;
}

/// Errors of one input, in the order of some list of rules.
struct Row {
  Distribution distribution;
  int64_t rotation;
  std::vector<double> errors;
};

void expectNear(double expected, double actual, const Row &row,
                ScaleRule rule) {
  EXPECT_NEAR(1.0, actual / expected, kTolerance)
      << getScaleRuleName(rule) << " on distribution " << int(row.distribution)
      << " with rotation " << row.rotation << ": got " << actual
      << ", expected " << expected;
}

void checkMX(ElementType element, const std::vector<ScaleRule> &rules,
             const std::vector<Row> &rows) {
  for (const Row &row : rows) {
    // Unrotated, one value in 64 carries most of the energy of Channels.
    bool isSparse =
        row.distribution == Distribution::Channels && row.rotation == 1;
    std::vector<float> x = drawRotated(row.distribution, row.rotation,
                                       isSparse ? 4 * kSamples : kSamples);
    for (size_t i = 0; i < rules.size(); ++i)
      expectNear(row.errors[i], measureMX(element, rules[i], x), row, rules[i]);
  }
}

const std::vector<ScaleRule> kE8M0Rules = {ScaleRule::Floor, ScaleRule::Ceil,
                                           ScaleRule::RCeil, ScaleRule::Even,
                                           ScaleRule::Mse};
const std::vector<ScaleRule> kUE4M3Rules = {
    ScaleRule::Amax, ScaleRule::FourOverSixMse, ScaleRule::FourOverSixMae,
    ScaleRule::Sweep};

TEST(ErrorTable, N3_1_MXFP4) {
  checkMX(
      ElementType::E2M1, kE8M0Rules,
      {{Distribution::Normal, 1, {.01335, .0199, .01366, .01261, .01250}},
       {Distribution::Laplace, 1, {.01596, .0288, .01751, .01532, .01502}},
       {Distribution::StudentT5, 1, {.01588, .0292, .01749, .01526, .01494}},
       {Distribution::Channels, 1, {.03093, .0492, .03411, .02927, .02846}}});
}

TEST(ErrorTable, N6_1_MXFP4Rotated) {
  checkMX(
      ElementType::E2M1, kE8M0Rules,
      {{Distribution::Laplace, 16, {.01327, .0195, .01352, .01252, .01242}},
       {Distribution::Laplace, 32, {.01318, .0191, .01339, .01243, .01233}},
       {Distribution::Laplace, 64, {.01326, .0195, .01351, .01251, .01241}},
       {Distribution::Laplace, 128, {.01330, .0197, .01359, .01256, .01246}},
       {Distribution::StudentT5, 32, {.01318, .0192, .01340, .01243, .01234}},
       {Distribution::Channels, 16, {.01281, .0158, .01263, .01202, .01196}},
       {Distribution::Channels, 32, {.01178, .0127, .01127, .01106, .01104}},
       {Distribution::Channels, 128, {.01183, .0130, .01133, .01109, .01107}}});
}

TEST(ErrorTable, N3_4_Abs3EqualsRCeilOnAverage) {
  BlockFormat format{ElementType::E2M1, ScaleType::E8M0, 32, true};
  std::vector<float> x = drawSamples(Distribution::Normal, kSamples);
  double sum = 0.0;
  for (size_t j = 0; j < 8; ++j) {
    std::vector<float> part(x.begin() + j * kSamples / 8,
                            x.begin() + (j + 1) * kSamples / 8);
    for (float &value : part)
      value *= float(std::exp2(double(j) / 8));
    sum += measure(format, ScaleRule::Abs3, part.data(), part.size());
  }
  EXPECT_NEAR(1.0, sum / 8 / .01366, kTolerance);
}

TEST(ErrorTable, N4_2_NVFP4) {
  const Row rows[] = {
      {Distribution::Normal, 1, {.00904, .00755, .00779, .00659}},
      {Distribution::Laplace, 1, {.00859, .00760, .00784, .00680}},
      {Distribution::StudentT5, 1, {.00853, .00752, .00773, .00674}},
      {Distribution::Channels, 1, {.00857, .00829, .00834, .00808}},
      {Distribution::Laplace, 16, {.00923, .00761, .00784, .00660}},
      {Distribution::Laplace, 128, {.00907, .00757, .00781, .00659}},
      {Distribution::StudentT5, 32, {.00913, .00758, .0078, .00660}},
      {Distribution::Channels, 16, {.01219, .00765, .0078, .00615}},
      {Distribution::Channels, 128, {.01044, .00784, .0080, .00661}}};
  for (const Row &row : rows) {
    std::vector<float> x = drawRotated(row.distribution, row.rotation);
    for (size_t i = 0; i < kUE4M3Rules.size(); ++i)
      expectNear(
          row.errors[i],
          measure(*lookupFormat("nvfp4"), kUE4M3Rules[i], x.data(), x.size()),
          row, kUE4M3Rules[i]);
  }
}

TEST(ErrorTable, N3_1_MXFP6AndMXFP8) {
  const std::vector<ScaleRule> rules = {ScaleRule::Floor, ScaleRule::RCeil,
                                        ScaleRule::Even, ScaleRule::Mse};
  constexpr Distribution normal = Distribution::Normal,
                         laplace = Distribution::Laplace,
                         channels = Distribution::Channels;
  checkMX(ElementType::E2M3, rules,
          {{normal, 1, {.799e-3, .798e-3, .790e-3, .788e-3}},
           {laplace, 1, {.934e-3, .945e-3, .925e-3, .922e-3}},
           {channels, 1, {1.83e-3, 1.90e-3, 1.82e-3, 1.81e-3}},
           {laplace, 32, {.799e-3, .798e-3, .790e-3, .788e-3}}});
  checkMX(ElementType::E3M2, rules,
          {{normal, 1, {2.93e-3, 2.78e-3, 2.78e-3, 2.78e-3}},
           {laplace, 1, {3.00e-3, 2.78e-3, 2.78e-3, 2.78e-3}},
           {channels, 1, {3.39e-3, 2.78e-3, 2.78e-3, 2.78e-3}}});
  checkMX(ElementType::E4M3, rules,
          {{normal, 1, {.895e-3, .702e-3, .782e-3, .702e-3}},
           {laplace, 1, {.991e-3, .702e-3, .824e-3, .702e-3}},
           {channels, 1, {1.49e-3, .702e-3, 1.04e-3, .702e-3}}});
  checkMX(ElementType::E5M2, rules,
          {{normal, 1, {2.93e-3, 2.78e-3, 2.78e-3, 2.78e-3}},
           {laplace, 1, {3.00e-3, 2.78e-3, 2.78e-3, 2.78e-3}},
           {channels, 1, {3.39e-3, 2.77e-3, 2.78e-3, 2.78e-3}}});
}

TEST(ErrorTable, N3_1_OrderOfE8M0Rules) {
  for (auto distribution : {Distribution::Normal, Distribution::Laplace,
                            Distribution::StudentT5, Distribution::Channels}) {
    std::vector<float> x = drawSamples(distribution, kSamples);
    auto error = [&](ScaleRule rule) {
      return measureMX(ElementType::E2M1, rule, x);
    };
    EXPECT_LT(error(ScaleRule::Mse), error(ScaleRule::Even));
    EXPECT_LT(error(ScaleRule::Even), error(ScaleRule::Floor));
    EXPECT_LT(error(ScaleRule::Floor), error(ScaleRule::RCeil));
    EXPECT_LT(error(ScaleRule::RCeil), error(ScaleRule::Ceil));
  }
}

TEST(ErrorTable, N4_2_OrderOfUE4M3Rules) {
  BlockFormat format = *lookupFormat("nvfp4");
  for (auto distribution : {Distribution::Normal, Distribution::Laplace,
                            Distribution::StudentT5, Distribution::Channels}) {
    std::vector<float> x = drawSamples(distribution, kSamples / 4);
    auto error = [&](ScaleRule rule) {
      return measure(format, rule, x.data(), x.size());
    };
    EXPECT_LT(error(ScaleRule::Sweep), error(ScaleRule::FourOverSixMse));
    EXPECT_LT(error(ScaleRule::FourOverSixMse),
              error(ScaleRule::FourOverSixMae));
    EXPECT_LT(error(ScaleRule::FourOverSixMae), error(ScaleRule::Amax));
  }
}

TEST(ErrorTable, N6_1_RotationHelpsMXFP4AndHurtsNVFP4Amax) {
  for (auto distribution : {Distribution::Laplace, Distribution::StudentT5,
                            Distribution::Channels}) {
    std::vector<float> plain = drawSamples(distribution, kSamples);
    std::vector<float> rotated = drawRotated(distribution, 32);
    for (ScaleRule rule : kE8M0Rules)
      EXPECT_LT(measureMX(ElementType::E2M1, rule, rotated),
                measureMX(ElementType::E2M1, rule, plain));
    BlockFormat format = *lookupFormat("nvfp4");
    EXPECT_GT(measure(format, ScaleRule::Amax, rotated.data(), kSamples),
              measure(format, ScaleRule::Amax, plain.data(), kSamples));
  }
}

} // namespace
