//===- ElementBenchmark.cpp - conversions and rotations -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Times what mx compiles for quantisation by every rule, dequantisation,
// rotation and both at once, and copies of the same numbers, repetition by
// repetition in random order. Bytes are those that are read and written.
//
//   ninja mx-bench-elements && bin/mx-bench-elements --rows=4096
//===----------------------------------------------------------------------===//

#include "CompiledLibrary.h"
#include "mx/Numerics/BlockFormat.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <optional>
#include <random>
#include <vector>

namespace cl = llvm::cl;

static cl::opt<int64_t> rows("rows", cl::init(2048),
                             cl::desc("Rows of 4096 numbers (default: 2048)"));
static constexpr int64_t kColumns = 4096;
/// Numbers of a rotation.
static constexpr int64_t kGroup = 32;

namespace {

/// A buffer without dimensions.
struct Number {
  const void *allocated, *data;
  int64_t offset;
};

/// A block-scaled value as functions take and return it.
struct Parts {
  Matrix codes, scales;
  Number tensorScale;
};

/// One function of a library.
struct Conversion {
  std::string name, program;
  /// None for rotations.
  std::optional<mxnum::BlockFormat> format;
  enum Kind { Quantize, Dequantize, Rotate } kind;
};

class Bench {
public:
  Bench();
  bool add(const Conversion &conversion);

private:
  void measure(const std::string &name, int64_t bytes,
               std::function<void()> body);

  std::vector<float> source, target;
};

} // namespace

Bench::Bench() : source(rows * kColumns), target(rows * kColumns) {
  std::minstd_rand generator(1);
  std::normal_distribution<float> normal;
  for (float &value : source)
    value = normal(generator);
  int64_t bytes = source.size() * sizeof(float);
  measure("limit/copy", 2 * bytes, [this, bytes] {
    std::memcpy(target.data(), source.data(), bytes);
    benchmark::ClobberMemory();
  });
}

