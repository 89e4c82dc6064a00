//===- ConversionTest.cpp - conversions in registers ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Decoders over all codes; encoders at, between and beyond the numbers of a
// format; prmt in every mode. They need no launch.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNaN = std::nanf("");

struct Format {
  int32_t type;
  mxnum::ElementType element;
  unsigned slot;
};
constexpr Format kFormats[] = {
    {MXSIM_TYPE_E2M1, mxnum::ElementType::E2M1, 4},
    {MXSIM_TYPE_E2M3, mxnum::ElementType::E2M3, 8},
    {MXSIM_TYPE_E3M2, mxnum::ElementType::E3M2, 8},
    {MXSIM_TYPE_E4M3, mxnum::ElementType::E4M3, 8},
    {MXSIM_TYPE_E5M2, mxnum::ElementType::E5M2, 8},
};

uint32_t narrow(int32_t type, float high, float low, int32_t relu = 0) {
  return mxsim_convert_from_f32x2(type, high, low, MXSIM_ROUND_NEAREST, 1,
                                  relu);
}

TEST(Conversions, DecodeAndEncodeAllCodes) {
  for (const Format &format : kFormats) {
    unsigned codes = 1u << mxnum::getElementInfo(format.element).bits;
    for (unsigned code = 0; code < codes; ++code) {
      float value = mxnum::decodeElement(format.element, uint8_t(code));
      uint32_t pair = (code ^ 1) << format.slot | code;
      uint32_t halves =
          mxsim_convert_to_halves(format.type, MXSIM_TYPE_F16, pair, 0);
      if (std::isnan(value)) {
        EXPECT_EQ(halves & 0xFFFF, 0x7FFFu);
        continue;
      }
      EXPECT_EQ(mxnum::f16ToF32(uint16_t(halves)), value);
      if (std::isinf(value))
        continue;
      EXPECT_EQ(narrow(format.type, value, 0), code << format.slot);
      EXPECT_EQ(narrow(format.type, 0, value), code);
      // Through halves as well.
      EXPECT_EQ(mxsim_convert_from_halves(format.type, MXSIM_TYPE_F16,
                                          halves & 0xFFFF, 0, 1, 0),
                code);
    }
  }
}

TEST(Conversions, RoundToNearestEvenAndSaturate) {
  // 2.5 lies between 2 (code 4) and 3 (code 5): the even code.
  EXPECT_EQ(narrow(MXSIM_TYPE_E2M1, 2.5f, 3.5f), 0x46u);
  EXPECT_EQ(narrow(MXSIM_TYPE_E2M1, 100, -kInfinity), 0x7Fu);
  EXPECT_EQ(narrow(MXSIM_TYPE_E2M1, kNaN, -0.0f), 0x78u);
  EXPECT_EQ(narrow(MXSIM_TYPE_E4M3, 1000, kNaN), 0x7E7Fu);
  EXPECT_EQ(narrow(MXSIM_TYPE_E5M2, kInfinity, -kInfinity), 0x7BFBu);
  EXPECT_EQ(narrow(MXSIM_TYPE_E2M3, kNaN, -9), 0x1F3Fu);
  EXPECT_EQ(narrow(MXSIM_TYPE_E3M2, kNaN, -99), 0x1F3Fu);
  EXPECT_EQ(narrow(MXSIM_TYPE_E2M1, -3, 3, 1), 0x05u);
}

TEST(Conversions, RoundScalesUpOrDown) {
  auto scale = [](float value, int32_t rounding, int32_t saturate) {
    return mxsim_convert_from_f32x2(MXSIM_TYPE_UE8M0, value, 1.0f, rounding,
                                    saturate, 0) >>
           8;
  };
  struct Case {
    float value;
    uint32_t down, up;
  };
  const Case cases[] = {
      {1.0f, 127, 127},       {1.5f, 127, 128},        {-3.0f, 128, 129},
      {0.0f, 0, 0},           {0x1p-126f, 1, 1},       {0x1.8p-127f, 0, 1},
      {0x1p-127f, 0, 0},      {0x1p-130f, 0, 0},       {0x1p127f, 254, 254},
      {0x1.8p127f, 254, 254}, {kInfinity, 0xFE, 0xFE}, {kNaN, 0xFF, 0xFF},
  };
  for (const Case &one : cases) {
    EXPECT_EQ(scale(one.value, MXSIM_ROUND_ZERO, 1), one.down) << one.value;
    EXPECT_EQ(scale(one.value, MXSIM_ROUND_UP, 1), one.up) << one.value;
  }
  EXPECT_EQ(scale(0x1.8p127f, MXSIM_ROUND_UP, 0), 0xFFu);
  EXPECT_EQ(scale(kInfinity, MXSIM_ROUND_ZERO, 0), 0xFFu);
}

