//===- GptqTest.cpp - codes of GPTQ and of rounding to nearest ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// GPTQ against a literal reading of its description, which inverts the Hessian
// and passes on errors divided by the inverse's factor; where it must equal
// rounding to nearest; special weights.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Gptq.h"
#include "GptqRuns.h"
#include "Threads.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

//===----------------------------------------------------------------------===//
// The literal reading
//===----------------------------------------------------------------------===//

using Square = std::vector<std::vector<double>>;

/// By Gauss and Jordan; the matrix is positive definite.
Square invert(Square a) {
  size_t n = a.size();
  Square inverse(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i)
    inverse[i][i] = 1.0;
  for (size_t i = 0; i < n; ++i) {
    double pivot = a[i][i];
    for (size_t k = 0; k < n; ++k) {
      a[i][k] /= pivot;
      inverse[i][k] /= pivot;
    }
    for (size_t row = 0; row < n; ++row) {
      double factor = a[row][i];
      for (size_t k = 0; k < n && row != i; ++k) {
        a[row][k] -= factor * a[i][k];
        inverse[row][k] -= factor * inverse[i][k];
      }
    }
  }
  return inverse;
}

/// The upper triangle U of a = Uᵀ·U.
Square decompose(const Square &a) {
  size_t n = a.size();
  Square upper(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i)
    for (size_t k = i; k < n; ++k) {
      double sum = a[i][k];
      for (size_t j = 0; j < i; ++j)
        sum -= upper[j][i] * upper[j][k];
      upper[i][k] = i == k ? std::sqrt(sum) : sum / upper[i][i];
    }
  return upper;
}

std::vector<size_t> findOrder(const Layer &layer, bool actOrder) {
  auto columns = size_t(layer.shape.columns);
  std::vector<size_t> order(columns);
  for (size_t i = 0; i < columns; ++i)
    order[i] = i;
  if (actOrder)
    for (size_t i = 1; i < columns; ++i) // Insertion keeps equal ones in order.
      for (size_t k = i; k > 0; --k)
        if (layer.calibration[order[k] * (columns + 1)] >
            layer.calibration[order[k - 1] * (columns + 1)])
          std::swap(order[k], order[k - 1]);
  return order;
}

/// N3.4, N3.8 and N4.5 for one value of a block with a known scale.
uint8_t encodeOne(const BlockTensor &tensor, ScaleRule rule, size_t scale,
                  float value) {
  float decoded = decodeScale(tensor.format.scale, tensor.scales[scale]);
  if (tensor.format.scale == ScaleType::UE4M3)
    return encodeElement(tensor.format.element,
                         value / (decoded * tensor.tensorScale));
  value = rule == ScaleRule::Abs3 ? 3.0f * value : value;
  return encodeElement(tensor.format.element, value / decoded);
}

/// The codes of GPTQ, row-major and one per byte.
std::vector<uint8_t> runLiterally(const Layer &layer,
                                  const mxquant::GptqOptions &options) {
  auto columns = size_t(layer.shape.columns);
  std::vector<size_t> order = findOrder(layer, options.actOrder);
  double mean = 0.0;
  for (size_t i = 0; i < columns; ++i)
    mean += layer.calibration[i * (columns + 1)] / double(columns);
  Square damped(columns, std::vector<double>(columns));
  for (size_t i = 0; i < columns; ++i)
    for (size_t k = 0; k < columns; ++k)
      damped[i][k] = layer.calibration[order[i] * columns + order[k]] +
                     (i == k ? options.damping * mean : 0.0);
  Square upper = decompose(invert(damped));
  BlockTensor tensor = roundToNearest(layer, options);
  size_t blocks = tensor.scales.size() / size_t(layer.shape.rows);
  std::vector<double> weights(layer.weights.begin(), layer.weights.end());
  std::vector<uint8_t> codes(weights.size());
  for (size_t row = 0; row < size_t(layer.shape.rows); ++row) {
    double *w = weights.data() + row * columns;
    for (size_t i = 0; i < columns; ++i) {
      size_t column = order[i];
      size_t scale = row * blocks + column / size_t(options.format.block);
      uint8_t code =
          encodeOne(tensor, options.quantize.rule, scale, float(w[column]));
      codes[row * columns + column] = code;
      double decoded = decodeValue(options.format, code, tensor.scales[scale],
                                   tensor.tensorScale);
      double error = (w[column] - decoded) / upper[i][i];
      for (size_t k = i; k < columns; ++k)
        w[order[k]] -= error * upper[i][k];
    }
  }
  return codes;
}

class GptqEncodings : public testing::TestWithParam<Encoding> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Gptq, GptqEncodings, testing::ValuesIn(kEncodings),
                         [](const testing::TestParamInfo<Encoding> &info) {
                           return info.param.name;
                         });

TEST_P(GptqEncodings, N3_8_N4_5_AgreesWithTheLiteralReading) {
  Layer layer = drawSmallLayer();
  mxquant::GptqOptions options = makeOptions(GetParam());
  for (bool actOrder : {false, true}) {
    options.actOrder = actOrder;
    mxquant::GptqResult result = runGptq(layer, options);
    EXPECT_EQ(runLiterally(layer, options), unpack(result.tensor));
    EXPECT_EQ(roundToNearest(layer, options).scales, result.tensor.scales);
    EXPECT_EQ(options.damping, result.damping);
    EXPECT_FALSE(result.fellBack);
    EXPECT_EQ(0, result.deadColumns);
  }
}

