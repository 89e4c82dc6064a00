//===- GptqHessianTest.cpp - GPTQ on Hessians of all kinds ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Dead columns, ties, damping and the way back to rounding to nearest; and the
// same bytes for any number of threads and any machine.
//===----------------------------------------------------------------------===//

#include "CacheSizes.h"
#include "GptqRuns.h"
#include "Threads.h"
#include <gtest/gtest.h>

using namespace mxnum;

//===----------------------------------------------------------------------===//
// Special Hessians
//===----------------------------------------------------------------------===//

TEST(Gptq, DeadColumnsBecomeZeroAndReachNothing) {
  Layer layer = drawSmallLayer();
  int64_t columns = layer.shape.columns;
  const std::vector<int64_t> deadColumns = {0, 50, columns - 1};
  for (int64_t dead : deadColumns)
    for (int64_t i = 0; i < columns; ++i)
      layer.calibration[dead * columns + i] =
          layer.calibration[i * columns + dead] = 0.0;
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  mxquant::GptqResult result = runGptq(layer, options);
  EXPECT_EQ(3, result.deadColumns);
  EXPECT_EQ(options.damping, result.damping);
  // Scales are chosen from the weights as they are given.
  EXPECT_EQ(roundToNearest(layer, options).scales, result.tensor.scales);
  std::vector<uint8_t> codes = unpack(result.tensor);
  for (int64_t row = 0; row < layer.shape.rows; ++row)
    for (int64_t dead : deadColumns)
      EXPECT_EQ(0, codes[row * columns + dead]);
  // The diagonal decides what is dead; what else there is must be noise.
  layer.calibration[50 * columns + 49] = 1.0;
  layer.calibration[49 * columns + 50] = 1.0;
  expectSame(result.tensor, runGptq(layer, options).tensor);
}

TEST(Gptq, OnlyDeadColumnsGiveZero) {
  Layer layer = drawSmallLayer();
  std::fill(layer.calibration.begin(), layer.calibration.end(), 0.0);
  mxquant::GptqResult result = runGptq(layer, makeOptions(kEncodings[0]));
  EXPECT_EQ(layer.shape.columns, result.deadColumns);
  EXPECT_FALSE(result.fellBack);
  for (uint8_t byte : result.tensor.payload)
    EXPECT_EQ(0, byte);
}

TEST(Gptq, HessiansOfAnySizeCount) {
  // A power of two changes no rounding.
  Layer layer = drawSmallLayer();
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  BlockTensor expected = runGptq(layer, options).tensor;
  for (double factor : {0x1p-300, 0x1p300}) {
    Layer scaled = layer;
    for (double &value : scaled.calibration)
      value *= factor;
    expectSame(expected, runGptq(scaled, options).tensor);
  }
}

TEST(Gptq, TiesOfTheOrderGoToTheFirstColumn) {
  Layer layer = drawSmallLayer();
  int64_t columns = layer.shape.columns;
  std::vector<double> &hessian = layer.calibration, correlation = hessian;
  for (int64_t i = 0; i < columns; ++i)
    for (int64_t k = 0; k < columns; ++k)
      correlation[i * columns + k] =
          i == k
              ? 1.0
              : hessian[i * columns + k] / std::sqrt(hessian[i * columns + i] *
                                                     hessian[k * columns + k]);
  hessian = correlation;
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  BlockTensor actOrder = runGptq(layer, options).tensor;
  EXPECT_NE(roundToNearest(layer, options).payload, actOrder.payload);
  options.actOrder = false;
  expectSame(runGptq(layer, options).tensor, actOrder);
}

/// The Hessian of `count` samples of 64 channels, less `shift` times its mean.
static Layer drawShiftedLayer(double shift, int64_t count = 16) {
  Layer layer = drawLayer(9, {64, 8, count, 1});
  double mean = 0.0;
  for (size_t i = 0; i < 64; ++i)
    mean += layer.calibration[i * 65] / 64;
  for (size_t i = 0; i < 64; ++i)
    layer.calibration[i * 65] -= shift * mean;
  return layer;
}

TEST(Gptq, DampingGrowsUntilTheHessianIsPositive) {
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  EXPECT_EQ(0.01, runGptq(drawShiftedLayer(0.0), options).damping);
  EXPECT_EQ(0.1, runGptq(drawShiftedLayer(0.05), options).damping);
  EXPECT_EQ(1.0, runGptq(drawShiftedLayer(0.3), options).damping);
  EXPECT_EQ(10.0, runGptq(drawShiftedLayer(0.8), options).damping);
}

TEST(Gptq, WithoutDampingASingularHessianIsFoundOut) {
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  options.damping = 0.0;
  EXPECT_EQ(0.0, runGptq(drawShiftedLayer(0.0, 200), options).damping);
  // Two equal columns: the last pivot is the rounding error of zero, which has
  // either sign.
  Layer twins;
  twins.shape = {2, 1, 1, 1};
  twins.weights = {1.0f, 0.3f};
  for (double energy = 1.1; energy < 4.0; energy += 0.1) {
    twins.calibration.assign(4, energy);
    EXPECT_EQ(0.01, runGptq(twins, options).damping) << energy;
  }
}

TEST(Gptq, FallsBackToRoundingToNearest) {
  mxquant::GptqOptions options = makeOptions(kEncodings[0]);
  Layer negative = drawShiftedLayer(3.0);
  Layer indefinite = drawShiftedLayer(0.0);
  indefinite.calibration[1] = indefinite.calibration[64] = 1e6;
  Layer broken = drawShiftedLayer(0.0);
  broken.calibration[65] = std::numeric_limits<double>::quiet_NaN();
  Layer huge = drawShiftedLayer(0.0);
  huge.calibration[65] = std::numeric_limits<double>::infinity();
  for (const Layer &layer : {negative, indefinite, broken, huge}) {
    mxquant::GptqResult result = runGptq(layer, options);
    EXPECT_TRUE(result.fellBack);
    EXPECT_EQ(0.0, result.damping);
    expectSame(roundToNearest(layer, options), result.tensor);
  }
}

//===----------------------------------------------------------------------===//
// The same bytes everywhere
//===----------------------------------------------------------------------===//

TEST(Gptq, SameBytesForAnyNumberOfThreads) {
  // Several tiles of the Hessian and chunks of rows, the last ones ragged.
  Layer layer = drawLayer(11, {300, 200, 600, 1});
  mxquant::GptqOptions options = makeOptions(kEncodings[3]);
  BlockTensor expected = runGptq(layer, options).tensor;
  for (int threads : {1, 2, 8})
    expectSame(expected, runGptq(layer, options, makeThreads(threads)).tensor);
}

TEST(Gptq, SameBytesForAnySizeOfCaches) {
  Layer layer = drawLayer(12, {300, 200, 600, 1});
  mxquant::GptqOptions options = makeOptions(kEncodings[3]);
  BlockTensor expected = runGptq(layer, options).tensor;
  forEachCacheSize(
      [&] { expectSame(expected, runGptq(layer, options).tensor); });
}
