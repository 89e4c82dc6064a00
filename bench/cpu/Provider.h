//===- Provider.h - whoever multiplies in a benchmark -----------*- C -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mx-bench-matmul times whatever implements this interface: the code that mx
// compiles, and other projects' kernels. Those are built elsewhere, as shared
// libraries that export mx_bench_providers, and are named on the command line,
// so that all run in turn in one process on the same numbers.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_PROVIDER_H
#define MX_BENCH_CPU_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The weights of a layer: n rows of k numbers, block-scaled along k. The
/// memory stays as long as the layer that was prepared from it.
struct mx_bench_weights {
  int64_t n, k;
  /// "mxfp4" (blocks of 32, scales E8M0) or "nvfp4" (blocks of 16, scales
  /// E4M3).
  const char *format;
  /// k / 2 bytes in each row; number 2i is the low half of byte i.
  const uint8_t *codes;
  /// k / block bytes in each row.
  const uint8_t *scales;
  /// Multiplies everything; 1 for mxfp4.
  float tensor_scale;
};

struct mx_bench_provider {
  /// A word such as "mx", and which version or commit it is.
  const char *name;
  const char *version;
  /// Packs the weights for `threads` threads. Null, with text in `error`, if
  /// this provider has no such product.
  void *(*prepare)(const struct mx_bench_weights *weights, int32_t threads,
                   char *error, size_t error_size);
  /// y[i][j] = sum over l of x[i][l] * weights[j][l] for m rows of x, all
  /// row-major. Everything that depends on x is part of it.
  void (*multiply)(void *layer, int64_t m, const float *x, float *y);
  void (*release)(void *layer);
};

/// What a library exports: sets `list` and returns how many there are.
int32_t mx_bench_providers(const struct mx_bench_provider **list);

#ifdef __cplusplus
}
#endif

#endif // MX_BENCH_CPU_PROVIDER_H