//===----------------------------------------------------------------------===//
// Rounding to nearest
//===----------------------------------------------------------------------===//

TEST_P(GptqEncodings, UncorrelatedColumnsAreRoundedToNearest) {
  Layer layer = drawSmallLayer();
  // N2.3: signs of zeros are kept.
  layer.weights[3] = -0.0f;
  layer.weights[5] = 0.0f;
  std::fill(layer.calibration.begin(), layer.calibration.end(), 0.0);
  for (int64_t i = 0; i < layer.shape.columns; ++i)
    layer.calibration[i * (layer.shape.columns + 1)] = 2.0;
  mxquant::GptqOptions options = makeOptions(GetParam());
  expectSame(roundToNearest(layer, options), runGptq(layer, options).tensor);
}

TEST_P(GptqEncodings, NearestEqualsQuantize) {
  Layer layer = drawSmallLayer();
  layer.weights[7] = kNaN;
  layer.weights[500] = kInfinity;
  layer.weights[12000] = -kInfinity;
  mxquant::GptqOptions options = makeOptions(GetParam());
  for (bool satfinite : {false, true}) {
    options.quantize.satfinite = satfinite;
    expectSame(roundToNearest(layer, options),
               mxquant::quantizeNearest(options.format, options.quantize,
                                        layer.weights.data(), layer.shape.rows,
                                        layer.shape.columns, makeThreads(3)));
  }
}

TEST(Nearest, TensorScaleGivenByTheCaller) {
  Layer layer = drawSmallLayer();
  mxquant::GptqOptions options = makeOptions(kEncodings[3]);
  for (float scale : {0.25f, 0.0f, kNaN}) {
    options.quantize.tensorScale = scale;
    expectSame(roundToNearest(layer, options),
               mxquant::quantizeNearest(options.format, options.quantize,
                                        layer.weights.data(), layer.shape.rows,
                                        layer.shape.columns,
                                        mxquant::runSerially));
    // N4.1: other scales than the first poison everything.
    BlockTensor result = runGptq(layer, options).tensor;
    if (scale == 0.25f)
      EXPECT_EQ(scale, result.tensorScale);
    else
      expectSame(roundToNearest(layer, options), result);
  }
}

TEST(Nearest, N1_6_EmptyTensors) {
  for (auto [rows, columns] : {std::pair(0, 5), std::pair(5, 0)})
    for (const Encoding &encoding : kEncodings) {
      Layer layer;
      layer.shape = {columns, rows, 0, 0};
      layer.calibration.assign(columns * columns, 1.0);
      mxquant::GptqOptions options = makeOptions(encoding);
      expectSame(roundToNearest(layer, options),
                 mxquant::quantizeNearest(options.format, options.quantize,
                                          nullptr, rows, columns,
                                          mxquant::runSerially));
      expectSame(roundToNearest(layer, options),
                 runGptq(layer, options).tensor);
    }
}

//===----------------------------------------------------------------------===//
// Special weights
//===----------------------------------------------------------------------===//

TEST_P(GptqEncodings, N3_6_PoisonStaysInItsBlock) {
  Layer layer = drawSmallLayer();
  mxquant::GptqOptions options = makeOptions(GetParam());
  std::vector<uint8_t> clean = unpack(runGptq(layer, options).tensor);
  // One bad value in the middle of row 2, and the whole of row 4.
  int64_t columns = layer.shape.columns;
  layer.weights[2 * columns + 70] = kInfinity;
  std::fill_n(layer.weights.begin() + 4 * columns, columns, kNaN);
  if (GetParam().format.tensorScale)
    options.quantize.tensorScale = runGptq(layer, options).tensor.tensorScale;
  mxquant::GptqResult result = runGptq(layer, options);
  EXPECT_EQ(roundToNearest(layer, options).scales, result.tensor.scales);
  std::vector<uint8_t> codes = unpack(result.tensor);
  std::vector<double> values = decodeAll(result.tensor);
  int64_t block = options.format.block, start = 70 / block * block;
  for (int64_t i = 0; i < layer.shape.rows * columns; ++i) {
    int64_t row = i / columns, column = i % columns;
    bool isPoisoned =
        row == 4 || (row == 2 && column >= start && column < start + block);
    EXPECT_EQ(isPoisoned, std::isnan(values[i])) << i;
    if (isPoisoned)
      EXPECT_EQ(0, codes[i]) << i;
    else if (row != 2)
      EXPECT_EQ(clean[i], codes[i]) << i;
  }
}

TEST_P(GptqEncodings, N3_7_SatfiniteInfinityIsTheLargestNumber) {
  Layer layer = drawSmallLayer();
  mxquant::GptqOptions options = makeOptions(GetParam());
  options.quantize.satfinite = true;
  Layer clamped = layer;
  layer.weights[100] = -kInfinity;
  clamped.weights[100] = -std::numeric_limits<float>::max();
  expectSame(runGptq(clamped, options).tensor, runGptq(layer, options).tensor);
}
