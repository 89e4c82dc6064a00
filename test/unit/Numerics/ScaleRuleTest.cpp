//===- ScaleRuleTest.cpp - which rule fits, and E8M0 bytes
//-------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Names and limits of the rules, their constants, and the byte of every
// power-of-two rule for every positive bf16 amax.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/ScaleRule.h"
#include "Samples.h"
#include "mx/Numerics/Half.h"
#include <gtest/gtest.h>
#include <set>

using namespace mxnum;

namespace {

constexpr ScaleRule kPowerRules[] = {ScaleRule::Floor, ScaleRule::Ceil,
                                     ScaleRule::RCeil, ScaleRule::Even,
                                     ScaleRule::Abs3};

/// The byte that quantisation stores for a block of one value.
uint8_t chooseByte(ScaleRule rule, ElementType element, float amax) {
  bool isAbs3 = rule == ScaleRule::Abs3;
  BlockFormat format{element, ScaleType::E8M0, 4, isAbs3};
  QuantizeOptions options;
  options.rule = rule;
  uint8_t code;
  return quantizeBlock(format, options, 1.0f, &amax, 1, 0, 1, &code);
}

/// N3.2 as written.
int applyThreshold(ScaleRule rule, ElementType element, float amax) {
  uint32_t threshold = getScaleThreshold(rule, element);
  uint32_t sum = oracle::bitsOf(amax) + (1u << 23) - threshold;
  return std::max(0, int(sum >> 23) - getScaleExponentOffset(rule, element));
}

TEST(ScaleRule, N3_1_EveryBF16Amax) {
  for (ElementType element : kElementTypes)
    for (ScaleRule rule : kPowerRules)
      for (unsigned bits = 1; bits < 0x7F80; ++bits) {
        float amax = bf16ToF32(uint16_t(bits));
        ASSERT_EQ(oracle::chooseE8M0(rule, element, amax),
                  chooseByte(rule, element, amax))
            << getScaleRuleName(rule) << " " << getElementInfo(element).name
            << " " << amax;
      }
}

TEST(ScaleRule, N3_1_RandomAndBoundaryAmax) {
  Random random(3);
  for (ElementType element : kElementTypes)
    for (ScaleRule rule : kPowerRules)
      for (int i = 0; i < 4000; ++i) {
        float amax = std::fabs(random.anyFloat());
        if (i % 2) // Within two units of a threshold of some rule.
          amax = oracle::floatFromBits((oracle::bitsOf(amax) & 0x7FF80000) +
                                       uint32_t(random.below(5)) - 2);
        if (!(amax > 0.0f && std::isfinite(amax)))
          continue;
        ASSERT_EQ(oracle::chooseE8M0(rule, element, amax),
                  chooseByte(rule, element, amax))
            << getScaleRuleName(rule) << " " << getElementInfo(element).name
            << " " << amax;
      }
}

TEST(ScaleRule, N3_2_ThresholdForm) {
  Random random(5);
  for (ElementType element : kElementTypes)
    for (ScaleRule rule : kPowerRules)
      for (int i = 0; i < 4000; ++i) {
        float amax = std::fabs(random.anyFloat());
        if (amax != 0.0f)
          ASSERT_EQ(oracle::chooseE8M0(rule, element, amax),
                    applyThreshold(rule, element, amax));
      }
}

TEST(ScaleRule, N3_2_ThresholdsOfE2M1) {
  ElementType element = ElementType::E2M1;
  EXPECT_EQ(0x800000u, getScaleThreshold(ScaleRule::Floor, element));
  EXPECT_EQ(1u, getScaleThreshold(ScaleRule::Ceil, element));
  EXPECT_EQ(0x400001u, getScaleThreshold(ScaleRule::RCeil, element));
  EXPECT_EQ(0x600000u, getScaleThreshold(ScaleRule::Even, element));
  EXPECT_EQ(0x800000u, getScaleThreshold(ScaleRule::Abs3, element));
  EXPECT_EQ(2, getScaleExponentOffset(ScaleRule::Even, element));
  EXPECT_EQ(0, getScaleExponentOffset(ScaleRule::Abs3, element));
}

TEST(ScaleRule, N3_1_EvenRoundsAmaxFirst) {
  // Published vectors of the rule: amax and the power of two it rounds to.
  const std::pair<float, float> vectors[] = {
      {5.687891f, 4.0f}, {6.944130f, 4.0f}, {7.290238f, 8.0f},
      {0.965272f, 1.0f}, {1.540329f, 1.0f}, {9.848001f, 8.0f}};
  for (auto [amax, power] : vectors) {
    int byte = chooseByte(ScaleRule::Even, ElementType::E2M1, amax);
    EXPECT_EQ(power, std::ldexp(4.0f, byte - 127)) << amax;
  }
}

TEST(ScaleRule, N3_1_WorkedBytes) {
  struct Row {
    float amax;
    int floor, ceil, rceil, even, abs3;
  };
  auto up = [](float x) { return std::nextafter(x, HUGE_VALF); };
  auto down = [](float x) { return std::nextafter(x, 0.0f); };
  const Row rows[] = {{0x1p-149f, 0x00, 0x00, 0x00, 0x00, 0x00},
                      {0x1.8p-126f, 0x00, 0x00, 0x00, 0x00, 0x01},
                      {0x1.8p-125f, 0x00, 0x01, 0x00, 0x00, 0x02},
                      {0x1p-124f, 0x01, 0x01, 0x01, 0x01, 0x03},
                      {1.0f, 0x7D, 0x7D, 0x7D, 0x7D, 0x7F},
                      {1.5f, 0x7D, 0x7E, 0x7D, 0x7D, 0x7F},
                      {up(1.5f), 0x7D, 0x7E, 0x7E, 0x7D, 0x7F},
                      {down(1.75f), 0x7D, 0x7E, 0x7E, 0x7D, 0x7F},
                      {1.75f, 0x7D, 0x7E, 0x7E, 0x7E, 0x7F},
                      {3.0f, 0x7E, 0x7F, 0x7E, 0x7E, 0x80},
                      {up(3.0f), 0x7E, 0x7F, 0x7F, 0x7E, 0x80},
                      {6.0f, 0x7F, 0x80, 0x7F, 0x7F, 0x81},
                      {up(6.0f), 0x7F, 0x80, 0x80, 0x7F, 0x81},
                      {7.0f, 0x7F, 0x80, 0x80, 0x80, 0x81},
                      {down(8.0f), 0x7F, 0x80, 0x80, 0x80, 0x81},
                      {0x1.8p127f, 0xFC, 0xFD, 0xFC, 0xFC, 0xFE},
                      {0x1.cp127f, 0xFC, 0xFD, 0xFD, 0xFD, 0xFE},
                      {0x1.fffffep127f, 0xFC, 0xFD, 0xFD, 0xFD, 0xFE},
                      {HUGE_VALF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                      {NAN, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};
  ElementType element = ElementType::E2M1;
  for (const Row &row : rows) {
    EXPECT_EQ(row.floor, chooseByte(ScaleRule::Floor, element, row.amax));
    EXPECT_EQ(row.ceil, chooseByte(ScaleRule::Ceil, element, row.amax));
    EXPECT_EQ(row.rceil, chooseByte(ScaleRule::RCeil, element, row.amax));
    EXPECT_EQ(row.even, chooseByte(ScaleRule::Even, element, row.amax));
    EXPECT_EQ(row.abs3, chooseByte(ScaleRule::Abs3, element, row.amax));
  }
}

TEST(ScaleRule, N4_1_Divisors) {
  EXPECT_EQ(2688.0f, getTensorScaleDivisor(ScaleRule::Amax, ElementType::E2M1));
  EXPECT_EQ(2688.0f,
            getTensorScaleDivisor(ScaleRule::Sweep, ElementType::E2M1));
  EXPECT_EQ(1536.0f, getTensorScaleDivisor(ScaleRule::FourOverSixMse,
                                           ElementType::E2M1));
  EXPECT_EQ(1536.0f, getTensorScaleDivisor(ScaleRule::FourOverSixMae,
                                           ElementType::E2M1));
  EXPECT_EQ(57344.0f * 448.0f,
            getTensorScaleDivisor(ScaleRule::Amax, ElementType::E5M2));
}

TEST(ScaleRule, N3_1_NamesRoundTrip) {
  std::set<std::string> names;
  for (ScaleRule rule : kScaleRules) {
    names.insert(getScaleRuleName(rule));
    EXPECT_EQ(rule, lookupScaleRule(getScaleRuleName(rule)));
  }
  EXPECT_EQ(10u, names.size());
  EXPECT_FALSE(lookupScaleRule("nearest"));
}

TEST(ScaleRule, N3_4_OnlyRuleForE8M0WithTensorScale) {
  BlockFormat format{ElementType::E2M1, ScaleType::E8M0, 32, true};
  for (ScaleRule rule : kScaleRules)
    EXPECT_EQ(rule == ScaleRule::Abs3,
              !explainInvalidRule(format, rule, Rounding::NearestEven));
  format.tensorScale = false;
  EXPECT_TRUE(
      explainInvalidRule(format, ScaleRule::Abs3, Rounding::NearestEven));
}

TEST(ScaleRule, N4_3_FourOverSixNeedsE2M1) {
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::UE4M3, 16, true};
    for (ScaleRule rule :
         {ScaleRule::FourOverSixMse, ScaleRule::FourOverSixMae})
      EXPECT_EQ(element == ElementType::E2M1,
                !explainInvalidRule(format, rule, Rounding::NearestEven));
  }
}

TEST(ScaleRule, N3_1_RulesMatchScaleTypes) {
  BlockFormat mx = *lookupFormat("mxfp4"), nv = *lookupFormat("nvfp4");
  const char *forMX = "a rule for E8M0 scales (floor, ceil, rceil, even, mse)";
  for (ScaleRule rule : kScaleRules) {
    const char *mxText = explainInvalidRule(mx, rule, Rounding::NearestEven);
    const char *nvText = explainInvalidRule(nv, rule, Rounding::NearestEven);
    if (rule == ScaleRule::Abs3)
      EXPECT_TRUE(mxText && nvText);
    else
      EXPECT_NE(!mxText, !nvText) << getScaleRuleName(rule);
  }
  EXPECT_STREQ(forMX,
               explainInvalidRule(mx, ScaleRule::Amax, Rounding::NearestEven));
}

TEST(ScaleRule, N5_3_StochasticRules) {
  BlockFormat mx = *lookupFormat("mxfp4"), nv = *lookupFormat("nvfp4");
  BlockFormat withAbs3 = mx;
  withAbs3.tensorScale = true;
  std::set<ScaleRule> accepted;
  for (ScaleRule rule : kScaleRules)
    for (const BlockFormat &format : {mx, nv, withAbs3})
      if (!explainInvalidRule(format, rule, Rounding::Stochastic))
        accepted.insert(rule);
  EXPECT_EQ((std::set<ScaleRule>{ScaleRule::Ceil, ScaleRule::RCeil,
                                 ScaleRule::Abs3, ScaleRule::Amax}),
            accepted);
}

TEST(ScaleRule, N5_3_HeadRoom) {
  for (ScaleRule rule : kScaleRules) {
    EXPECT_EQ(1.0f, getHeadRoom(rule, Rounding::NearestEven));
    EXPECT_EQ(rule == ScaleRule::Amax ? 1.0625f : 1.0f,
              getHeadRoom(rule, Rounding::Stochastic));
  }
}

} // namespace
