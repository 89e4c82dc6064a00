//===- ErrorModel.cpp - what an encoding costs in accuracy ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A candidate is tried on the numbers themselves: rows are rotated, quantised
// and decoded one at a time, in chunks of fixed length whose sums are added in
// order.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/ErrorModel.h"
#include "DenseMatrix.h"
#include "WeightRows.h"
#include "mx/Numerics/Hadamard.h"
#include <array>
#include <cassert>

using namespace mxquant;

//===----------------------------------------------------------------------===//
// Rows under a candidate
//===----------------------------------------------------------------------===//

namespace {

/// Rotates a row in its groups, in place.
void rotateRow(const Candidate &candidate, float *row, int64_t columns,
               bool inverse) {
  if (candidate.rotation == 0)
    return;
  for (int64_t start = 0; start < columns; start += candidate.rotation)
    mxnum::rotateGroup(row + start, candidate.rotation, /*signs=*/nullptr,
                       inverse);
}

/// Rows that a candidate encodes.
class EncodedRows {
public:
  EncodedRows(const Candidate &candidate, const float *values, int64_t rows,
              int64_t columns, const ParallelFor &parallel);

  /// What is needed for one row at a time.
  struct Buffer {
    explicit Buffer(const EncodedRows &rows)
        : values(rows.columns), codes(rows.columns),
          scales(rows.columns / rows.candidate.format.block + 1),
          errors(rows.columns) {}

    /// The numbers that are encoded: the row, rotated.
    std::vector<float> values;
    std::vector<uint8_t> codes;
    std::vector<uint8_t> scales;
    /// Those numbers minus what they decode to.
    std::vector<double> errors;
  };

  /// Fills the buffer with a row.
  void encode(int64_t row, Buffer &buffer) const;

  const Candidate &candidate;
  const float *const values;
  const int64_t rows;
  const int64_t columns;

private:
  void loadRow(int64_t row, std::vector<float> &buffer) const;
  float computeTensorScale(const ParallelFor &parallel) const;

  mxnum::QuantizeOptions options;
  float tensorScale;
  /// The values of the element codes.
  std::array<double, 256> elements;
};

} // namespace

EncodedRows::EncodedRows(const Candidate &candidate, const float *values,
                         int64_t rows, int64_t columns,
                         const ParallelFor &parallel)
    : candidate(candidate), values(values), rows(rows), columns(columns) {
  assert(
      (candidate.rotation == 0 || (mxnum::isHadamardSize(candidate.rotation) &&
                                   columns % candidate.rotation == 0)) &&
      "N6.1: the group divides the axis");
  options.rule = candidate.rule;
  tensorScale = computeTensorScale(parallel);
  for (size_t code = 0; code < elements.size(); ++code)
    elements[code] = mxnum::decodeElement(candidate.format.element,
                                          static_cast<uint8_t>(code));
}

void EncodedRows::loadRow(int64_t row, std::vector<float> &buffer) const {
  const float *begin = values + row * columns;
  std::copy(begin, begin + columns, buffer.begin());
  rotateRow(candidate, buffer.data(), columns, /*inverse=*/false);
}

/// N4.1 on the rotated rows, from the largest number of each chunk.
float EncodedRows::computeTensorScale(const ParallelFor &parallel) const {
  std::vector<float> largest;
  if (candidate.format.scale == mxnum::ScaleType::UE4M3 &&
      candidate.format.tensorScale) {
    largest.resize((rows + kChunk - 1) / kChunk);
    forEachChunk(rows, parallel, [&](int64_t first, int64_t count) {
      std::vector<float> buffer(columns);
      for (int64_t row = first; row < first + count; ++row) {
        loadRow(row, buffer);
        largest[first / kChunk] = std::max(
            largest[first / kChunk],
            mxnum::findLargestFinite(options, buffer.data(), buffer.size()));
      }
    });
  }
  return mxnum::computeTensorScale(candidate.format, options, largest.data(),
                                   largest.size());
}

void EncodedRows::encode(int64_t row, Buffer &buffer) const {
  const mxnum::BlockFormat &format = candidate.format;
  loadRow(row, buffer.values);
  mxnum::quantizeRow(format, options, tensorScale, buffer.values.data(),
                     columns, /*index=*/0, buffer.codes.data(),
                     buffer.scales.data());
  const uint8_t *scale = buffer.scales.data();
  for (int64_t start = 0; start < columns; start += format.block) {
    // N1.4: products of three factors are exact in f64.
    double factor = mxnum::decodeScale(format.scale, *scale++);
    factor *= format.tensorScale ? tensorScale : 1.0f;
    int64_t end = std::min(start + format.block, columns);
    for (int64_t i = start; i < end; ++i)
      buffer.errors[i] = buffer.values[i] - elements[buffer.codes[i]] * factor;
  }
}

