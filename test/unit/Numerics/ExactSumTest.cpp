//===- ExactSumTest.cpp - sums without rounding
//------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N7.1's accumulator against 128-bit integers, whose conversions to f32 and
// f64 round once, and at the ends of its range.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/ExactSum.h"
#include "Samples.h"
#include <gtest/gtest.h>

using namespace mxnum;

__extension__ typedef __int128 Int128;

namespace {

constexpr float kSmallest = 0x1p-149f, kLargest = 0x1.fffffep127f;

/// An f32 that is an integer of up to `bits` bits times 2^up.
float drawInteger(Random &random, int bits, int up) {
  auto value = double(int64_t(random.below(uint64_t(1) << bits)));
  double shifted = std::ldexp(value, int(random.below(uint64_t(up) + 1)));
  return float(random.below(2) ? shifted : -shifted);
}

TEST(ExactSum, N7_1_AgreesWithIntegers) {
  Random random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    ExactSum sum;
    Int128 expected = 0;
    for (int term = 0; term < 50; ++term) {
      float a = drawInteger(random, 24, 20), b = drawInteger(random, 24, 30);
      sum.addProduct(a, b);
      expected += Int128(double(a)) * Int128(double(b));
      ASSERT_EQ(double(expected), sum.toDouble());
      ASSERT_EQ(float(expected), sum.toFloat());
    }
  }
}

TEST(ExactSum, N7_1_ProductsOfFour) {
  Random random(2);
  for (int trial = 0; trial < 2000; ++trial) {
    ExactSum sum;
    Int128 expected = 0;
    for (int term = 0; term < 20; ++term) {
      float factors[4];
      Int128 product = 1;
      for (float &factor : factors) {
        factor = drawInteger(random, 24, 6);
        product *= Int128(double(factor));
      }
      sum.addProduct(factors[0], factors[1], factors[2], factors[3]);
      expected += product;
    }
    ASSERT_EQ(double(expected), sum.toDouble());
    ASSERT_EQ(float(expected), sum.toFloat());
  }
}

TEST(ExactSum, N7_1_CancelsExactly) {
  // Every term and its negation, in different orders, around a small rest.
  Random random(3);
  std::vector<std::array<float, 3>> terms(500);
  for (auto &term : terms)
    term = {random.anyFloat(), random.anyFloat(), random.anyFloat()};
  ExactSum sum;
  for (const auto &[a, b, c] : terms)
    sum.addProduct(a, b, c);
  sum.addProduct(kSmallest, 0.5f, 3.0f);
  for (auto it = terms.rbegin(); it != terms.rend(); ++it)
    sum.addProduct((*it)[2], -(*it)[0], (*it)[1]);
  EXPECT_EQ(0x1.8p-149, sum.toDouble());
  sum.addProduct(-kSmallest, 1.5f);
  EXPECT_TRUE(oracle::isSame(0.0, sum.toDouble()));
}

TEST(ExactSum, N7_1_EndsOfTheRange) {
  ExactSum sum;
  sum.addProduct(kLargest, kLargest, kLargest, kLargest);
  sum.addProduct(kSmallest, kSmallest, kSmallest, kSmallest);
  EXPECT_EQ(std::pow(double(kLargest), 4), sum.toDouble());
  EXPECT_EQ(HUGE_VALF, sum.toFloat());
  sum.addProduct(-kLargest, kLargest, kLargest, kLargest);
  EXPECT_EQ(0x1p-596, sum.toDouble());
  EXPECT_EQ(0.0f, sum.toFloat());
  sum.addProduct(-kSmallest, kSmallest, kSmallest, 3 * kSmallest);
  EXPECT_EQ(-0x1p-595, sum.toDouble());
  EXPECT_TRUE(oracle::isSame(-0.0, sum.toFloat()));
}

