//===- MatmulBenchmark.cpp - products by everybody who can ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Times products of plain activations and block-scaled weights by what mx
// compiles and by the libraries that --provider names (Provider.h), and the
// limits of the machine, repetition by repetition in random order. Results are
// compared with sums in f64 before anything is timed.
//
//   ninja mx-bench-matmul && bin/mx-bench-matmul --benchmark_out=matmul.json
//===----------------------------------------------------------------------===//

#include "CompiledProvider.h"
#include "Limits.h"
#include "Problem.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cmath>
#include <deque>
#include <dlfcn.h>

namespace cl = llvm::cl;

static cl::list<std::string>
    libraries("provider", cl::value_desc("library.so"),
              cl::desc("Library that exports mx_bench_providers"));
static cl::list<std::string>
    formats("formats", cl::CommaSeparated,
            cl::desc("Formats of the weights (default: mxfp4)"));
static cl::list<std::string>
    layers("layers", cl::CommaSeparated, cl::value_desc("NxK"),
           cl::desc("Sizes of weights (default: 4096x4096, 14336x4096, "
                    "4096x14336, 2880x2880)"));
static cl::list<int64_t>
    rows("rows", cl::CommaSeparated,
         cl::desc("Rows of activations (default: 1, 8, 32, 128)"));
static cl::list<int> threadCounts("thread-counts", cl::CommaSeparated,
                                  cl::desc("Numbers of threads (default: 1)"));
static cl::opt<bool> warm("warm",
                          cl::desc("Leave caches as the call before left them "
                                   "(default: weights come from memory)"));

namespace {

using Clock = std::chrono::steady_clock;

/// A layer as one provider has packed it.
struct Product {
  const Problem &problem;
  const mx_bench_provider &provider;
  void *layer;
  int64_t rows;
  std::vector<float> &results;

  void multiply() const {
    provider.multiply(layer, rows, problem.getActivations(), results.data());
  }
};

/// Registers everything, and owns what the benchmarks refer to.
class Bench {
public:
  /// False, having said why, if a library cannot be used.
  bool loadProviders();
  bool addLayer(const std::string &format, llvm::StringRef size);
  void addLimits(int threads);

private:
  void addProducts(const Problem &problem, const mx_bench_provider &provider,
                   int threads);
  void addProduct(const Product &product, const std::string &suffix);
  void evict();

  std::vector<const mx_bench_provider *> providers = {&kCompiledProvider};
  std::deque<Problem> problems;
  std::vector<float> results;
  /// Larger than all caches.
  std::vector<int64_t> memory =
      std::vector<int64_t>(4 * getCacheBytes() / sizeof(int64_t), 1);
};

} // namespace

template <typename T>
static void setDefault(cl::list<T> &list, std::initializer_list<T> values) {
  if (list.empty())
    for (const T &value : values)
      list.push_back(value);
}

static double getSeconds(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Rates are per second of this time; the JSON has both.
static void setRates(benchmark::State &state, double bytes, double operations) {
  using benchmark::Counter;
  auto rate = [](double amount) {
    return Counter(amount, Counter::kIsIterationInvariantRate);
  };
  state.counters["bytes/s"] = rate(bytes);
  state.counters["operations/s"] = rate(operations);
}

static void setUp(benchmark::internal::Benchmark *benchmark) {
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond);
}

//===----------------------------------------------------------------------===//
// Providers
//===----------------------------------------------------------------------===//

bool Bench::loadProviders() {
  for (const std::string &path : libraries) {
    void *library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto list = library ? reinterpret_cast<decltype(&mx_bench_providers)>(
                              ::dlsym(library, "mx_bench_providers"))
                        : nullptr;
    if (!list) {
      llvm::errs() << "expected a library of providers, got '" << path
                   << "': " << ::dlerror() << '\n';
      return false;
    }
    const mx_bench_provider *first = nullptr;
    for (int32_t i = 0, e = list(&first); i < e; ++i)
      providers.push_back(first + i);
  }
  for (const mx_bench_provider *provider : providers)
    benchmark::AddCustomContext(provider->name, provider->version);
  return true;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void Bench::evict() { benchmark::DoNotOptimize(readMemory(memory, 1)); }

void Bench::addProduct(const Product &product, const std::string &suffix) {
  const Problem &problem = product.problem;
  const mx_bench_weights &weights = problem.getWeights();
  // What was there before may not pass for a result.
  std::fill(results.begin(), results.end(), std::nanf(""));
  product.multiply();
  double error = problem.measureError(product.rows, results.data());
  double operations = 2.0 * product.rows * weights.n * weights.k;
  std::string name = "matmul/" + problem.getName() +
                     "/m:" + std::to_string(product.rows) + suffix + "/" +
                     product.provider.name;
  setUp(
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) {
        for (auto _ : state) {
          if (!warm)
            evict();
          Clock::time_point start = Clock::now();
          product.multiply();
          state.SetIterationTime(getSeconds(start));
        }
        setRates(state, problem.getWeightBytes(), operations);
        state.counters["error"] = error;
      }));
}

