//===- HalfTest.cpp - bf16 and f16, exhaustively
//-----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Widening every bit pattern, and narrowing at and beside every midpoint.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Half.h"
#include "Samples.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

/// One of the two formats, with its definition.
struct Half {
  const char *name;
  int mantissaBits, bias;
  float (*widen)(uint16_t);
  uint16_t (*narrowF32)(float);
  uint16_t (*narrowF64)(double);

  unsigned infinity() const { return unsigned(2 * bias + 1) << mantissaBits; }
  /// The value of a pattern without sign, the one of infinity included, as
  /// though the exponent range went on (overflow rounds from there).
  double decode(unsigned bits) const {
    int exponent = int(bits >> mantissaBits);
    int mantissa = int(bits & ((1u << mantissaBits) - 1));
    if (exponent == 0)
      return std::ldexp(double(mantissa), 1 - bias - mantissaBits);
    return std::ldexp(double(mantissa + (1 << mantissaBits)),
                      exponent - bias - mantissaBits);
  }
};

class Halves : public testing::TestWithParam<Half> {};

INSTANTIATE_TEST_SUITE_P(
    Half, Halves,
    testing::Values(Half{"bf16", 7, 127, bf16ToF32, f32ToBF16, f64ToBF16},
                    Half{"f16", 10, 15, f16ToF32, f32ToF16, f64ToF16}),
    [](const auto &param) { return std::string(param.param.name); });

TEST_P(Halves, N1_7_WidensEveryPattern) {
  const Half &half = GetParam();
  for (unsigned bits = 0; bits < half.infinity(); ++bits) {
    ASSERT_TRUE(oracle::isSame(half.decode(bits), half.widen(uint16_t(bits))));
    ASSERT_TRUE(oracle::isSame(-half.decode(bits),
                               half.widen(uint16_t(bits | 0x8000))));
  }
  EXPECT_EQ(HUGE_VALF, half.widen(uint16_t(half.infinity())));
  EXPECT_EQ(-HUGE_VALF, half.widen(uint16_t(half.infinity() | 0x8000)));
  for (unsigned bits = half.infinity() + 1; bits < 0x8000; ++bits)
    ASSERT_TRUE(std::isnan(half.widen(uint16_t(bits))));
}

TEST_P(Halves, N1_7_NarrowInvertsWiden) {
  const Half &half = GetParam();
  for (unsigned bits = 0; bits < 1 << 16; ++bits) {
    float value = half.widen(uint16_t(bits));
    unsigned quiet = half.infinity() | 1u << (half.mantissaBits - 1);
    unsigned expected = std::isnan(value) ? (bits & 0x8000) | quiet : bits;
    ASSERT_EQ(expected, half.narrowF32(value));
    ASSERT_EQ(expected, half.narrowF64(value));
  }
}

TEST_P(Halves, N1_7_RoundsTiesToEven) {
  const Half &half = GetParam();
  for (unsigned bits = 0; bits < half.infinity(); ++bits) {
    double middle = (half.decode(bits) + half.decode(bits + 1)) / 2;
    unsigned even = bits + bits % 2;
    ASSERT_EQ(even, half.narrowF64(middle));
    ASSERT_EQ(even | 0x8000, half.narrowF64(-middle));
    ASSERT_EQ(bits, half.narrowF64(std::nextafter(middle, 0.0)));
    ASSERT_EQ(bits + 1, half.narrowF64(std::nextafter(middle, HUGE_VAL)));
    float single = float(middle);
    if (single != middle) // Below the smallest f32.
      continue;
    ASSERT_EQ(even, half.narrowF32(single));
    ASSERT_EQ(bits, half.narrowF32(std::nextafter(single, 0.0f)));
    ASSERT_EQ(bits + 1, half.narrowF32(std::nextafter(single, HUGE_VALF)));
  }
}

TEST_P(Halves, N1_7_RoundsOnce) {
  const Half &half = GetParam();
  // Just above a midpoint by less than f32 can show.
  double value = 1.0 + std::ldexp(1.0, -half.mantissaBits - 1) + 0x1p-50;
  EXPECT_EQ(half.narrowF32(1.0f) + 1, half.narrowF64(value));
  EXPECT_EQ(half.narrowF32(1.0f), half.narrowF32(float(value)));
}

TEST_P(Halves, N1_7_OverflowGivesInfinity) {
  const Half &half = GetParam();
  EXPECT_EQ(half.infinity(), half.narrowF64(1e300));
  EXPECT_EQ(half.infinity() | 0x8000, half.narrowF64(-HUGE_VAL));
  EXPECT_EQ(half.infinity(), half.narrowF32(HUGE_VALF));
  EXPECT_EQ(half.infinity(), half.narrowF32(0x1.fffffep127f));
  EXPECT_EQ(0u, half.narrowF64(1e-300));
  EXPECT_EQ(0x8000u, half.narrowF64(-0x1p-1074));
}

} // namespace
