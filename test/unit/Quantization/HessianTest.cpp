//===- HessianTest.cpp - second moments of activations --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The sums against a literal one, and the rotated Hessian against that of
// rotated rows.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Hessian.h"
#include "CacheSizes.h"
#include "CorrelatedInputs.h"
#include "Threads.h"
#include <gtest/gtest.h>

namespace {

std::vector<float> drawRows(uint64_t seed, int64_t count, int64_t columns) {
  Random random(seed);
  std::vector<float> rows(count * columns);
  for (float &value : rows)
    value = float(random.studentT5());
  return rows;
}

/// Relative to the mean of the diagonal.
void expectNear(const std::vector<double> &expected,
                const std::vector<double> &actual, int64_t columns,
                double tolerance) {
  double mean = 0.0;
  for (int64_t i = 0; i < columns; ++i)
    mean += expected[i * (columns + 1)] / double(columns);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(expected[i], actual[i], tolerance * mean) << i;
}

void expectSymmetric(const std::vector<double> &matrix, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i)
    for (int64_t k = 0; k < i; ++k)
      ASSERT_EQ(matrix[i * columns + k], matrix[k * columns + i]);
}

} // namespace

TEST(Hessian, IsTheSumOfProducts) {
  int64_t count = 301, columns = 270;
  std::vector<float> rows = drawRows(1, count, columns);
  std::vector<double> expected(columns * columns, 3.0);
  for (int64_t row = 0; row < count; ++row)
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t k = 0; k < columns; ++k)
        expected[i * columns + k] +=
            double(rows[row * columns + i]) * double(rows[row * columns + k]);
  std::vector<double> sum(columns * columns, 3.0);
  mxquant::accumulateHessian(rows.data(), count, columns, sum,
                             mxquant::runSerially);
  expectNear(expected, sum, columns, 1e-13);
  expectSymmetric(sum, columns);
}

TEST(Hessian, SameBitsForAnyNumberOfThreads) {
  int64_t count = 300, columns = 400;
  std::vector<float> rows = drawRows(2, count, columns);
  std::vector<double> expected(columns * columns);
  mxquant::accumulateHessian(rows.data(), count, columns, expected,
                             mxquant::runSerially);
  for (int threads : {1, 2, 8}) {
    std::vector<double> sum(columns * columns);
    mxquant::accumulateHessian(rows.data(), count, columns, sum,
                               makeThreads(threads));
    EXPECT_EQ(expected, sum);
  }
}

TEST(Hessian, SameBitsForAnySizeOfCaches) {
  int64_t columns = 400;
  std::vector<float> rows = drawRows(2, 700, columns);
  std::vector<double> expected = makeHessian(rows, columns);
  forEachCacheSize([&] { EXPECT_EQ(expected, makeHessian(rows, columns)); });
}

TEST(Hessian, NoRowsAndNoColumns) {
  std::vector<double> sum(9, 1.0), empty;
  mxquant::accumulateHessian(nullptr, 0, 3, sum, mxquant::runSerially);
  EXPECT_EQ(std::vector<double>(9, 1.0), sum);
  mxquant::accumulateHessian(nullptr, 5, 0, empty, mxquant::runSerially);
  EXPECT_TRUE(empty.empty());
}

TEST(Hessian, N6_1_RotatedHessianIsThatOfRotatedRows) {
  int64_t count = 200, columns = 512;
  Random random(3);
  std::vector<int8_t> signs(256);
  for (int8_t &sign : signs)
    sign = random.below(2) ? 1 : -1;
  for (int64_t size : {2, 16, 32, 128, 256})
    for (const int8_t *chosen : {static_cast<const int8_t *>(nullptr),
                                 static_cast<const int8_t *>(signs.data())}) {
      std::vector<float> rows = drawRows(size, count, columns);
      std::vector<double> hessian = makeHessian(rows, columns);
      mxquant::rotateHessian(hessian, columns, size, chosen);
      for (size_t i = 0; i < rows.size(); i += size_t(size))
        mxnum::rotateGroup(rows.data() + i, size, chosen, false);
      // Rows are rotated in f32.
      expectNear(makeHessian(rows, columns), hessian, columns, 1e-6);
      expectSymmetric(hessian, columns);
    }
}

TEST(Hessian, RotatingTwiceWithoutSignsIsTheIdentity) {
  std::vector<double> hessian = makeHessian(drawRows(4, 100, 96), 96);
  std::vector<double> twice = hessian;
  mxquant::rotateHessian(twice, 96, 32, nullptr);
  mxquant::rotateHessian(twice, 96, 32, nullptr);
  expectNear(hessian, twice, 96, 1e-14);
}
