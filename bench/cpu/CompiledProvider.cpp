//===- CompiledProvider.cpp - what mx compiles ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "CompiledProvider.h"
#include "CompiledLibrary.h"
#include "mx/Support/Version.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <dlfcn.h>

namespace {

struct Layer {
  void *library;
  void (*call)(void **values);
  /// Null where there is one thread.
  void (*setThreads)(int);
  int threads;
  int64_t n, k;
};

} // namespace

static constexpr llvm::StringLiteral kProgram = R"(
func.func @multiply(%x: tensor<?x{1}xf32>, %y: memref<?x{0}xf32>) {{
  %w = mx.constant <payload = dense_resource<codes> : tensor<{0}x{2}xi8>,
                    scales = dense_resource<scales> : tensor<{0}x{3}xi8>{5}>
      : !mx.tensor<{0}x{1}, {4}, axis = 1>
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x{1}xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%rows) : tensor<?x{0}xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x{0}xf32>) -> tensor<?x{0}xf32>
  %p = mx.matmul ins(%x, %w : tensor<?x{1}xf32>, !mx.tensor<{0}x{1}, {4}, axis = 1>)
                 outs(%init : tensor<?x{0}xf32>)
  bufferization.materialize_in_destination %p in restrict writable %y
      : (tensor<?x{0}xf32>, memref<?x{0}xf32>) -> ()
  return
}
{{-# dialect_resources: {{ builtin: {{
  codes: "0x01000000{6}",
  scales: "0x01000000{7}"
} } #-}
)";

static std::string makeProgram(const mx_bench_weights &weights) {
  bool isNvfp4 = llvm::StringRef(weights.format) == "nvfp4";
  int64_t blocks = weights.k / (isNvfp4 ? 16 : 32);
  auto print = [](const uint8_t *bytes, int64_t size) {
    return llvm::toHex(llvm::ArrayRef(bytes, size));
  };
  // To the bit.
  std::string factor =
      isNvfp4 ? llvm::formatv(", tensor_scale = {0} : f32",
                              llvm::formatv("{0:e8}", weights.tensor_scale))
                    .str()
              : "";
  return llvm::formatv(kProgram.data(), weights.n, weights.k, weights.k / 2,
                       blocks, weights.format, factor,
                       print(weights.codes, weights.n * weights.k / 2),
                       print(weights.scales, weights.n * blocks));
}

static llvm::Expected<Layer> load(const mx_bench_weights &weights,
                                  int32_t threads) {
  llvm::Expected<void *> library = compileLibrary(
      makeProgram(weights), threads == 1 ? Threads::One : Threads::Many);
  if (!library)
    return library.takeError();
  Layer layer{*library, nullptr, nullptr, threads, weights.n, weights.k};
  layer.call = reinterpret_cast<void (*)(void **)>(
      ::dlsym(*library, "mx_call_multiply"));
  // Found in libomp, which the library needs.
  if (threads != 1)
    layer.setThreads = reinterpret_cast<void (*)(int)>(
        ::dlsym(*library, "omp_set_num_threads"));
  return layer;
}

static void *prepare(const mx_bench_weights *weights, int32_t threads,
                     char *error, size_t errorSize) {
  llvm::Expected<Layer> layer = load(*weights, threads);
  if (layer)
    return new Layer(*layer);
  std::string text = llvm::toString(layer.takeError());
  std::snprintf(error, errorSize, "%s", text.c_str());
  return nullptr;
}

static void multiply(void *prepared, int64_t m, const float *x, float *y) {
  Layer &layer = *static_cast<Layer *>(prepared);
  Matrix left(x, m, layer.k), result(y, m, layer.n);
  void *values[] = {&left, &result};
  if (layer.setThreads)
    layer.setThreads(layer.threads);
  layer.call(values);
}

static void release(void *prepared) {
  auto *layer = static_cast<Layer *>(prepared);
  ::dlclose(layer->library);
  delete layer;
}

const mx_bench_provider kCompiledProvider = {"mx", MX_VERSION_STRING, prepare,
                                             multiply, release};
