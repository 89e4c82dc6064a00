//===- IkProvider.cpp - the kernels of ik_llama.cpp -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Two providers: weights as they are in a file, and eight rows interleaved.
//===----------------------------------------------------------------------===//

#include "GgmlLayer.h"

/// Declared in a header that is not installed.
void iqk_repack_tensor(ggml_tensor *tensor);

static void *prepare(const mx_bench_weights &weights, int32_t threads,
                     bool isRepacked, char *error, size_t errorSize) {
  auto *layer = new Layer;
  layer->backend = ggml_backend_cpu_init();
  ggml_backend_cpu_set_n_threads(layer->backend, threads);
  if (isNvfp4(weights))
    return fail(layer, error, errorSize, "expected mxfp4");
  allocateWeights(*layer, weights, GGML_TYPE_MXFP4,
                  ggml_backend_cpu_buffer_type());
  std::vector<uint8_t> bytes = packMxfp4(weights);
  ggml_backend_tensor_set(layer->weights, bytes.data(), 0, bytes.size());
  if (isRepacked)
    iqk_repack_tensor(layer->weights);
  if (isRepacked && layer->weights->type != GGML_TYPE_MXFP4_R8)
    return fail(layer, error, errorSize, "expected a size that is repacked");
  return layer;
}

extern "C" __attribute__((visibility("default"))) int32_t
mx_bench_providers(const mx_bench_provider **list) {
  static const mx_bench_provider providers[] = {
      {"ik", IK_LLAMA_COMMIT, preparePlain, multiply, release},
      {"ik-r8", IK_LLAMA_COMMIT, prepareRepacked, multiply, release},
  };
  *list = providers;
  return sizeof(providers) / sizeof(*providers);
}
