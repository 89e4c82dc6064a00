//===- HadamardTest.cpp - rotation
//-------------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N6: the matrix, the order of its additions, and the inverse.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Hadamard.h"
#include "Samples.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

std::vector<float> drawNormal(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float &value : values)
    value = float(random.normal());
  return values;
}

std::vector<int8_t> drawSigns(int64_t count) {
  Random random(17);
  std::vector<int8_t> signs(count);
  for (int8_t &sign : signs)
    sign = random.below(2) ? 1 : -1;
  return signs;
}

/// N6.2 by recursion: the last stride joins the two transformed halves.
std::vector<float> transform(const std::vector<float> &x) {
  if (x.size() == 1)
    return x;
  size_t half = x.size() / 2;
  std::vector<float> low = transform({x.begin(), x.begin() + half});
  std::vector<float> high = transform({x.begin() + half, x.end()});
  std::vector<float> result(x.size());
  for (size_t i = 0; i < half; ++i) {
    result[i] = low[i] + high[i];
    result[i + half] = low[i] - high[i];
  }
  return result;
}

/// An entry of Sylvester's matrix.
int getEntry(int64_t row, int64_t column) {
  return __builtin_parityll(uint64_t(row & column)) ? -1 : 1;
}

class Sizes : public testing::TestWithParam<int64_t> {
protected:
  int64_t size = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Hadamard, Sizes,
                         testing::Values(2, 4, 8, 16, 32, 64, 128, 256));

TEST(Hadamard, N6_1_Sizes) {
  for (int64_t size = -4; size < 1100; ++size) {
    bool isPower = size > 0 && (size & (size - 1)) == 0;
    EXPECT_EQ(isPower && size >= 2 && size <= 256, isHadamardSize(size));
  }
}

TEST_P(Sizes, N6_2_FactorIsNearest) {
  // With factor = f·2^-e, the midpoints (2f ± 1)·2^-(e+1) must enclose 1/√h.
  int exponent;
  float mantissa = std::frexp(getHadamardScale(size), &exponent);
  auto f = uint64_t(std::ldexp(mantissa, 24));
  int e = 24 - exponent;
  double low = std::ldexp(double((2 * f - 1) * (2 * f - 1)), -2 * (e + 1));
  double high = std::ldexp(double((2 * f + 1) * (2 * f + 1)), -2 * (e + 1));
  EXPECT_LT(low * double(size), 1.0);
  EXPECT_GT(high * double(size), 1.0);
}

TEST_P(Sizes, N6_1_IsSylvestersMatrix) {
  // Small integers keep every sum exact.
  Random random(23);
  std::vector<float> x(size), y;
  for (float &value : x)
    value = float(int(random.below(2001)) - 1000);
  std::vector<int8_t> signs = drawSigns(size);
  y = x;
  rotateGroup(y.data(), size, signs.data(), false);
  for (int64_t column = 0; column < size; ++column) {
    float sum = 0.0f;
    for (int64_t row = 0; row < size; ++row)
      sum += x[row] * signs[row] * float(getEntry(row, column));
    ASSERT_EQ(sum * getHadamardScale(size), y[column]);
  }
}

TEST_P(Sizes, N6_1_IsOrthogonal) {
  std::vector<float> x = drawNormal(size, 5), y = x;
  rotateGroup(y.data(), size, drawSigns(size).data(), false);
  double before = 0.0, after = 0.0;
  for (int64_t i = 0; i < size; ++i) {
    before += double(x[i]) * x[i];
    after += double(y[i]) * y[i];
  }
  EXPECT_NEAR(1.0, after / before, 1e-6);
}

TEST_P(Sizes, N6_1_KeepsDotProducts) {
  std::vector<float> a = drawNormal(size, 5), b = drawNormal(size, 6);
  auto multiply = [&] {
    double sum = 0.0;
    for (int64_t i = 0; i < size; ++i)
      sum += double(a[i]) * b[i];
    return sum;
  };
  double before = multiply();
  rotateGroup(a.data(), size, drawSigns(size).data(), false);
  rotateGroup(b.data(), size, drawSigns(size).data(), false);
  EXPECT_NEAR(before, multiply(), 1e-6 * double(size));
}

TEST_P(Sizes, N6_1_InverseUndoes) {
  std::vector<float> x = drawNormal(size, 8), y = x;
  std::vector<int8_t> signs = drawSigns(size);
  rotateGroup(y.data(), size, signs.data(), false);
  rotateGroup(y.data(), size, signs.data(), true);
  for (int64_t i = 0; i < size; ++i)
    ASSERT_NEAR(x[i], y[i], 4e-6);
}

TEST_P(Sizes, N6_2_OrderOfAdditions) {
  std::vector<float> x = drawNormal(size, 9), expected, actual = x;
  std::vector<int8_t> signs = drawSigns(size);
  for (int64_t i = 0; i < size; ++i)
    expected.push_back(x[i] * signs[i]);
  expected = transform(expected);
  rotateGroup(actual.data(), size, signs.data(), false);
  for (int64_t i = 0; i < size; ++i)
    ASSERT_EQ(expected[i] * getHadamardScale(size), actual[i]) << i;
}

TEST_P(Sizes, N6_2_InverseAppliesSignsLast) {
  std::vector<float> x = drawNormal(size, 10), expected = transform(x);
  std::vector<int8_t> signs = drawSigns(size);
  std::vector<float> actual = x;
  rotateGroup(actual.data(), size, signs.data(), true);
  for (int64_t i = 0; i < size; ++i)
    ASSERT_EQ(expected[i] * getHadamardScale(size) * signs[i], actual[i]);
}

TEST_P(Sizes, N6_1_SignsAreOptional) {
  std::vector<float> a = drawNormal(size, 11), b = a;
  std::vector<int8_t> ones(size, 1);
  rotateGroup(a.data(), size, nullptr, false);
  rotateGroup(b.data(), size, ones.data(), false);
  EXPECT_EQ(a, b);
}

} // namespace
