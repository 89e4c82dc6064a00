//===- Weights.cpp - weights quantised against activations, from C --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// lib/Quantization starts no threads; here every call has some of its own, as
// many as the machine has. Results are the same for any number.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Text.h"
#include "mx/Driver/Array.h"
#include "mx/Quantization/Gptq.h"
#include "mx/Quantization/Hessian.h"
#include "llvm/Support/ThreadPool.h"
#include <atomic>
#include <cmath>

using namespace mlir::mx;
using llvm::Twine;

/// Threads that take indices one after another.
static void runInParallel(int64_t count,
                          const std::function<void(int64_t)> &body) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency());
  std::atomic<int64_t> next{0};
  int64_t threads = std::min<int64_t>(count, pool.getMaxConcurrency());
  for (int64_t thread = 0; thread < threads; ++thread)
    pool.async([&] {
      for (int64_t index = next++; index < count; index = next++)
        body(index);
    });
  pool.wait();
}

/// Whether a square matrix of f64 with so many columns fits in memory.
static bool checkColumns(int64_t columns, MXText **messages) {
  if (columns >= 0 && countElements({columns, columns}, sizeof(double)))
    return true;
  return fail(messages, "expected columns whose moments fit in memory, got " +
                            Twine(columns));
}

bool mxMomentsAdd(const float *rows, int64_t count, int64_t columns,
                  double *moments, MXText **messages) {
  setMessages(messages, "");
  if (!checkCount(count, messages) || !checkColumns(columns, messages))
    return false;
  for (int64_t i = 0; i < count * columns; ++i)
    if (!std::isfinite(rows[i]))
      return fail(messages, "expected finite activations, got " +
                                std::to_string(rows[i]) + " in row " +
                                Twine(i / columns));
  std::vector<double> sum(moments, moments + columns * columns);
  mxquant::accumulateHessian(rows, count, columns, sum, runInParallel);
  std::copy(sum.begin(), sum.end(), moments);
  return true;
}

bool mxMomentsRotate(double *moments, int64_t columns, int64_t size,
                     const int8_t *signs, MXText **messages) {
  setMessages(messages, "");
  if (!checkColumns(columns, messages) || !checkRotation(size, signs, messages))
    return false;
  if (columns % size != 0)
    return fail(messages, "expected columns that are a multiple of the "
                          "rotation's " +
                              Twine(size) + ", got " + Twine(columns));
  std::vector<double> rotated(moments, moments + columns * columns);
  mxquant::rotateHessian(rotated, columns, size, signs);
  std::copy(rotated.begin(), rotated.end(), moments);
  return true;
}

/// Whether GPTQ can do what is asked.
static bool checkGptq(const MXGptq &gptq, const QuantizationTask &task,
                      int64_t axis, MXText **messages) {
  if (task.sizes.size() != 2 || axis != 1)
    return fail(messages, "expected a matrix with blocks along axis 1 for "
                          "GPTQ, got axis " +
                              Twine(axis) + " of '" +
                              formatShape(task.sizes, DType::F32) + "'");
  if (task.options.rounding != mxnum::Rounding::NearestEven)
    return fail(messages, "expected rounding to nearest for GPTQ, got "
                          "stochastic rounding");
  if (!std::isfinite(gptq.damping) || gptq.damping < 0)
    return fail(messages, "expected a damping of at least 0, got " +
                              std::to_string(gptq.damping));
  return checkColumns(task.sizes[1], messages);
}

bool mxQuantizeGptq(const MXQuantization *quantization, const MXGptq *gptq,
                    const float *values, MXBlocks *blocks,
                    MXGptqOutcome *outcome, MXText **messages) {
  setMessages(messages, "");
  auto task = readQuantization(*quantization, *blocks, messages);
  if (!task || !checkGptq(*gptq, *task, blocks->axis, messages))
    return false;
  int64_t rows = task->sizes[0], columns = task->sizes[1];
  mxquant::GptqOptions options;
  options.format = task->format;
  options.quantize = task->options;
  options.actOrder = gptq->isActOrder;
  options.damping = gptq->damping;
  std::vector<double> moments(gptq->moments, gptq->moments + columns * columns);
  mxquant::GptqResult result = mxquant::quantizeGptq(
      values, rows, columns, moments, options, runInParallel);
  const mxnum::BlockTensor &tensor = result.tensor;
  std::copy(tensor.payload.begin(), tensor.payload.end(), blocks->payload);
  std::copy(tensor.scales.begin(), tensor.scales.end(), blocks->scales);
  blocks->format = quantization->format;
  blocks->tensorScale = tensor.tensorScale;
  if (outcome)
    *outcome = {result.damping, result.fellBack, result.deadColumns};
  return true;
}