TEST(ExactSum, N7_1_RoundsTiesToEven) {
  auto round = [](std::vector<float> terms) {
    ExactSum sum;
    for (float term : terms)
      sum.add(term);
    return sum.toFloat();
  };
  EXPECT_EQ(1.0f, round({1.0f, 0x1p-24f}));
  EXPECT_EQ(1.0f + 0x1p-23f, round({1.0f, 0x1p-24f, kSmallest}));
  EXPECT_EQ(1.0f + 0x1p-22f, round({1.0f + 0x1p-23f, 0x1p-24f}));
  EXPECT_EQ(-1.0f, round({-1.0f, -0x1p-24f}));
  EXPECT_EQ(-1.0f - 0x1p-23f, round({-1.0f, -0x1p-24f, -kSmallest}));
  EXPECT_EQ(kLargest, round({kLargest, 0x1.fffffep102f}));
  EXPECT_EQ(HUGE_VALF, round({kLargest, 0x1p103f}));
}

TEST(ExactSum, N7_1_RoundsSubnormals) {
  auto round = [](float a, float b) {
    ExactSum sum;
    sum.addProduct(a, b);
    return sum.toFloat();
  };
  EXPECT_EQ(0.0f, round(kSmallest, 0.5f));
  EXPECT_EQ(kSmallest, round(kSmallest, 0.75f));
  EXPECT_EQ(2 * kSmallest, round(kSmallest, 1.5f));
  EXPECT_EQ(2 * kSmallest, round(kSmallest, 2.5f));
}

TEST(ExactSum, N7_1_SpecialValues) {
  auto sum = [](std::vector<std::pair<float, float>> products) {
    ExactSum result;
    for (auto [a, b] : products)
      result.addProduct(a, b);
    EXPECT_TRUE(oracle::isSame(result.toDouble(), result.toFloat()));
    return result.toDouble();
  };
  EXPECT_TRUE(std::isnan(sum({{NAN, 1.0f}})));
  EXPECT_TRUE(std::isnan(sum({{HUGE_VALF, 0.0f}})));
  EXPECT_TRUE(std::isnan(sum({{HUGE_VALF, 1.0f}, {HUGE_VALF, -1.0f}})));
  EXPECT_EQ(HUGE_VAL, sum({{-HUGE_VALF, -1.0f}, {-kLargest, kLargest}}));
  EXPECT_EQ(-HUGE_VAL, sum({{HUGE_VALF, -HUGE_VALF}, {1.0f, 1.0f}}));
  EXPECT_TRUE(oracle::isSame(0.0, sum({})));
  EXPECT_TRUE(oracle::isSame(0.0, sum({{-0.0f, 1.0f}})));
}

TEST(ExactSum, N7_2_WithinIsExact) {
  ExactSum sum; // 1 + 2^-447
  sum.add(1.0f);
  sum.addProduct(kSmallest, kSmallest, kSmallest);
  EXPECT_FALSE(sum.isWithin(1.0, 0.0));
  EXPECT_TRUE(sum.isWithin(1.0, 0x1p-447));
  EXPECT_FALSE(sum.isWithin(1.0, 0x1.fffffffffffffp-448));
  EXPECT_TRUE(sum.isWithin(2.0, 1.0));
  EXPECT_FALSE(sum.isWithin(0.0, 1.0));
  EXPECT_TRUE(sum.isWithin(-1e308, 1.5e308));
  EXPECT_FALSE(sum.isWithin(0x1p-1074, 1.0));
  EXPECT_TRUE(sum.isWithin(1e308, 1e308));
}

TEST(ExactSum, N7_2_WithinNeedsFiniteNumbers) {
  ExactSum sum;
  EXPECT_TRUE(sum.isWithin(0.0, 0.0));
  EXPECT_TRUE(sum.isWithin(-0x1p-1074, 0x1p-1074));
  EXPECT_FALSE(sum.isWithin(NAN, 1.0));
  EXPECT_FALSE(sum.isWithin(0.0, HUGE_VAL));
  sum.add(HUGE_VALF);
  EXPECT_FALSE(sum.isWithin(HUGE_VAL, 1.0));
}

} // namespace
