//===- Hessian.cpp - second moments of activations ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The sum over calibration rows is cut into tiles of the result, each of which
// sees all rows in order. Only the lower triangle is computed; the upper one is
// its copy, so that the result is symmetric to the last bit.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Hessian.h"
#include "DenseMatrix.h"
#include "mx/Numerics/Hadamard.h"
#include <cassert>

using namespace mxquant;

/// Copies the lower triangle into the upper one.
static void mirrorLower(Eigen::Map<RowMatrix> matrix,
                        const ParallelFor &parallel) {
  forEachTile(0, matrix.rows(), parallel, [&](int64_t tile, int64_t rows) {
    for (int64_t row = tile; row < tile + rows; ++row)
      matrix.col(row).head(row) = matrix.row(row).head(row).transpose();
  });
}

void mxquant::accumulateHessian(const float *rows, int64_t count,
                                int64_t columns, std::vector<double> &sum,
                                const ParallelFor &parallel) {
  assert(static_cast<int64_t>(sum.size()) == columns * columns &&
         "the Hessian is square");
  using FloatRows =
      Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic,
                                     Eigen::RowMajor>>;
  FloatRows samples(rows, count, columns);
  Eigen::Map<RowMatrix> result(sum.data(), columns, columns);
  forEachTile(0, columns, parallel, [&](int64_t tile, int64_t size) {
    for (int64_t first = 0; first < count; first += kInner) {
      RowMatrix inner =
          samples.block(first, 0, std::min(kInner, count - first), tile + size)
              .cast<double>();
      result.block(tile, 0, size, tile + size).noalias() +=
          inner.rightCols(size).transpose() * inner;
    }
  });
  mirrorLower(result, parallel);
}

/// Replaces rows a and b of each pair at distance `stride` in a group of `size`
/// rows by a + b and a − b.
template <typename Group>
static void addAndSubtract(Group group, int64_t size, int64_t stride) {
  for (int64_t a = 0; a < size; ++a) {
    if (a & stride)
      continue;
    Eigen::RowVectorXd difference = group.row(a) - group.row(a + stride);
    group.row(a) += group.row(a + stride);
    group.row(a + stride) = difference;
  }
}

/// Replaces the matrix by √size·Rᵀ times it.
static void rotateRows(Eigen::Map<RowMatrix> matrix, int64_t size,
                       const int8_t *signs) {
  for (int64_t start = 0; start < matrix.rows(); start += size) {
    auto group = matrix.middleRows(start, size);
    for (int64_t row = 0; signs && row < size; ++row)
      group.row(row) *= signs[row];
    for (int64_t stride = 1; stride < size; stride *= 2)
      addAndSubtract(group, size, stride);
  }
}

void mxquant::rotateHessian(std::vector<double> &hessian, int64_t columns,
                            int64_t size, const int8_t *signs) {
  assert(mxnum::isHadamardSize(size) && columns % size == 0 &&
         "N6.1: the group divides the axis");
  assert(static_cast<int64_t>(hessian.size()) == columns * columns &&
         "the Hessian is square");
  Eigen::Map<RowMatrix> matrix(hessian.data(), columns, columns);
  // H is symmetric: (Rᵀ·H)ᵀ = H·R.
  rotateRows(matrix, size, signs);
  matrix.transposeInPlace();
  rotateRows(matrix, size, signs);
  // Exact, being a power of two.
  matrix /= static_cast<double>(size);
  mirrorLower(matrix, runSerially);
}
