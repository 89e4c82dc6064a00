//===- gptq_shim.cpp - mxquant behind plain C symbols -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What gptq_library.py loads: GPTQ, rounding to nearest and the Hessian, over
// arrays of the caller.
//===----------------------------------------------------------------------===//

#include "Quantization/Threads.h"
#include "mx/Quantization/Gptq.h"
#include "mx/Quantization/Hessian.h"
#include <algorithm>

extern "C" {

/// A format with enumerators as indices, and how weights are quantised.
struct ShimGptqOptions {
  int32_t element;
  int32_t scale;
  int64_t block;
  int32_t tensorScale;
  int32_t actOrder;
  double damping;
  const char *rule;
  int64_t threads;
};

/// The fields of GptqResult.
struct ShimGptqResult {
  double damping;
  int64_t deadColumns;
  int32_t fellBack;
  float tensorScale;
};

} // extern "C"

static mxquant::GptqOptions toOptions(const ShimGptqOptions &options) {
  mxquant::GptqOptions result;
  result.format = {mxnum::kElementTypes[options.element],
                   options.scale == 0 ? mxnum::ScaleType::E8M0
                                      : mxnum::ScaleType::UE4M3,
                   options.block, options.tensorScale != 0};
  result.quantize.rule = *mxnum::lookupScaleRule(options.rule);
  result.actOrder = options.actOrder != 0;
  result.damping = options.damping;
  return result;
}

extern "C" {

/// Quantises weights [rows, columns]: by GPTQ, or to nearest if `hessian` is
/// null. `payload` and `scales` receive the canonical bytes.
void shim_gptq(const ShimGptqOptions *options, const float *weights,
               int64_t rows, int64_t columns, const double *hessian,
               uint8_t *payload, uint8_t *scales, ShimGptqResult *result) {
  mxquant::GptqOptions gptq = toOptions(*options);
  mxquant::ParallelFor parallel = makeThreads(int(options->threads));
  mxquant::GptqResult quantized;
  if (hessian)
    quantized = mxquant::quantizeGptq(weights, rows, columns,
                                      {hessian, hessian + columns * columns},
                                      gptq, parallel);
  else
    quantized.tensor = mxquant::quantizeNearest(
        gptq.format, gptq.quantize, weights, rows, columns, parallel);
  const mxnum::BlockTensor &tensor = quantized.tensor;
  std::copy(tensor.payload.begin(), tensor.payload.end(), payload);
  std::copy(tensor.scales.begin(), tensor.scales.end(), scales);
  *result = {quantized.damping, quantized.deadColumns, quantized.fellBack,
             tensor.tensorScale};
}

/// Writes Σ x·xᵀ of `count` rows, rotated in groups of `rotation` (0 for
/// none); `signs` is null or has one sign for each place of a group.
void shim_hessian(const float *rows, int64_t count, int64_t columns,
                  int64_t rotation, const int8_t *signs, double *hessian) {
  std::vector<double> sum(columns * columns);
  mxquant::accumulateHessian(rows, count, columns, sum, mxquant::runSerially);
  if (rotation)
    mxquant::rotateHessian(sum, columns, rotation, signs);
  std::copy(sum.begin(), sum.end(), hessian);
}

} // extern "C"
