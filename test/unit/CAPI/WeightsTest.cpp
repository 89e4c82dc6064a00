//===- WeightsTest.cpp - GPTQ through the C interface ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Messages.h"
#include "mx/Quantization/Gptq.h"
#include "mx/Quantization/Hessian.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <vector>

namespace {

constexpr int64_t kRows = 12, kColumns = 64, kSamples = 200;

std::vector<float> makeNumbers(int64_t count, int64_t columns) {
  std::vector<float> values;
  for (int64_t i = 0; i < count * columns; ++i)
    values.push_back(std::sin(static_cast<float>(i)) +
                     0.5f * std::cos(static_cast<float>(i / columns)));
  return values;
}

/// A call that works until a test changes it.
struct Call {
  Call() : weights(makeNumbers(kRows, kColumns)), moments(kColumns * kColumns) {
    mxFormatLookup("mxfp4", &quantization.format, nullptr);
    quantization.scaleRule = "mse";
    std::vector<float> rows = makeNumbers(kSamples, kColumns);
    mxMomentsAdd(rows.data(), kSamples, kColumns, moments.data(), nullptr);
    gptq = {moments.data(), true, 0.01};
    blocks = {quantization.format, 2, shape, 1, payload, scales, 1};
  }
  Call(const Call &) = delete;

  std::string quantize() {
    Messages messages;
    mxQuantizeGptq(&quantization, &gptq, weights.data(), &blocks, &outcome,
                   messages);
    return messages.get();
  }

  std::vector<float> weights;
  std::vector<double> moments;
  MXQuantization quantization{};
  MXGptq gptq;
  MXGptqOutcome outcome{};
  MXBlocks blocks;
  int64_t shape[2] = {kRows, kColumns};
  uint8_t payload[kRows * kColumns / 2], scales[kRows * kColumns / 16];
};

} // namespace

TEST(WeightsTest, momentsAreThoseOfTheLibrary) {
  std::vector<float> rows = makeNumbers(kSamples, kColumns);
  std::vector<double> expected(kColumns * kColumns), sum = expected;
  mxquant::accumulateHessian(rows.data(), kSamples, kColumns, expected,
                             mxquant::runSerially);
  ASSERT_TRUE(
      mxMomentsAdd(rows.data(), kSamples, kColumns, sum.data(), nullptr));
  EXPECT_EQ(sum, expected);
  std::vector<int8_t> signs(16, 1);
  signs[3] = -1;
  mxquant::rotateHessian(expected, kColumns, 16, signs.data());
  ASSERT_TRUE(mxMomentsRotate(sum.data(), kColumns, 16, signs.data(), nullptr));
  EXPECT_EQ(sum, expected);
}

TEST(WeightsTest, gptqIsThatOfTheLibrary) {
  for (const auto &[name, rule] :
       {std::pair("mxfp4", "mse"), std::pair("nvfp4", "amax")})
    for (bool isActOrder : {false, true}) {
      Call call;
      mxFormatLookup(name, &call.quantization.format, nullptr);
      call.quantization.scaleRule = rule;
      call.gptq.isActOrder = isActOrder;
      ASSERT_EQ(call.quantize(), "");
      mxquant::GptqOptions options;
      options.format = *mxnum::lookupFormat(name);
      options.quantize.rule = *mxnum::lookupScaleRule(rule);
      options.actOrder = isActOrder;
      mxquant::GptqResult expected =
          mxquant::quantizeGptq(call.weights.data(), kRows, kColumns,
                                call.moments, options, mxquant::runSerially);
      const mxnum::BlockTensor &tensor = expected.tensor;
      EXPECT_TRUE(std::equal(tensor.payload.begin(), tensor.payload.end(),
                             call.payload));
      EXPECT_TRUE(
          std::equal(tensor.scales.begin(), tensor.scales.end(), call.scales));
      EXPECT_EQ(call.blocks.tensorScale, tensor.tensorScale);
      EXPECT_EQ(call.outcome.damping, 0.01);
      EXPECT_FALSE(call.outcome.isNearest);
    }
}

TEST(WeightsTest, outcomesTellWhatActivationsLack) {
  Call dead;
  for (int64_t i = 0; i < kColumns; ++i)
    dead.moments[7 * kColumns + i] = dead.moments[i * kColumns + 7] = 0;
  EXPECT_EQ(dead.quantize(), "");
  EXPECT_EQ(dead.outcome.deadColumns, 1);
  Call broken;
  broken.moments[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(broken.quantize(), "");
  EXPECT_TRUE(broken.outcome.isNearest);
  EXPECT_EQ(broken.outcome.damping, 0);
}

TEST(WeightsTest, argumentsAreChecked) {
  Call axis;
  axis.blocks.axis = 0;
  EXPECT_EQ(axis.quantize(), "error: expected a matrix with blocks along axis "
                             "1 for GPTQ, got axis 0 of '12x64xf32'\n");
  Call rounding;
  rounding.quantization.scaleRule = "rceil";
  rounding.quantization.isStochastic = true;
  rounding.quantization.randomBits = 16;
  EXPECT_EQ(rounding.quantize(), "error: expected rounding to nearest for "
                                 "GPTQ, got stochastic rounding\n");
  Call damping;
  damping.gptq.damping = -1;
  EXPECT_EQ(damping.quantize(),
            "error: expected a damping of at least 0, got -1.000000\n");
  Call rule;
  rule.quantization.scaleRule = "amax";
  EXPECT_EQ(rule.quantize(), "error: expected a rule for E8M0 scales (floor, "
                             "ceil, rceil, even, mse), got 'amax'\n");
  Messages messages;
  EXPECT_FALSE(mxMomentsAdd(nullptr, -1, 4, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected a number of elements, got -1\n");
  EXPECT_FALSE(mxMomentsAdd(nullptr, 1, int64_t(1) << 40, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected columns whose moments fit in "
                            "memory, got 1099511627776\n");
  float rows[] = {1, 2, 3, std::numeric_limits<float>::infinity()};
  double moments[4] = {};
  EXPECT_FALSE(mxMomentsAdd(rows, 2, 2, moments, messages));
  EXPECT_EQ(messages.get(),
            "error: expected finite activations, got inf in row 1\n");
  EXPECT_EQ(moments[0], 0);
  EXPECT_FALSE(mxMomentsRotate(moments, 2, 4, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected columns that are a multiple of "
                            "the rotation's 4, got 2\n");
}
