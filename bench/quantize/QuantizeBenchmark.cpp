//===- QuantizeBenchmark.cpp - how long weights take to quantise ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Throughput in weights per second of wall time (items_per_second), beside the
// CPU time of all threads. The argument is the number of threads.
//===----------------------------------------------------------------------===//

#include "Quantization/Threads.h"
#include "mx/Quantization/ErrorModel.h"
#include "mx/Quantization/Gptq.h"
#include "mx/Quantization/Hessian.h"
#include <benchmark/benchmark.h>
#include <cmath>

using namespace mxnum;

namespace {

constexpr int64_t kSide = 4096;

/// Reproducible values in (-1, 1), larger in some columns than in others.
std::vector<float> makeMatrix(int64_t rows, int64_t columns, uint64_t state) {
  std::vector<float> values(rows * columns);
  for (size_t i = 0; i < values.size(); ++i) {
    // The top 24 bits of Knuth's MMIX generator.
    state = state * 6364136223846793005 + 1442695040888963407;
    float uniform = float(int32_t(state >> 40) - (1 << 23)) * 0x1p-23f;
    values[i] = uniform / float(1 + i % columns % 64);
  }
  return values;
}

/// The Hessian of fewer rows than columns, which needs its damping.
std::vector<double> makeHessian(int64_t columns,
                                const mxquant::ParallelFor &parallel) {
  int64_t count = 512;
  std::vector<float> rows = makeMatrix(count, columns, 1);
  std::vector<double> hessian(columns * columns);
  mxquant::accumulateHessian(rows.data(), count, columns, hessian, parallel);
  return hessian;
}

void setRate(benchmark::State &state, int64_t weights) {
  state.SetItemsProcessed(state.iterations() * weights);
}

} // namespace

//===----------------------------------------------------------------------===//
// Rounding to nearest
//===----------------------------------------------------------------------===//

static void runNearest(benchmark::State &state, const char *format,
                       ScaleRule rule) {
  mxquant::ParallelFor parallel = makeThreads(int(state.range(0)));
  std::vector<float> weights = makeMatrix(kSide, kSide, 4);
  QuantizeOptions options;
  options.rule = rule;
  for (auto _ : state)
    benchmark::DoNotOptimize(mxquant::quantizeNearest(*lookupFormat(format),
                                                      options, weights.data(),
                                                      kSide, kSide, parallel));
  setRate(state, kSide * kSide);
}

#define MX_BENCHMARK_NEAREST(format, rule)                                     \
  BENCHMARK_CAPTURE(runNearest, format##_##rule, #format, ScaleRule::rule)     \
      ->Arg(1)                                                                 \
      ->Arg(2)                                                                 \
      ->Unit(benchmark::kMillisecond)                                          \
      ->MeasureProcessCPUTime()                                                \
      ->UseRealTime()

MX_BENCHMARK_NEAREST(mxfp4, Floor);
MX_BENCHMARK_NEAREST(mxfp4, Ceil);
MX_BENCHMARK_NEAREST(mxfp4, RCeil);
MX_BENCHMARK_NEAREST(mxfp4, Even);
MX_BENCHMARK_NEAREST(mxfp4, Mse);
MX_BENCHMARK_NEAREST(nvfp4, Amax);
MX_BENCHMARK_NEAREST(nvfp4, FourOverSixMse);
MX_BENCHMARK_NEAREST(nvfp4, FourOverSixMae);
MX_BENCHMARK_NEAREST(nvfp4, Sweep);
MX_BENCHMARK_NEAREST(mxfp6_e2m3, Even);
MX_BENCHMARK_NEAREST(mxfp6_e3m2, RCeil);
MX_BENCHMARK_NEAREST(mxfp8_e4m3, RCeil);
MX_BENCHMARK_NEAREST(mxfp8_e5m2, RCeil);

/// What it costs to measure such an encoding; the argument is the rotation.
static void runMeasureError(benchmark::State &state) {
  std::vector<float> weights = makeMatrix(kSide, kSide, 5);
  mxquant::Candidate candidate{*lookupFormat("mxfp4"), ScaleRule::Even,
                               state.range(0)};
  for (auto _ : state)
    benchmark::DoNotOptimize(mxquant::measureError(
        candidate, weights.data(), kSide, kSide, mxquant::runSerially));
  setRate(state, kSide * kSide);
}
BENCHMARK(runMeasureError)
    ->Arg(0)
    ->Arg(32)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);

//===----------------------------------------------------------------------===//
// GPTQ
//===----------------------------------------------------------------------===//

static void runGptq(benchmark::State &state, const char *format,
                    ScaleRule rule) {
  mxquant::ParallelFor parallel = makeThreads(int(state.range(0)));
  std::vector<float> weights = makeMatrix(kSide, kSide, 2);
  std::vector<double> hessian = makeHessian(kSide, parallel);
  mxquant::GptqOptions options;
  options.format = *lookupFormat(format);
  options.quantize.rule = rule;
  for (auto _ : state)
    benchmark::DoNotOptimize(mxquant::quantizeGptq(weights.data(), kSide, kSide,
                                                   hessian, options, parallel));
  setRate(state, kSide * kSide);
}

#define MX_BENCHMARK_GPTQ(format, rule)                                        \
  BENCHMARK_CAPTURE(runGptq, format##_##rule, #format, ScaleRule::rule)        \
      ->Arg(1)                                                                 \
      ->Arg(2)                                                                 \
      ->Unit(benchmark::kSecond)                                               \
      ->Iterations(1)                                                          \
      ->MeasureProcessCPUTime()                                                \
      ->UseRealTime()

MX_BENCHMARK_GPTQ(mxfp4, Even);
MX_BENCHMARK_GPTQ(nvfp4, Sweep);

//===----------------------------------------------------------------------===//
// Hessian
//===----------------------------------------------------------------------===//

/// One batch of calibration rows; the rate is in rows.
static void runAccumulateHessian(benchmark::State &state) {
  mxquant::ParallelFor parallel = makeThreads(int(state.range(0)));
  int64_t count = 2048;
  std::vector<float> rows = makeMatrix(count, kSide, 3);
  std::vector<double> hessian(kSide * kSide);
  for (auto _ : state)
    mxquant::accumulateHessian(rows.data(), count, kSide, hessian, parallel);
  setRate(state, count);
}
BENCHMARK(runAccumulateHessian)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kSecond)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

static void runRotateHessian(benchmark::State &state) {
  std::vector<double> hessian(kSide * kSide, 1.0);
  for (auto _ : state)
    mxquant::rotateHessian(hessian, kSide, state.range(0), nullptr);
}
BENCHMARK(runRotateHessian)->Arg(32)->Arg(128)->Unit(benchmark::kSecond);
