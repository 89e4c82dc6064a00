//===- GgmlProvider.cpp - the kernels of llama.cpp ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Two providers of ggml's CPU backend: weights as they are in a file, and in
// the layout that llama.cpp repacks them to.
//===----------------------------------------------------------------------===//

#include "GgmlLayer.h"
#include "ggml-cpu.h"
#include <string>

/// Where llama.cpp puts weights that it repacks; null if there is no such
/// place.
static ggml_backend_buffer_type_t findRepackedType(ggml_backend_dev_t device) {
  auto list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
      ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device),
                                        "ggml_backend_dev_get_extra_bufts"));
  for (auto *type = list ? list(device) : nullptr; type && *type; ++type)
    if (std::string(ggml_backend_buft_name(*type)) == "CPU_REPACK")
      return *type;
  return nullptr;
}

static void *prepare(const mx_bench_weights &weights, int32_t threads,
                     bool isRepacked, char *error, size_t errorSize) {
  auto *layer = new Layer;
  layer->backend = ggml_backend_cpu_init();
  ggml_backend_cpu_set_n_threads(layer->backend, threads);
  if (isNvfp4(weights) && weights.k % 64 != 0)
    return fail(layer, error, errorSize, "expected whole groups of 64");
  ggml_backend_buffer_type_t place =
      isRepacked ? findRepackedType(ggml_backend_get_device(layer->backend))
                 : ggml_backend_cpu_buffer_type();
  if (!place || (isRepacked && isNvfp4(weights)))
    return fail(layer, error, errorSize, "expected what ggml repacks");
  allocateWeights(*layer, weights,
                  isNvfp4(weights) ? GGML_TYPE_NVFP4 : GGML_TYPE_MXFP4, place);
  if (!layer->buffer || (isRepacked && !layer->weights->extra))
    return fail(layer, error, errorSize, "expected a size that ggml repacks");
  std::vector<uint8_t> bytes =
      isNvfp4(weights) ? packNvfp4(weights) : packMxfp4(weights);
  ggml_backend_tensor_set(layer->weights, bytes.data(), 0, bytes.size());
  return layer;
}

extern "C" __attribute__((visibility("default"))) int32_t
mx_bench_providers(const mx_bench_provider **list) {
  static const std::string version =
      std::string(ggml_version()) + " " + ggml_commit();
  static const mx_bench_provider providers[] = {
      {"ggml", version.c_str(), preparePlain, multiply, release},
      {"ggml-repack", version.c_str(), prepareRepacked, multiply, release},
  };
  *list = providers;
  return sizeof(providers) / sizeof(*providers);
}