void Bench::addProducts(const Problem &problem,
                        const mx_bench_provider &provider, int threads) {
  char error[512] = "";
  void *layer =
      provider.prepare(&problem.getWeights(), threads, error, sizeof(error));
  if (!layer) {
    llvm::errs() << "not measured: " << problem.getName() << " by "
                 << provider.name << ", " << threads << " threads: " << error
                 << '\n';
    return;
  }
  std::string suffix =
      "/t:" + std::to_string(threads) + (warm ? "/warm" : "/cold");
  for (int64_t count : rows)
    addProduct({problem, provider, layer, count, results}, suffix);
}

bool Bench::addLayer(const std::string &format, llvm::StringRef size) {
  int64_t n, k;
  auto [first, second] = size.split('x');
  if (first.getAsInteger(10, n) || second.getAsInteger(10, k) || n < 1 ||
      k < 32 || k % 32 != 0 || (format != "mxfp4" && format != "nvfp4")) {
    llvm::errs() << "expected layers such as 4096x4096, of mxfp4 or nvfp4 and "
                    "with whole blocks, got '"
                 << size << "' of '" << format << "'\n";
    return false;
  }
  int64_t maxRows = *std::max_element(rows.begin(), rows.end());
  const Problem &problem = problems.emplace_back(format, n, k, maxRows);
  results.resize(std::max<size_t>(results.size(), maxRows * n));
  for (int count : threadCounts)
    for (const mx_bench_provider *provider : providers)
      addProducts(problem, *provider, count);
  return true;
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

void Bench::addLimits(int threads) {
  std::string suffix = "/t:" + std::to_string(threads);
  setUp(benchmark::RegisterBenchmark(
      ("limit/read" + suffix).c_str(), [=](benchmark::State &state) {
        for (auto _ : state) {
          Clock::time_point start = Clock::now();
          benchmark::DoNotOptimize(readMemory(memory, threads));
          state.SetIterationTime(getSeconds(start));
        }
        setRates(state, memory.size() * sizeof(int64_t), 0);
      }));
  setUp(benchmark::RegisterBenchmark(
      ("limit/fma" + suffix).c_str(), [=](benchmark::State &state) {
        constexpr int64_t rounds = 1 << 20;
        int64_t operations = 0;
        for (auto _ : state) {
          Clock::time_point start = Clock::now();
          operations = multiplyInRegisters(rounds, threads);
          state.SetIterationTime(getSeconds(start));
        }
        setRates(state, 0, operations);
      }));
}

int main(int argc, char **argv) {
  // Repetitions of everything in random order, unless the command line says
  // otherwise.
  std::vector<const char *> arguments = {
      argv[0], "--benchmark_enable_random_interleaving=true",
      "--benchmark_repetitions=11", "--benchmark_min_time=0.02",
      "--benchmark_report_aggregates_only=true"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = int(arguments.size());
  benchmark::Initialize(&count, const_cast<char **>(arguments.data()));
  cl::ParseCommandLineOptions(count, arguments.data());
  setDefault<std::string>(formats, {"mxfp4"});
  setDefault<std::string>(
      layers, {"4096x4096", "14336x4096", "4096x14336", "2880x2880"});
  setDefault<int64_t>(rows, {1, 8, 32, 128});
  setDefault<int>(threadCounts, {1});
  benchmark::AddCustomContext("processor", llvm::sys::getHostCPUName().str());
  Bench bench;
  if (!bench.loadProviders())
    return 1;
  for (const std::string &format : formats)
    for (const std::string &layer : layers)
      if (!bench.addLayer(format, layer))
        return 1;
  for (int count : threadCounts)
    bench.addLimits(count);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
