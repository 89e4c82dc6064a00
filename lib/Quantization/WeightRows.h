//===- WeightRows.h - weights on their way into blocks ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights with everything that decides their scales, and the tensor that they
// become. Rows are done in chunks of a fixed length, which are the unit of
// parallel work; no result depends on that length.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_QUANTIZATION_WEIGHTROWS_H
#define MX_LIB_QUANTIZATION_WEIGHTROWS_H

#include "mx/Numerics/Quantize.h"
#include "mx/Quantization/Parallel.h"
#include <algorithm>

namespace mxquant {

/// Row-major weights [rows, columns], blocked along their columns.
class WeightRows {
public:
  /// Computes the tensor scale.
  WeightRows(const mxnum::BlockFormat &format,
             const mxnum::QuantizeOptions &options, const float *values,
             int64_t rows, int64_t columns, const ParallelFor &parallel);

  int64_t countBlocks() const {
    return (columns + format.block - 1) / format.block;
  }

  /// Writes the codes of a row rounded to nearest, one per byte, and its
  /// scales, one per block.
  void quantizeRow(int64_t row, uint8_t *codes, uint8_t *scales) const;

  /// Rounds everything to nearest.
  mxnum::BlockTensor quantize(const ParallelFor &parallel) const;

  /// A tensor for the weights, with their tensor scale and all bytes 0.
  mxnum::BlockTensor makeTensor() const;

  const mxnum::BlockFormat format;
  const mxnum::QuantizeOptions options;
  const float *const values;
  const int64_t rows;
  const int64_t columns;
  const float tensorScale;
};

/// Packs `count` rows of codes into `tensor`, starting with row `first`.
void packRows(const uint8_t *codes, int64_t first, int64_t count,
              mxnum::BlockTensor &tensor);

inline constexpr int64_t kChunk = 64;

/// Calls `body(first, count)` for each chunk of rows.
template <typename Body>
void forEachChunk(int64_t rows, const ParallelFor &parallel, Body body) {
  parallel((rows + kChunk - 1) / kChunk, [&](int64_t i) {
    body(i * kChunk, std::min(kChunk, rows - i * kChunk));
  });
}

} // namespace mxquant

#endif // MX_LIB_QUANTIZATION_WEIGHTROWS_H