TEST(Conversions, DecodeAllScales) {
  for (uint32_t code = 0; code < 255; ++code) {
    uint32_t halves = mxsim_convert_to_halves(MXSIM_TYPE_UE8M0, MXSIM_TYPE_BF16,
                                              code << 8 | code, 0);
    EXPECT_EQ(mxnum::bf16ToF32(uint16_t(halves)),
              std::ldexp(1.0f, int(code) - 127));
    EXPECT_EQ(halves >> 16, halves & 0xFFFF);
  }
  EXPECT_EQ(
      mxsim_convert_to_halves(MXSIM_TYPE_UE8M0, MXSIM_TYPE_BF16, 0xFF, 0) &
          0xFFFF,
      0x7FFFu);
}

TEST(Conversions, NarrowToHalves) {
  auto half = [](int32_t type, float value, int32_t rounding) {
    return mxsim_convert_from_f32x2(type, 0, value, rounding, 0, 0);
  };
  EXPECT_EQ(half(MXSIM_TYPE_BF16, 1.0f + 0x1p-8f + 0x1p-20f, 1), 0x3F81u);
  EXPECT_EQ(half(MXSIM_TYPE_BF16, 1.0f + 0x1p-8f + 0x1p-20f, 4), 0x3F80u);
  EXPECT_EQ(half(MXSIM_TYPE_BF16, -(1.0f + 0x1.8p-8f), 4), 0xBF80u);
  EXPECT_EQ(half(MXSIM_TYPE_F16, 70000, 1), 0x7C00u);
  EXPECT_EQ(half(MXSIM_TYPE_F16, 70000, 4), 0x7BFFu);
  EXPECT_EQ(half(MXSIM_TYPE_F16, kInfinity, 4), 0x7C00u);
  EXPECT_EQ(half(MXSIM_TYPE_F16, kNaN, 1), 0x7FFFu);
}

/// Of all random numbers, a quarter rounds 1.125 up when 1 and 1.5 surround it.
TEST(Conversions, RoundStochastically) {
  unsigned up = 0;
  for (uint32_t random = 0; random < 256; ++random) {
    const float values[4] = {1.125f, 2.0f, -1.125f, 6.0f};
    uint32_t codes = mxsim_convert_stochastic(MXSIM_TYPE_E2M1, values,
                                              random * 0x01010101u, 0);
    up += (codes & 15) == 3;
    EXPECT_EQ(codes >> 4 & 15, 4u);
    EXPECT_EQ(codes >> 8 & 15, (codes & 15) | 8);
    EXPECT_EQ(codes >> 12, 7u);
  }
  EXPECT_EQ(up, 64u);
}

TEST(Permutes, PickBytes) {
  constexpr uint32_t low = 0x83020100, high = 0x07060584;
  auto permute = [&](int32_t mode, uint32_t selector) {
    return mxsim_permute(mode, low, high, selector);
  };
  EXPECT_EQ(permute(MXSIM_PERMUTE_DEFAULT, 0x7450), 0x07840500u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_DEFAULT, 0xBC91), 0xFFFF0001u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_F4E, 1), 0x84830201u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_B4E, 0), 0x05060700u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_B4E, 3), 0x00010283u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_RC8, 2), 0x02020202u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_ECL, 1), 0x83020101u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_ECR, 2), 0x02020100u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_RC16, 0), 0x01000100u);
  EXPECT_EQ(permute(MXSIM_PERMUTE_RC16, 3), 0x83028302u);
}

} // namespace
