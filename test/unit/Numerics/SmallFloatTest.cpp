//===- SmallFloatTest.cpp - elements, exhaustively
//---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N1.1, N2 and N5.2 against the literal reading in Oracle.h.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/SmallFloat.h"
#include "Samples.h"
#include "mx/Numerics/Half.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

class Elements : public testing::TestWithParam<ElementType> {
protected:
  ElementType type = GetParam();
  const ElementInfo &info = getElementInfo(type);

  void expectNearest(float value) {
    ASSERT_EQ(oracle::encodeElement(type, value), encodeElement(type, value))
        << info.name << " of " << value << " (bits " << oracle::bitsOf(value)
        << ")";
  }
};

std::string getName(const testing::TestParamInfo<ElementType> &param) {
  return getElementInfo(param.param).name;
}

INSTANTIATE_TEST_SUITE_P(SmallFloat, Elements, testing::ValuesIn(kElementTypes),
                         getName);

TEST_P(Elements, N1_1_TableOfFormats) {
  oracle::Format format = oracle::getFormat(type);
  EXPECT_EQ(unsigned(format.bits()), info.bits);
  EXPECT_EQ(unsigned(format.exponentBits), info.exponentBits);
  EXPECT_EQ(unsigned(format.mantissaBits), info.mantissaBits);
  EXPECT_EQ(format.bias, info.bias);
  EXPECT_EQ(format.emax, info.emax);
  EXPECT_EQ(std::ilogb(info.maxFinite), info.emax);
  EXPECT_EQ(format.largest, info.maxFinite);
  EXPECT_EQ(format.largest, oracle::getGrid(type).rbegin()->first);
  EXPECT_EQ(format.hasInfinity, info.hasInfinity);
  EXPECT_EQ(format.hasNaN, info.hasNaN);
}

TEST_P(Elements, N1_1_DecodesEveryCode) {
  for (unsigned code = 0; code < 1u << info.bits; ++code)
    ASSERT_TRUE(oracle::isSame(oracle::decodeElement(type, code),
                               decodeElement(type, uint8_t(code))))
        << "code " << code;
}

TEST_P(Elements, N1_1_IgnoresBitsAboveTheWidth) {
  for (unsigned code = 0; code < 256; ++code) {
    uint8_t masked = uint8_t(code & ((1u << info.bits) - 1));
    ASSERT_TRUE(oracle::isSame(decodeElement(type, masked),
                               decodeElement(type, uint8_t(code))));
  }
}

TEST_P(Elements, N2_1_EncodeInvertsDecode) {
  for (unsigned code = 0; code < 1u << info.bits; ++code) {
    float value = decodeElement(type, uint8_t(code));
    if (std::isfinite(value))
      ASSERT_EQ(code, encodeElement(type, value));
  }
}

TEST_P(Elements, N2_1_EveryBF16) {
  for (unsigned bits = 0; bits < 1 << 16; ++bits)
    expectNearest(bf16ToF32(uint16_t(bits)));
}

TEST_P(Elements, N2_1_EveryF16) {
  for (unsigned bits = 0; bits < 1 << 16; ++bits)
    expectNearest(f16ToF32(uint16_t(bits)));
}

TEST_P(Elements, N2_1_RandomF32) {
  Random random(7);
  for (int i = 0; i < 1 << 18; ++i)
    expectNearest(random.anyFloat());
  for (int i = 0; i < 1 << 18; ++i) // Around the grid itself.
    expectNearest(random.anyFloat(100, 145));
}

TEST_P(Elements, N2_1_TiesToEven) {
  const auto &grid = oracle::getGrid(type);
  for (auto it = grid.begin(); std::next(it) != grid.end(); ++it) {
    float middle = float((it->first + std::next(it)->first) / 2);
    unsigned even = it->second % 2 == 0 ? it->second : std::next(it)->second;
    unsigned sign = 1u << (info.bits - 1);
    ASSERT_EQ(even, encodeElement(type, middle)) << middle;
    ASSERT_EQ(even | sign, encodeElement(type, -middle)) << middle;
    ASSERT_EQ(it->second, encodeElement(type, std::nextafter(middle, 0.0f)));
    ASSERT_EQ(std::next(it)->second,
              encodeElement(type, std::nextafter(middle, HUGE_VALF)));
  }
}