//===----------------------------------------------------------------------===//
// Squared error
//===----------------------------------------------------------------------===//

/// Four sums at a time: the order is fixed, but an addition need not wait for
/// the one before.
template <typename Number>
static double sumSquares(const std::vector<Number> &numbers) {
  constexpr size_t lanes = 4;
  double sums[lanes] = {};
  size_t whole = numbers.size() / lanes * lanes;
  for (size_t i = 0; i < whole; i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += double(numbers[i + lane]) * double(numbers[i + lane]);
  for (size_t i = whole; i < numbers.size(); ++i)
    sums[i - whole] += double(numbers[i]) * double(numbers[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

ErrorSum mxquant::measureError(const Candidate &candidate, const float *values,
                               int64_t rows, int64_t columns,
                               const ParallelFor &parallel) {
  EncodedRows encoded(candidate, values, rows, columns, parallel);
  std::vector<ErrorSum> parts((rows + kChunk - 1) / kChunk);
  forEachChunk(rows, parallel, [&](int64_t first, int64_t count) {
    EncodedRows::Buffer buffer(encoded);
    ErrorSum &part = parts[first / kChunk];
    for (int64_t row = first; row < first + count; ++row) {
      encoded.encode(row, buffer);
      part.error += sumSquares(buffer.errors);
      part.signal += sumSquares(buffer.values);
    }
  });
  ErrorSum sum;
  for (const ErrorSum &part : parts) {
    sum.error += part.error;
    sum.signal += part.signal;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Error of an output
//===----------------------------------------------------------------------===//

namespace {

using Hessian = Eigen::Map<const RowMatrix>;

/// Weights and their errors, in the basis of the Hessian.
struct OutputRows {
  RowMatrix errors;
  RowMatrix weights;
};

} // namespace

/// The rows [first, first + count).
static OutputRows encodeRows(const EncodedRows &encoded, int64_t first,
                             int64_t count, const ParallelFor &parallel) {
  int64_t columns = encoded.columns;
  OutputRows result{RowMatrix(count, columns), RowMatrix(count, columns)};
  forEachChunk(count, parallel, [&](int64_t begin, int64_t size) {
    EncodedRows::Buffer buffer(encoded);
    std::vector<float> errors(columns);
    for (int64_t row = begin; row < begin + size; ++row) {
      encoded.encode(first + row, buffer);
      // To rotate the errors back is less work than to rotate the Hessian.
      std::copy(buffer.errors.begin(), buffer.errors.end(), errors.begin());
      rotateRow(encoded.candidate, errors.data(), columns, /*inverse=*/true);
      const float *weights = encoded.values + (first + row) * columns;
      std::copy(errors.begin(), errors.end(), result.errors.row(row).begin());
      std::copy(weights, weights + columns, result.weights.row(row).begin());
    }
  });
  return result;
}

/// The terms of Σ x·H·xᵀ over the rows x that have their larger column in
/// [tile, tile + size); H is symmetric.
static double sumTile(const RowMatrix &rows, const Hessian &hessian,
                      int64_t tile, int64_t size) {
  auto columns = rows.middleCols(tile, size);
  RowMatrix product = RowMatrix::Zero(rows.rows(), size);
  for (int64_t begin = 0; begin < tile; begin += kInner)
    product.noalias() += rows.middleCols(begin, kInner) *
                         hessian.block(begin, tile, kInner, size);
  product *= 2.0;
  product.noalias() += columns * hessian.block(tile, tile, size, size);
  return product.cwiseProduct(columns).sum();
}

ErrorSum mxquant::measureOutputError(const Candidate &candidate,
                                     const float *weights, int64_t rows,
                                     int64_t columns,
                                     const std::vector<double> &hessian,
                                     const ParallelFor &parallel) {
  assert(static_cast<int64_t>(hessian.size()) == columns * columns &&
         "the Hessian is square");
  // Rows that are held as f64 at one time.
  constexpr int64_t rowsAtOnce = 4 * kChunk;
  EncodedRows encoded(candidate, weights, rows, columns, parallel);
  Hessian matrix(hessian.data(), columns, columns);
  ErrorSum sum;
  for (int64_t first = 0; first < rows; first += rowsAtOnce) {
    OutputRows part = encodeRows(encoded, first,
                                 std::min(rowsAtOnce, rows - first), parallel);
    std::vector<ErrorSum> tiles((columns + kInner - 1) / kInner);
    forEachTile(0, columns, parallel, [&](int64_t tile, int64_t size) {
      tiles[tile / kInner] = {sumTile(part.errors, matrix, tile, size),
                              sumTile(part.weights, matrix, tile, size)};
    });
    for (const ErrorSum &tile : tiles) {
      sum.error += tile.error;
      sum.signal += tile.signal;
    }
  }
  return sum;
}
