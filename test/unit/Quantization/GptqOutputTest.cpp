//===- GptqOutputTest.cpp - what GPTQ gains on correlated inputs ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Output errors on activations that calibration has not seen, as means over
// three layers. The bounds are what a separate program, written from the
// algorithm's description, found on inputs of the same kind. How much the order
// of columns gains on rotated layers differs as much between layers as it is on
// the average, which measure_gptq.py takes over more of them.
//===----------------------------------------------------------------------===//

#include "CorrelatedInputs.h"
#include "Threads.h"
#include "mx/Quantization/Gptq.h"
#include <cstdio>
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

constexpr int kLayers = 3;

struct Errors {
  double nearest = 0.0;
  double inOrder = 0.0;
  double actOrder = 0.0;
};

struct Setting {
  const char *format;
  ScaleRule rule;
  int64_t rotation;
};

const std::vector<Layer> &getLayers() {
  static const std::vector<Layer> layers = [] {
    std::vector<Layer> drawn(kLayers);
    makeThreads(2)(kLayers, [&](int64_t i) { drawn[i] = drawLayer(1 + i); });
    return drawn;
  }();
  return layers;
}

Errors measureOne(const Setting &setting, const Layer &plain) {
  Layer layer = setting.rotation ? rotateLayer(plain, setting.rotation) : plain;
  mxquant::GptqOptions options;
  options.format = *lookupFormat(setting.format);
  options.quantize.rule = setting.rule;
  int64_t rows = layer.shape.rows, columns = layer.shape.columns;
  auto runGptq = [&](bool actOrder) {
    options.actOrder = actOrder;
    return mxquant::quantizeGptq(layer.weights.data(), rows, columns,
                                 layer.calibration, options,
                                 mxquant::runSerially);
  };
  return {measureLayer(
              layer, mxquant::quantizeNearest(options.format, options.quantize,
                                              layer.weights.data(), rows,
                                              columns, mxquant::runSerially)),
          measureLayer(layer, runGptq(false).tensor),
          measureLayer(layer, runGptq(true).tensor)};
}

Errors measureAll(const Setting &setting) {
  std::vector<Errors> errors(kLayers);
  const std::vector<Layer> &layers = getLayers();
  makeThreads(2)(
      kLayers, [&](int64_t i) { errors[i] = measureOne(setting, layers[i]); });
  Errors mean;
  for (const Errors &one : errors) {
    mean.nearest += one.nearest / kLayers;
    mean.inOrder += one.inOrder / kLayers;
    mean.actOrder += one.actOrder / kLayers;
  }
  std::printf("%s %-5s h%-2d  nearest %.5f  gptq %.5f (1/%.2f)  "
              "act order %.5f (%+.1f %%)\n",
              setting.format, getScaleRuleName(setting.rule),
              int(setting.rotation), mean.nearest, mean.inOrder,
              mean.nearest / mean.inOrder, mean.actOrder,
              100.0 * (mean.actOrder / mean.inOrder - 1.0));
  return mean;
}

std::string printSetting(const testing::TestParamInfo<Setting> &info) {
  return std::string(info.param.format) + "_" +
         getScaleRuleName(info.param.rule) +
         std::to_string(info.param.rotation);
}

class Unrotated : public testing::TestWithParam<Setting> {};
class Rotated : public testing::TestWithParam<Setting> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Gptq, Unrotated,
                         testing::Values(Setting{"mxfp4", ScaleRule::Floor, 0},
                                         Setting{"mxfp4", ScaleRule::Even, 0},
                                         Setting{"nvfp4", ScaleRule::Amax, 0},
                                         Setting{"nvfp4", ScaleRule::Sweep, 0}),
                         printSetting);

TEST_P(Unrotated, HalvesTheOutputError) {
  Errors errors = measureAll(GetParam());
  EXPECT_GE(errors.nearest / errors.inOrder, 2.1);
  EXPECT_LE(errors.actOrder / errors.inOrder, 0.97);
  EXPECT_GE(errors.actOrder / errors.inOrder, 0.85);
}

INSTANTIATE_TEST_SUITE_P(Gptq, Rotated,
                         testing::Values(Setting{"mxfp4", ScaleRule::Floor, 32},
                                         Setting{"mxfp4", ScaleRule::Even, 32},
                                         Setting{"nvfp4", ScaleRule::Amax, 16},
                                         Setting{"nvfp4", ScaleRule::Sweep,
                                                 16}),
                         printSetting);

TEST_P(Rotated, QuartersTheOutputError) {
  Errors errors = measureAll(GetParam());
  EXPECT_GE(errors.nearest / errors.inOrder, 4.0);
  EXPECT_GE(errors.nearest / errors.actOrder, 4.0);
  EXPECT_LT(errors.actOrder, errors.inOrder);
}
