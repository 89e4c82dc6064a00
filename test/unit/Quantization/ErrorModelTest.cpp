//===- ErrorModelTest.cpp - what an encoding costs in accuracy ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Measured errors against literal sums, and the orders among rules and
// rotations on which the choice of formats rests (N3, N4, N6). Their absolute
// values are tested with lib/Numerics.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/ErrorModel.h"
#include "CorrelatedInputs.h"
#include "Threads.h"
#include <gtest/gtest.h>

using namespace mxnum;
using namespace mxquant;

namespace {

constexpr Distribution kDistributions[] = {
    Distribution::Normal, Distribution::Laplace, Distribution::StudentT5,
    Distribution::Channels};

std::vector<float> rotate(std::vector<float> x, int64_t rotation) {
  rotateRows(x, rotation);
  return x;
}

/// Quantised and decoded by lib/Numerics alone.
std::vector<double> decode(const Candidate &candidate,
                           const std::vector<float> &x, int64_t columns) {
  QuantizeOptions options;
  options.rule = candidate.rule;
  int64_t rows = int64_t(x.size()) / columns;
  return decodeAll(
      quantize(candidate.format, options, x.data(), {rows, columns}, 1));
}

/// Encodings of all kinds, each with and without rotation.
std::vector<Candidate> getCandidates() {
  BlockFormat abs3{ElementType::E2M1, ScaleType::E8M0, 32, true};
  BlockFormat narrow{ElementType::E4M3, ScaleType::UE4M3, 6, false};
  std::vector<Candidate> candidates;
  for (int64_t rotation : {0, 2, 32}) {
    candidates.push_back({*lookupFormat("mxfp4"), ScaleRule::Even, rotation});
    candidates.push_back({*lookupFormat("mxfp4"), ScaleRule::Mse, rotation});
    candidates.push_back({*lookupFormat("nvfp4"), ScaleRule::Amax, rotation});
    candidates.push_back({*lookupFormat("nvfp4"), ScaleRule::Sweep, rotation});
    candidates.push_back(
        {*lookupFormat("mxfp6_e2m3"), ScaleRule::Floor, rotation});
    candidates.push_back(
        {*lookupFormat("mxfp8_e5m2"), ScaleRule::RCeil, rotation});
    candidates.push_back({abs3, ScaleRule::Abs3, rotation});
    candidates.push_back({narrow, ScaleRule::Amax, rotation});
  }
  return candidates;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

TEST(ErrorModel, N1_4_SumsOverAllValues) {
  // 96 columns are six blocks of nvfp4 and 150 rows more than two chunks.
  constexpr int64_t rows = 150, columns = 96;
  std::vector<float> x = drawSamples(Distribution::StudentT5, rows * columns);
  for (const Candidate &candidate : getCandidates()) {
    std::vector<float> rotated = rotate(x, candidate.rotation);
    std::vector<double> decoded = decode(candidate, rotated, columns);
    double error = 0.0, signal = 0.0;
    for (size_t i = 0; i < x.size(); ++i) {
      error += (rotated[i] - decoded[i]) * (rotated[i] - decoded[i]);
      signal += double(rotated[i]) * rotated[i];
    }
    ErrorSum sum =
        measureError(candidate, x.data(), rows, columns, runSerially);
    EXPECT_NEAR(1.0, sum.error / error, 1e-12);
    EXPECT_NEAR(1.0, sum.signal / signal, 1e-12);
    EXPECT_NEAR(1.0, sum.getRelative() / (error / signal), 1e-12);
  }
}

TEST(ErrorModel, N1_6_RaggedRows) {
  constexpr int64_t rows = 3, columns = 77;
  std::vector<float> x = drawSamples(Distribution::Normal, rows * columns);
  for (const Candidate &candidate : getCandidates()) {
    if (candidate.rotation != 0)
      continue;
    std::vector<double> decoded = decode(candidate, x, columns);
    double error = 0.0;
    for (size_t i = 0; i < x.size(); ++i)
      error += (x[i] - decoded[i]) * (x[i] - decoded[i]);
    ErrorSum sum =
        measureError(candidate, x.data(), rows, columns, runSerially);
    EXPECT_NEAR(1.0, sum.error / error, 1e-12);
  }
}

TEST(ErrorModel, N7_1_OutputErrorIsThatOfTheProduct) {
  LayerShape shape{160, 300, 400, 0};
  Layer layer = drawLayer(5, shape);
  for (const Candidate &candidate : getCandidates()) {
    Layer rotated = candidate.rotation == 0
                        ? layer
                        : rotateLayer(layer, candidate.rotation);
    std::vector<double> errors =
        decode(candidate, rotated.weights, shape.columns);
    for (size_t i = 0; i < errors.size(); ++i)
      errors[i] -= rotated.weights[i];
    double error = measureOutput(errors, rotated.calibration, shape.columns);
    double signal = measureOutput({layer.weights.begin(), layer.weights.end()},
                                  layer.calibration, shape.columns);
    ErrorSum sum =
        measureOutputError(candidate, layer.weights.data(), shape.rows,
                           shape.columns, layer.calibration, runSerially);
    // Errors are rotated back in f32.
    EXPECT_NEAR(1.0, sum.error / error, 1e-5);
    EXPECT_NEAR(1.0, sum.signal / signal, 1e-12);
  }
}

TEST(ErrorModel, N7_1_IdentityHessianMeansSquaredError) {
  constexpr int64_t rows = 70, columns = 192;
  std::vector<float> x = drawSamples(Distribution::Laplace, rows * columns);
  std::vector<double> identity(columns * columns);
  for (int64_t i = 0; i < columns; ++i)
    identity[i * (columns + 1)] = 1.0;
  for (const Candidate &candidate : getCandidates()) {
    ErrorSum plain =
        measureError(candidate, x.data(), rows, columns, runSerially);
    ErrorSum output = measureOutputError(candidate, x.data(), rows, columns,
                                         identity, runSerially);
    EXPECT_NEAR(1.0, output.error / plain.error, 1e-6);
    EXPECT_NEAR(1.0, output.signal / plain.signal, 1e-6);
  }
}

TEST(ErrorModel, N1_4_SameBitsOnAnyNumberOfThreads) {
  Layer layer = drawLayer(6, {160, 300, 200, 0});
  const LayerShape &shape = layer.shape;
  for (const Candidate &candidate : getCandidates()) {
    auto measure = [&](const ParallelFor &parallel) {
      ErrorSum plain = measureError(candidate, layer.weights.data(), shape.rows,
                                    shape.columns, parallel);
      ErrorSum output =
          measureOutputError(candidate, layer.weights.data(), shape.rows,
                             shape.columns, layer.calibration, parallel);
      return std::vector<double>{plain.error, plain.signal, output.error,
                                 output.signal};
    };
    std::vector<double> expected = measure(runSerially);
    for (int threads : {1, 2, 8})
      EXPECT_EQ(expected, measure(makeThreads(threads))) << threads;
  }
}

//===----------------------------------------------------------------------===//
// Special values
//===----------------------------------------------------------------------===//

TEST(ErrorModel, N3_5_ZerosHaveNoError) {
  std::vector<float> x(64 * 3, -0.0f);
  std::vector<double> hessian(64 * 64, 1.0);
  for (const Candidate &candidate : getCandidates()) {
    ErrorSum sum = measureError(candidate, x.data(), 3, 64, runSerially);
    EXPECT_EQ(0.0, sum.error);
    EXPECT_EQ(0.0, sum.getRelative());
    sum = measureOutputError(candidate, x.data(), 3, 64, hessian, runSerially);
    EXPECT_EQ(0.0, sum.getRelative());
    // No values at all.
    sum = measureError(candidate, nullptr, 0, 64, runSerially);
    EXPECT_EQ(0.0, sum.getRelative());
  }
}

TEST(ErrorModel, N3_6_PoisonHasANaNError) {
  std::vector<double> hessian(64 * 64, 1.0);
  for (float bad : {NAN, HUGE_VALF, -HUGE_VALF}) {
    std::vector<float> x = drawSamples(Distribution::Normal, 64 * 3);
    x[70] = bad;
    for (const Candidate &candidate : getCandidates()) {
      ErrorSum sum = measureError(candidate, x.data(), 3, 64, runSerially);
      EXPECT_TRUE(std::isnan(sum.error));
      sum =
          measureOutputError(candidate, x.data(), 3, 64, hessian, runSerially);
      EXPECT_TRUE(std::isnan(sum.error));
    }
  }
}

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

constexpr int64_t kColumns = 1024;

double measure(const Candidate &candidate, const std::vector<float> &x) {
  return measureError(candidate, x.data(), int64_t(x.size()) / kColumns,
                      kColumns, runSerially)
      .getRelative();
}

/// The error of an E8M0 rule depends on where the deviation lies between powers
/// of two: the mean over eight places.
double measureMX(ScaleRule rule, const std::vector<float> &x,
                 int64_t rotation = 0) {
  double sum = 0.0;
  for (int place = 0; place < 8; ++place) {
    std::vector<float> scaled = x;
    for (float &value : scaled)
      value *= float(std::exp2(place / 8.0));
    sum += measure({*lookupFormat("mxfp4"), rule, rotation}, scaled);
  }
  return sum / 8;
}

double measureNV(ScaleRule rule, const std::vector<float> &x,
                 int64_t rotation = 0) {
  return measure({*lookupFormat("nvfp4"), rule, rotation}, x);
}

/// Another project's rule, for comparison: of 100 divisors of the block, from
/// amax / 6 downwards, the one with the least Σ|x − x̂|^2.4, which is rounded to
/// UE4M3 only afterwards.
float shrinkScale(const float *x, size_t count, float tensorScale) {
  float amax = 0.0f;
  for (size_t i = 0; i < count; ++i)
    amax = std::fmax(amax, std::fabs(x[i]));
  double least = HUGE_VAL;
  float best = 0.0f;
  for (int i = 0; i < 100; ++i) {
    auto scale = float((1.0 - 0.008 * i) * amax / 6);
    double error = 0.0;
    for (size_t k = 0; k < count; ++k) {
      uint8_t code = encodeElement(ElementType::E2M1, x[k] / scale);
      double decoded = double(decodeElement(ElementType::E2M1, code)) * scale;
      error += std::pow(std::fabs(x[k] - decoded), 2.4);
    }
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return decodeScale(ScaleType::UE4M3, encodeUE4M3(best / tensorScale)) *
         tensorScale;
}

double measureShrink(const std::vector<float> &x) {
  constexpr size_t block = 16;
  QuantizeOptions options;
  options.rule = ScaleRule::Amax;
  float tensorScale =
      computeTensorScale(*lookupFormat("nvfp4"), options, x.data(), x.size());
  double error = 0.0, signal = 0.0;
  for (size_t start = 0; start < x.size(); start += block) {
    float scale = shrinkScale(x.data() + start, block, tensorScale);
    for (size_t i = start; i < start + block; ++i) {
      uint8_t code = encodeElement(ElementType::E2M1, x[i] / scale);
      double d = x[i] - double(decodeElement(ElementType::E2M1, code)) * scale;
      error += d * d;
      signal += double(x[i]) * x[i];
    }
  }
  return error / signal;
}

TEST(ErrorModel, N3_1_OrderOfE8M0Rules) {
  for (Distribution distribution : kDistributions) {
    std::vector<float> x = drawSamples(distribution, 1 << 17);
    double even = measureMX(ScaleRule::Even, x);
    double floor = measureMX(ScaleRule::Floor, x);
    double rceil = measureMX(ScaleRule::RCeil, x);
    double ceil = measureMX(ScaleRule::Ceil, x);
    EXPECT_LT(measureMX(ScaleRule::Mse, x), even);
    EXPECT_LT(even, floor);
    EXPECT_LT(floor, rceil);
    EXPECT_LT(rceil, ceil);
  }
}

TEST(ErrorModel, N4_4_OrderOfUE4M3Rules) {
  for (Distribution distribution : kDistributions)
    for (int64_t rotation : {1, 16}) {
      std::vector<float> x =
          rotate(drawSamples(distribution, 1 << 16), rotation);
      double sweep = measureNV(ScaleRule::Sweep, x);
      double squared = measureNV(ScaleRule::FourOverSixMse, x);
      double absolute = measureNV(ScaleRule::FourOverSixMae, x);
      double amax = measureNV(ScaleRule::Amax, x);
      double shrink = measureShrink(x);
      EXPECT_LT(sweep, squared);
      EXPECT_LT(squared, absolute);
      EXPECT_LT(absolute, amax);
      EXPECT_LT(sweep, shrink);
      EXPECT_LT(shrink, amax);
      // Where tails are heavy, shrinking is about as good as 4/6.
      if (distribution == Distribution::Normal || rotation > 1)
        EXPECT_LT(absolute, shrink);
    }
}

TEST(ErrorModel, N4_4_ShrinkIsAsPublished) {
  std::vector<float> x = drawSamples(Distribution::Normal, 1 << 16);
  EXPECT_NEAR(1.0, measureShrink(x) / .00790, 0.02);
}

TEST(ErrorModel, N6_1_RotationHelpsMXFP4AndHurtsNVFP4Amax) {
  for (Distribution distribution :
       {Distribution::Laplace, Distribution::StudentT5, Distribution::Channels})
    for (int64_t rotation : {16, 32, 128}) {
      std::vector<float> x = drawSamples(distribution, 1 << 16);
      for (ScaleRule rule : {ScaleRule::Floor, ScaleRule::Ceil,
                             ScaleRule::RCeil, ScaleRule::Even, ScaleRule::Mse})
        EXPECT_LT(measureMX(rule, x, rotation), measureMX(rule, x));
      EXPECT_GT(measureNV(ScaleRule::Amax, x, rotation),
                measureNV(ScaleRule::Amax, x));
    }
}

/// The model that adds the errors of both sides of a product.
TEST(ErrorModel, N7_1_ErrorsOfBothSidesAdd) {
  constexpr int64_t rows = 128;
  std::vector<float> a = drawSamples(Distribution::Normal, rows * kColumns);
  std::vector<float> b = drawSamples(Distribution::Laplace, rows * kColumns);
  Candidate even{*lookupFormat("mxfp4"), ScaleRule::Even};
  Candidate amax{*lookupFormat("nvfp4"), ScaleRule::Amax};
  std::vector<double> qa = decode(even, a, kColumns);
  std::vector<double> qb = decode(amax, b, kColumns);
  double error = 0.0, signal = 0.0;
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < rows; ++n) {
      double exact = 0.0, quantized = 0.0;
      for (int64_t k = 0; k < kColumns; ++k) {
        exact += double(a[m * kColumns + k]) * b[n * kColumns + k];
        quantized += qa[m * kColumns + k] * qb[n * kColumns + k];
      }
      error += (quantized - exact) * (quantized - exact);
      signal += exact * exact;
    }
  EXPECT_NEAR(1.0, error / signal / (measure(even, a) + measure(amax, b)),
              0.05);
}

} // namespace
