//===- Quantize.h - from numbers to blocks and back -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Encodes and decodes whole tensors (N1.7, N3, N4, N5). This is the code that
// folds constants and that every lowering is compared with.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_QUANTIZE_H
#define MX_NUMERICS_QUANTIZE_H

#include "mx/Numerics/ScaleRule.h"
#include <cstddef>
#include <vector>

namespace mxnum {

/// Everything that decides the bits of a quantisation, beside its input.
struct QuantizeOptions {
  ScaleRule rule = ScaleRule::Floor;
  Rounding rounding = Rounding::NearestEven;
  /// Random bits per element, 1..23, for stochastic rounding (N5.1).
  unsigned randomBits = 16;
  uint64_t seed = 0;
  /// Infinities count as the largest finite number (N3.7).
  bool satfinite = false;
  /// Used instead of the tensor scale of N4.1, for UE4M3 formats that have one
  /// (abs3 always uses its own, N3.4).
  std::optional<float> tensorScale;
};

/// A row-major tensor in `format`, blocked along `axis`.
struct BlockTensor {
  BlockFormat format;
  std::vector<int64_t> shape;
  int64_t axis;
  /// Canonical bytes (N8.1), packed along the last dimension.
  std::vector<uint8_t> payload;
  /// Row-major; `shape` with `axis` replaced by ceil(K/block).
  std::vector<uint8_t> scales;
  /// Multiplies every value (N1.4): what ModelOpt calls weight_scale_2, and the
  /// reciprocal of compressed-tensors' weight_global_scale (N8.6).
  float tensorScale = 1.0f;
};

/// Returns the largest finite magnitude A of N4.1; 0 if there is none. That of
/// a tensor is that of the numbers found in its parts.
float findLargestFinite(const QuantizeOptions &options, const float *values,
                        size_t count);

/// Returns the tensor scale of N4.1 (or N3.4's 1/3) for `count` values; 1 if
/// `format` has none.
float computeTensorScale(const BlockFormat &format,
                         const QuantizeOptions &options, const float *values,
                         size_t count);

/// Quantises one block of 1..block values. `codes` receives `count` codes, one
/// per byte; `index` gives the Philox index of value i as index + i * stride.
/// Returns the scale byte.
uint8_t quantizeBlock(const BlockFormat &format, const QuantizeOptions &options,
                      float tensorScale, const float *values, int64_t count,
                      uint64_t index, uint64_t stride, uint8_t *codes);

/// The same by the clauses alone, one value after another; what quantizeBlock
/// must agree with.
uint8_t quantizeBlockByDefinition(const BlockFormat &format,
                                  const QuantizeOptions &options,
                                  float tensorScale, const float *values,
                                  int64_t count, uint64_t index,
                                  uint64_t stride, uint8_t *codes);

/// Quantises `count` consecutive values, cut into blocks from the first on.
/// `codes` receives one code per byte, `scales` one byte per block; `index` is
/// the Philox index of the first value.
void quantizeRow(const BlockFormat &format, const QuantizeOptions &options,
                 float tensorScale, const float *values, int64_t count,
                 uint64_t index, uint8_t *codes, uint8_t *scales);

/// Quantises a row-major tensor. `options` must be valid for `format`
/// (explainInvalidRule) and 0 <= axis < rank.
BlockTensor quantize(const BlockFormat &format, const QuantizeOptions &options,
                     const float *values, const std::vector<int64_t> &shape,
                     int64_t axis);

/// Returns the exact value element · block scale · tensor scale as a double,
/// in which it is always representable (N1.4).
double decodeValue(const BlockFormat &format, uint8_t code, uint8_t scale,
                   float tensorScale);

/// Dequantises to f32 with one rounding (N1.7). Use `decodeAll` and Half.h for
/// bf16 and f16 results.
std::vector<float> dequantize(const BlockTensor &tensor);

/// The exact values of N1.4, row-major.
std::vector<double> decodeAll(const BlockTensor &tensor);

} // namespace mxnum

#endif // MX_NUMERICS_QUANTIZE_H