TEST_P(Elements, N2_2_Saturates) {
  uint8_t largest = uint8_t(oracle::getGrid(type).rbegin()->second);
  uint8_t sign = uint8_t(1u << (info.bits - 1));
  for (float value : {std::nextafter(info.maxFinite, HUGE_VALF),
                      2 * info.maxFinite, 3e38f, HUGE_VALF}) {
    EXPECT_EQ(largest, encodeElement(type, value));
    EXPECT_EQ(largest | sign, encodeElement(type, -value));
    EXPECT_EQ(largest, encodeElementStochastic(type, value, 0, 1));
    EXPECT_EQ(largest | sign, encodeElementStochastic(type, -value, 1, 1));
  }
}

TEST_P(Elements, N2_3_KeepsTheSignOfZero) {
  uint8_t minusZero = uint8_t(1u << (info.bits - 1));
  for (float value : {0.0f, 1e-45f, 1e-30f}) {
    EXPECT_EQ(0, encodeElement(type, value));
    EXPECT_EQ(minusZero, encodeElement(type, -value));
    EXPECT_EQ(0, encodeElementStochastic(type, value, 7, 3));
    EXPECT_EQ(minusZero, encodeElementStochastic(type, -value, 7, 3));
  }
}

TEST_P(Elements, N2_4_NaN) {
  uint8_t expected = info.hasNaN ? 0x7F : encodeElement(type, info.maxFinite);
  for (uint32_t bits : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu}) {
    EXPECT_EQ(expected, encodeElement(type, oracle::floatFromBits(bits)));
    EXPECT_EQ(expected, encodeElementStochastic(
                            type, oracle::floatFromBits(bits), 0, 16));
  }
}

TEST_P(Elements, N5_2_FollowsTheDefinition) {
  Random random(11);
  for (unsigned bits = 1; bits <= 23; ++bits)
    for (int i = 0; i < 1 << 13; ++i) {
      float value = i % 2 ? random.anyFloat(100, 145) : random.anyFloat();
      uint32_t number = uint32_t(random.below(uint64_t(1) << bits));
      ASSERT_EQ(oracle::encodeStochastic(type, value, number, bits),
                encodeElementStochastic(type, value, number, bits))
          << value << " with " << number << " of " << bits << " bits";
    }
}

TEST_P(Elements, N5_2_KeepsTheGrid) {
  for (const auto &[value, code] : oracle::getGrid(type))
    for (uint32_t random : {0u, 1u, 127u, 255u})
      ASSERT_EQ(code, encodeElementStochastic(type, float(value), random, 8));
}

TEST_P(Elements, N5_2_CountsOfAllRandomNumbers) {
  // A value j/2^n of the way up goes up for exactly j of the 2^n numbers.
  constexpr unsigned bits = 6, numbers = 1 << bits;
  const auto &grid = oracle::getGrid(type);
  for (auto it = grid.begin(); std::next(it) != grid.end(); ++it) {
    double step = std::next(it)->first - it->first;
    for (unsigned j = 0; j < numbers; ++j) {
      float value = float(it->first + step * j / numbers);
      unsigned up = 0;
      for (uint32_t random = 0; random < numbers; ++random)
        up += encodeElementStochastic(type, value, random, bits) != it->second;
      ASSERT_EQ(j, up) << value;
    }
  }
}

TEST(SmallFloat, N2_1_MidpointsOfE2M1) {
  const float middles[] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f};
  const float rounded[] = {0.0f, 1.0f, 1.0f, 2.0f, 2.0f, 4.0f, 4.0f};
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(rounded[i],
              decodeElement(ElementType::E2M1,
                            encodeElement(ElementType::E2M1, middles[i])));
}

} // namespace
