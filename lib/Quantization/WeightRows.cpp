//===- WeightRows.cpp - weights on their way into blocks ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding to nearest in parallel. Rows share nothing but the tensor scale,
// which comes from a maximum and so does not care who looked at which row.
//===----------------------------------------------------------------------===//

#include "WeightRows.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Quantization/Gptq.h"

using namespace mxquant;

/// N4.1 in two steps: the tensor scale of the largest numbers of all chunks.
static float computeTensorScale(const mxnum::BlockFormat &format,
                                const mxnum::QuantizeOptions &options,
                                const float *values, int64_t rows,
                                int64_t columns, const ParallelFor &parallel) {
  if (!format.tensorScale || options.tensorScale)
    return mxnum::computeTensorScale(format, options, nullptr, 0);
  std::vector<float> largest((rows + kChunk - 1) / kChunk);
  forEachChunk(rows, parallel, [&](int64_t first, int64_t count) {
    largest[first / kChunk] = mxnum::findLargestFinite(
        options, values + first * columns, count * columns);
  });
  return mxnum::computeTensorScale(format, options, largest.data(),
                                   largest.size());
}

WeightRows::WeightRows(const mxnum::BlockFormat &format,
                       const mxnum::QuantizeOptions &options,
                       const float *values, int64_t rows, int64_t columns,
                       const ParallelFor &parallel)
    : format(format), options(options), values(values), rows(rows),
      columns(columns),
      tensorScale(computeTensorScale(format, options, values, rows, columns,
                                     parallel)) {}

void WeightRows::quantizeRow(int64_t row, uint8_t *codes,
                             uint8_t *scales) const {
  int64_t index = row * columns;
  mxnum::quantizeRow(format, options, tensorScale, values + index, columns,
                     index, codes, scales);
}

mxnum::BlockTensor WeightRows::makeTensor() const {
  unsigned bits = mxnum::getElementInfo(format.element).bits;
  mxnum::BlockTensor tensor;
  tensor.format = format;
  tensor.shape = {rows, columns};
  tensor.axis = 1;
  tensor.payload.resize(rows * mxnum::getPackedBytes(columns, bits));
  tensor.scales.resize(rows * countBlocks());
  tensor.tensorScale = tensorScale;
  return tensor;
}

void mxquant::packRows(const uint8_t *codes, int64_t first, int64_t count,
                       mxnum::BlockTensor &tensor) {
  unsigned bits = mxnum::getElementInfo(tensor.format.element).bits;
  int64_t columns = tensor.shape[1];
  int64_t rowBytes = mxnum::getPackedBytes(columns, bits);
  for (int64_t row = 0; row < count; ++row)
    mxnum::packRow(codes + row * columns, columns, bits,
                   tensor.payload.data() + (first + row) * rowBytes);
}

mxnum::BlockTensor WeightRows::quantize(const ParallelFor &parallel) const {
  mxnum::BlockTensor tensor = makeTensor();
  forEachChunk(rows, parallel, [&](int64_t first, int64_t count) {
    std::vector<uint8_t> codes(columns);
    for (int64_t row = first; row < first + count; ++row) {
      quantizeRow(row, codes.data(),
                  tensor.scales.data() + row * countBlocks());
      packRows(codes.data(), row, 1, tensor);
    }
  });
  return tensor;
}

mxnum::BlockTensor
mxquant::quantizeNearest(const mxnum::BlockFormat &format,
                         const mxnum::QuantizeOptions &options,
                         const float *weights, int64_t rows, int64_t columns,
                         const ParallelFor &parallel) {
  return WeightRows(format, options, weights, rows, columns, parallel)
      .quantize(parallel);
}