void Bench::measure(const std::string &name, int64_t bytes,
                    std::function<void()> body) {
  auto run = [=](benchmark::State &state) {
    for (auto _ : state)
      body();
    using benchmark::Counter;
    state.counters["bytes/s"] =
        Counter(bytes, Counter::kIsIterationInvariantRate);
    state.counters["elements/s"] =
        Counter(source.size(), Counter::kIsIterationInvariantRate);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Unit(benchmark::kMicrosecond);
}

static int64_t getBytes(const mxnum::BlockFormat &format) {
  int64_t bits = mxnum::getElementInfo(format.element).bits;
  return rows * (kColumns * bits / 8 + kColumns / format.block);
}

static void release(const Parts &parts, const mxnum::BlockFormat &format) {
  std::free(const_cast<void *>(parts.codes.allocated));
  std::free(const_cast<void *>(parts.scales.allocated));
  if (format.tensorScale)
    std::free(const_cast<void *>(parts.tensorScale.allocated));
}

bool Bench::add(const Conversion &conversion) {
  llvm::Expected<void *> library =
      compileLibrary(conversion.program, Threads::One);
  if (!library) {
    llvm::errs() << llvm::toString(library.takeError()) << '\n';
    return false;
  }
  auto find = [&](const char *name) {
    return reinterpret_cast<void (*)(void **)>(::dlsym(*library, name));
  };
  auto quantize = find("mx_call_quantize"), call = find("mx_call_convert");
  Matrix x(source.data(), rows, kColumns), y(target.data(), rows, kColumns);
  int64_t bytes = source.size() * sizeof(float);
  if (conversion.kind == Conversion::Rotate) {
    measure(conversion.name, 2 * bytes, [=]() mutable {
      void *values[] = {&x, &y};
      call(values);
    });
    return true;
  }
  mxnum::BlockFormat format = *conversion.format;
  bytes += getBytes(format);
  if (conversion.kind == Conversion::Quantize) {
    measure(conversion.name, bytes, [=]() mutable {
      Parts parts;
      void *values[] = {&x, &parts.codes, &parts.scales, &parts.tensorScale};
      quantize(values);
      release(parts, format);
    });
    return true;
  }
  // What is dequantised was quantised, once.
  Parts parts;
  void *made[] = {&x, &parts.codes, &parts.scales, &parts.tensorScale};
  quantize(made);
  measure(conversion.name, bytes, [=]() mutable {
    void *values[] = {
        &parts.codes, &parts.scales,
        format.tensorScale ? static_cast<void *>(&parts.tensorScale) : &y, &y};
    call(values);
  });
  return true;
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static std::string getTensor() {
  return llvm::formatv("tensor<{0}x{1}xf32>", rows.getValue(), kColumns);
}

static std::string getScaled(const std::string &format, bool isRotated) {
  std::string rotation =
      isRotated ? llvm::formatv(", rotation = hadamard<{0}>", kGroup).str()
                : "";
  return llvm::formatv("!mx.tensor<{0}x{1}, {2}, axis = 1{3}>", rows.getValue(),
                       kColumns, format, rotation);
}

/// Stores the tensor %r to the argument %y.
static std::string storeResult() {
  return llvm::formatv("  bufferization.materialize_in_destination %r in "
                       "restrict writable %y : ({0}, memref<{1}x{2}xf32>) -> "
                       "()\n  return\n}\n",
                       getTensor(), rows.getValue(), kColumns);
}

static std::string declareResult() {
  return llvm::formatv("%y: memref<{0}x{1}xf32>", rows.getValue(), kColumns);
}

static std::string quantize(const std::string &format, const std::string &rule,
                            bool isRotated) {
  return llvm::formatv(
      "func.func @quantize(%x: {0}) -> {1} {{\n  %q = mx.quantize %x{2} "
      "scale_rule({3}) : {0} to {1}\n  return %q : {1}\n}\n",
      getTensor(), getScaled(format, isRotated), isRotated ? " rotate" : "",
      rule);
}

static std::string rotate() {
  return llvm::formatv("func.func @convert(%x: {0}, {1}) {{\n  %r = mx.rotate "
                       "%x by hadamard<{2}> along 1 : {0}\n{3}",
                       getTensor(), declareResult(), kGroup, storeResult());
}

static bool addFormat(Bench &bench, const std::string &name,
                      std::initializer_list<const char *> rules) {
  std::optional<mxnum::BlockFormat> format = mxnum::lookupFormat(name);
  for (const char *rule : rules)
    if (!bench.add({"quantize/" + name + "/" + rule,
                    quantize(name, rule, false), format, Conversion::Quantize}))
      return false;
  std::string first = *rules.begin();
  std::string dequantize = llvm::formatv(
      "func.func @convert(%w: {0}, {1}) {{\n  %r = mx.dequantize %w : {0} to "
      "{2}\n",
      getScaled(name, false), declareResult(), getTensor());
  return bench.add({"rotate+quantize/" + name + "/" + first,
                    quantize(name, first, true), format,
                    Conversion::Quantize}) &&
         bench.add({"dequantize/" + name,
                    quantize(name, first, false) + dequantize + storeResult(),
                    format, Conversion::Dequantize});
}

int main(int argc, char **argv) {
  std::vector<const char *> arguments = {
      argv[0], "--benchmark_enable_random_interleaving=true",
      "--benchmark_repetitions=11", "--benchmark_min_time=0.02",
      "--benchmark_report_aggregates_only=true"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = int(arguments.size());
  benchmark::Initialize(&count, const_cast<char **>(arguments.data()));
  cl::ParseCommandLineOptions(count, arguments.data());
  Bench bench;
  bool added =
      bench.add({"rotate/" + std::to_string(kGroup), rotate(), std::nullopt,
                 Conversion::Rotate}) &&
      addFormat(bench, "mxfp4", {"floor", "ceil", "rceil", "even", "mse"}) &&
      addFormat(bench, "nvfp4",
                {"amax", "four_over_six_mse", "four_over_six_mae", "sweep"}) &&
      addFormat(bench, "mxfp6_e2m3", {"even"}) &&
      addFormat(bench, "mxfp8_e4m3", {"even"});
  if (!added)
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
