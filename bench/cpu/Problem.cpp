//===- Problem.cpp - weights, activations and what comes out --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Quantize.h"
#include <cmath>
#include <random>

using namespace mxnum;

static std::vector<float> makeNormal(int64_t size, unsigned seed) {
  std::minstd_rand generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float &value : values)
    value = normal(generator);
  return values;
}

static QuantizeOptions getOptions(const BlockFormat &format) {
  QuantizeOptions options;
  options.rule = format.tensorScale ? ScaleRule::Amax : ScaleRule::Even;
  return options;
}

Problem::Problem(const std::string &name, int64_t n, int64_t k, int64_t maxRows)
    : format(*lookupFormat(name)), formatName(name) {
  BlockTensor tensor =
      quantize(format, getOptions(format), makeNormal(n * k, 1).data(), {n, k},
               /*axis=*/1);
  codes = std::move(tensor.payload);
  scales = std::move(tensor.scales);
  activations = makeNormal(maxRows * k, 2);
  for (float &value : activations)
    value = bf16ToF32(f32ToBF16(value));
  weights = {n,
             k,
             formatName.c_str(),
             codes.data(),
             scales.data(),
             tensor.tensorScale};
}

std::string Problem::getName() const {
  return formatName + "/" + std::to_string(weights.n) + "x" +
         std::to_string(weights.k);
}

double Problem::computeExactly(int64_t row, int64_t column) const {
  int64_t k = weights.k, blocks = k / format.block;
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) {
    uint8_t byte = codes[(column * k + i) / 2];
    uint8_t code = i % 2 ? byte >> 4 : byte & 15;
    uint8_t scale = scales[column * blocks + i / format.block];
    sum += double(activations[row * k + i]) *
           decodeValue(format, code, scale, weights.tensor_scale);
  }
  return sum;
}

double Problem::measureError(int64_t rows, const float *results) const {
  constexpr int64_t places = 64;
  double error = 0, signal = 0;
  for (int64_t i = 0; i < places; ++i) {
    // Spread over rows and columns, and over the lanes of vectors.
    int64_t row = i % rows, column = (i * weights.n / places + i) % weights.n;
    double exact = computeExactly(row, column);
    error += std::pow(results[row * weights.n + column] - exact, 2);
    signal += exact * exact;
  }
  return std::sqrt(error / signal);
}
