//===- CholeskyTest.cpp - Cholesky decomposition of large matrices --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The factor against its definition, and its bits for any number of threads and
// any machine.
//===----------------------------------------------------------------------===//

#include "CacheSizes.h"
#include "CorrelatedInputs.h"
#include "DenseMatrix.h"
#include "Threads.h"
#include <gtest/gtest.h>

using mxquant::RowMatrix;

namespace {

/// Symmetric and positive: the Hessian of more rows than columns.
RowMatrix drawMatrix(int64_t columns) {
  Random random(uint64_t(columns) + 1);
  std::vector<float> rows((columns + 10) * columns);
  for (float &value : rows)
    value = float(random.normal());
  std::vector<double> hessian = makeHessian(rows, columns);
  return Eigen::Map<RowMatrix>(hessian.data(), columns, columns);
}

RowMatrix
decompose(RowMatrix matrix,
          const mxquant::ParallelFor &parallel = mxquant::runSerially) {
  EXPECT_TRUE(mxquant::decomposeCholesky(matrix, 0.0, parallel));
  return matrix.triangularView<Eigen::Lower>();
}

} // namespace

TEST(Cholesky, ProductOfFactorsIsTheMatrix) {
  for (int64_t columns : {1, 5, 127, 128, 129, 256, 300}) {
    RowMatrix matrix = drawMatrix(columns), lower = decompose(matrix);
    RowMatrix product = lower * lower.transpose();
    EXPECT_LE((product - matrix).norm(), 1e-14 * matrix.norm()) << columns;
  }
}

TEST(Cholesky, NothingIsPositive) { EXPECT_EQ(0, decompose({}).size()); }

TEST(Cholesky, ReadsOnlyTheLowerTriangle) {
  RowMatrix matrix = drawMatrix(300), lower = decompose(matrix);
  matrix.triangularView<Eigen::StrictlyUpper>().setConstant(
      std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(lower, decompose(matrix));
}

TEST(Cholesky, SmallPivotsFail) {
  for (int64_t place : {0, 5, 200}) {
    RowMatrix matrix = RowMatrix::Identity(201, 201);
    for (double pivot :
         {-1.0, 0.0, 1e-3, std::numeric_limits<double>::quiet_NaN(),
          std::numeric_limits<double>::infinity()}) {
      matrix(place, place) = pivot;
      RowMatrix copy = matrix;
      EXPECT_FALSE(
          mxquant::decomposeCholesky(copy, 1e-3, mxquant::runSerially));
    }
    matrix(place, place) = 1.001e-3;
    EXPECT_TRUE(mxquant::decomposeCholesky(matrix, 1e-3, mxquant::runSerially));
  }
}

TEST(Cholesky, SameBitsForAnyNumberOfThreads) {
  RowMatrix matrix = drawMatrix(700), expected = decompose(matrix);
  for (int threads : {1, 2, 8})
    EXPECT_EQ(expected, decompose(matrix, makeThreads(threads)));
}

TEST(Cholesky, SameBitsForAnySizeOfCaches) {
  RowMatrix matrix = drawMatrix(700), expected = decompose(matrix);
  forEachCacheSize([&] { EXPECT_EQ(expected, decompose(matrix)); });
}
