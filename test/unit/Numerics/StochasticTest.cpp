//===- StochasticTest.cpp - stochastic rounding of tensors
//------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N5: no bias under the accepted rules, and results that depend on nothing but
// seed and index.
//===----------------------------------------------------------------------===//

#include "Samples.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

struct Encoding {
  const char *name;
  BlockFormat format;
  ScaleRule rule;
  /// The published error on normal samples, or 0.
  double error;
};

const BlockFormat kMXFP4 = kNamedFormats[0].format;
const BlockFormat kNVFP4 = kNamedFormats[1].format;

class Unclipped : public testing::TestWithParam<Encoding> {
protected:
  QuantizeOptions options;

  void SetUp() override {
    options.rule = GetParam().rule;
    options.rounding = Rounding::Stochastic;
    options.seed = 2024;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Stochastic, Unclipped,
    testing::Values(Encoding{"ceil", kMXFP4, ScaleRule::Ceil, 0.0},
                    Encoding{"rceil", kMXFP4, ScaleRule::RCeil, 0.0},
                    Encoding{"abs3",
                             {ElementType::E2M1, ScaleType::E8M0, 32, true},
                             ScaleRule::Abs3,
                             .0282},
                    Encoding{"amax", kNVFP4, ScaleRule::Amax, 0.0}),
    [](const auto &param) { return std::string(param.param.name); });

TEST_P(Unclipped, N5_3_HasNoBias) {
  // ⟨x̂, x⟩ / ⟨x, x⟩ − 1.
  constexpr size_t count = 1 << 21;
  std::vector<float> x = drawSamples(Distribution::Normal, count);
  std::vector<double> decoded = decodeAll(
      quantize(GetParam().format, options, x.data(), {int64_t(count)}, 0));
  double product = 0.0, energy = 0.0, error = 0.0;
  for (size_t i = 0; i < count; ++i) {
    product += decoded[i] * x[i];
    energy += double(x[i]) * x[i];
    error += (decoded[i] - x[i]) * (decoded[i] - x[i]);
  }
  EXPECT_LT(std::fabs(product / energy - 1), 5e-4);
  if (GetParam().error != 0.0)
    EXPECT_NEAR(1.0, error / energy / GetParam().error, 0.05);
}

TEST_P(Unclipped, N5_3_NothingSaturates) {
  // The mean over many seeds tends to the value itself, the largest included.
  std::vector<float> x = drawSamples(Distribution::Normal, 64);
  constexpr int seeds = 4000;
  std::vector<double> sum(x.size());
  double step = 0.0;
  for (int seed = 0; seed < seeds; ++seed) {
    options.seed = uint64_t(seed) << 20;
    std::vector<double> decoded =
        decodeAll(quantize(GetParam().format, options, x.data(), {64}, 0));
    for (size_t i = 0; i < x.size(); ++i) {
      sum[i] += decoded[i];
      step = std::max(step, std::fabs(decoded[i] - x[i]));
    }
  }
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(x[i], sum[i] / seeds, 5 * step / std::sqrt(double(seeds)));
}

TEST_P(Unclipped, N5_1_IsReproducible) {
  std::vector<float> x = drawSamples(Distribution::Laplace, 1 << 12);
  auto run = [&] {
    return quantize(GetParam().format, options, x.data(), {1 << 12}, 0);
  };
  BlockTensor first = run(), second = run();
  EXPECT_EQ(first.payload, second.payload);
  EXPECT_EQ(first.scales, second.scales);
  options.seed += 1;
  BlockTensor other = run();
  EXPECT_NE(first.payload, other.payload);
  EXPECT_EQ(first.scales, other.scales);
}

TEST(Stochastic, N5_1_DoesNotDependOnTheShape) {
  // The same row-major elements in other shapes get the same numbers.
  std::vector<float> x = drawSamples(Distribution::Normal, 1 << 12);
  QuantizeOptions options;
  options.rule = ScaleRule::RCeil;
  options.rounding = Rounding::Stochastic;
  BlockTensor flat = quantize(kMXFP4, options, x.data(), {1 << 12}, 0);
  BlockTensor deep = quantize(kMXFP4, options, x.data(), {8, 8, 64}, 2);
  EXPECT_EQ(flat.payload, deep.payload);
  EXPECT_EQ(flat.scales, deep.scales);
}

TEST(Stochastic, N5_3_HeadRoomLowersTheCodes) {
  QuantizeOptions options;
  options.rule = ScaleRule::Amax;
  options.rounding = Rounding::Stochastic;
  const float x[] = {2688.0f};
  EXPECT_EQ(1.0625f, computeTensorScale(kNVFP4, options, x, 1));
  BlockTensor tensor = quantize(kNVFP4, options, x, {1}, 0);
  // (1.0625 · 2688 / 6) / 1.0625 = 448.
  EXPECT_EQ((std::vector<uint8_t>{0x7E}), tensor.scales);
}

TEST(Stochastic, N5_3_HeadRoomSaturates) {
  QuantizeOptions options;
  options.rule = ScaleRule::Amax;
  options.rounding = Rounding::Stochastic;
  const float x[] = {0x1.fffffep127f};
  EXPECT_EQ(0x1.fffffep127f / 2688.0f,
            computeTensorScale(kNVFP4, options, x, 1));
  BlockTensor tensor = quantize(kNVFP4, options, x, {1}, 0);
  EXPECT_EQ((std::vector<uint8_t>{0x7E}), tensor.scales);
}

} // namespace
