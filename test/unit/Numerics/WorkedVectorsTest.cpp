//===- WorkedVectorsTest.cpp - examples small enough to check by hand
//-------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The worked vectors of the numerics survey: inputs at ties, at the limits of
// a rule, and from published articles.
//===----------------------------------------------------------------------===//

#include "Samples.h"
#include "mx/Numerics/PackedLayout.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

/// A quantised block as text: "7F 702244".
std::string quantizeToText(const char *format, ScaleRule rule,
                           const std::vector<float> &x,
                           float tensorScale = 1.0f) {
  QuantizeOptions options;
  options.rule = rule;
  std::vector<uint8_t> codes(x.size());
  uint8_t scale =
      quantizeBlock(*lookupFormat(format), options, tensorScale, x.data(),
                    int64_t(x.size()), 0, 1, codes.data());
  char text[8];
  std::snprintf(text, sizeof(text), "%02X ", scale);
  std::string result = text;
  for (uint8_t code : codes)
    result += "0123456789ABCDEF"[code];
  return result;
}

std::string quantizeMX(ScaleRule rule, const std::vector<float> &x) {
  return quantizeToText("mxfp4", rule, x);
}

/// The decoded values of an mxfp4 block.
std::vector<float> reconstruct(ScaleRule rule, const std::vector<float> &x) {
  QuantizeOptions options;
  options.rule = rule;
  return dequantize(quantize(*lookupFormat("mxfp4"), options, x.data(),
                             {int64_t(x.size())}, 0));
}

TEST(WorkedVectors, N2_1_AllMidpoints) {
  std::vector<float> x = {6,     .25f,  .75f,   1.25f,  1.75f, 2.5f,  3.5f, 5,
                          -.25f, -.75f, -1.25f, -1.75f, -2.5f, -3.5f, -5,   -6};
  for (ScaleRule rule : {ScaleRule::Floor, ScaleRule::RCeil, ScaleRule::Even})
    EXPECT_EQ("7F 702244668AACCEEF", quantizeMX(rule, x));
}

TEST(WorkedVectors, N3_1_FloorSaturatesWhereOthersDoNot) {
  std::vector<float> x = {7, 5, -3.5f, 1, .5f, .25f};
  EXPECT_EQ("7F 76E210", quantizeMX(ScaleRule::Floor, x));
  EXPECT_EQ("80 64C100", quantizeMX(ScaleRule::RCeil, x));
  EXPECT_EQ("80 64C100", quantizeMX(ScaleRule::Even, x));
  EXPECT_EQ((std::vector<float>{6, 4, -4, 1, .5f, 0}),
            reconstruct(ScaleRule::Floor, x));
  EXPECT_EQ((std::vector<float>{8, 4, -4, 1, 0, 0}),
            reconstruct(ScaleRule::RCeil, x));
}

TEST(WorkedVectors, N3_1_EvenToleratesASmallExcess) {
  std::vector<float> x = {6.5f, -6.5f, 3.25f, 2.75f, .6f, -.3f};
  EXPECT_EQ("7F 7F5519", quantizeMX(ScaleRule::Floor, x));
  EXPECT_EQ("7F 7F5519", quantizeMX(ScaleRule::Even, x));
  EXPECT_EQ("80 5D3318", quantizeMX(ScaleRule::RCeil, x));
}

TEST(WorkedVectors, N3_1_PowersOfTwo) {
  std::vector<float> x = {33, 24, 16, 8, 4, 0, -32};
  for (ScaleRule rule : {ScaleRule::Floor, ScaleRule::RCeil, ScaleRule::Even}) {
    EXPECT_EQ("82 654210E", quantizeMX(rule, x));
    EXPECT_EQ((std::vector<float>{32, 24, 16, 8, 4, 0, -32}),
              reconstruct(rule, x));
  }
}

TEST(WorkedVectors, N3_1_JustAboveThree) {
  std::vector<float> x = {3.5f, 3, 2.25f, 1, -.4f};
  EXPECT_EQ("7E 7764A", quantizeMX(ScaleRule::Floor, x));
  EXPECT_EQ("7F 65429", quantizeMX(ScaleRule::RCeil, x));
  EXPECT_EQ("7F 65429", quantizeMX(ScaleRule::Even, x));
}

TEST(WorkedVectors, N3_1_ArticleBlock) {
  std::vector<float> x = {0.0625f, 0.375f, 0.078125f, 0.25f};
  for (ScaleRule rule : {ScaleRule::Floor, ScaleRule::RCeil, ScaleRule::Even}) {
    EXPECT_EQ("7B 2726", quantizeMX(rule, x));
    EXPECT_EQ((std::vector<float>{0.0625f, 0.375f, 0.0625f, 0.25f}),
              reconstruct(rule, x));
  }
  EXPECT_EQ("7C 1514", quantizeMX(ScaleRule::Ceil, x));
  // Without a block scale: 0, 0.5, 0 and, a tie, 0.
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(i == 1 ? 1 : 0, encodeElement(ElementType::E2M1, x[i]));
}

TEST(WorkedVectors, N8_1_ArticleBytes) {
  QuantizeOptions options;
  std::vector<float> x(32);
  x[0] = 0.0625f, x[1] = 0.375f, x[2] = 0.078125f, x[3] = 0.25f;
  BlockTensor tensor =
      quantize(*lookupFormat("mxfp4"), options, x.data(), {32}, 0);
  std::vector<uint8_t> expected(16);
  expected[0] = 0x72, expected[1] = 0x62;
  EXPECT_EQ(expected, tensor.payload);
}

TEST(WorkedVectors, N4_2_ArticleBlock) {
  std::vector<float> x = {0.0625f, 0.375f, 0.078125f, 0.25f};
  EXPECT_EQ("18 2726", quantizeToText("nvfp4", ScaleRule::Amax, x));
  QuantizeOptions options;
  options.rule = ScaleRule::Amax;
  BlockTensor tensor =
      quantize(*lookupFormat("nvfp4"), options, x.data(), {4}, 0);
  EXPECT_EQ((std::vector<uint8_t>{0x7E}), tensor.scales);
}

TEST(WorkedVectors, N4_2_UnitScale) {
  std::vector<float> x = {6,     5, 4,    3,   2.5f, 2,     1.75f, 1.5f,
                          1.25f, 1, .75f, .5f, .25f, -.25f, -5,    0};
  EXPECT_EQ("38 76654443222108E0", quantizeToText("nvfp4", ScaleRule::Amax, x));
}

TEST(WorkedVectors, N4_2_ScaleOnATie) {
  EXPECT_EQ("38 7", quantizeToText("nvfp4", ScaleRule::Amax, {6.375f}));
  EXPECT_EQ("3A 7", quantizeToText("nvfp4", ScaleRule::Amax, {7.125f}));
}

TEST(WorkedVectors, N4_3_MapsToFour) {
  std::vector<float> x = {10, 20, 30, 40};
  for (ScaleRule rule : {ScaleRule::FourOverSixMse, ScaleRule::FourOverSixMae})
    // s4 = 10 decodes exactly; s6 = 6.5 does not.
    EXPECT_EQ("52 2456", quantizeToText("nvfp4", rule, x));
  QuantizeOptions options;
  options.rule = ScaleRule::FourOverSixMse;
  BlockTensor tensor =
      quantize(*lookupFormat("nvfp4"), options, x.data(), {4}, 0);
  EXPECT_EQ(40.0f / 1536.0f, tensor.tensorScale);
  EXPECT_EQ((std::vector<uint8_t>{0x7C}), tensor.scales);
}

TEST(WorkedVectors, N4_3_IsNotContracted) {
  // Forming x − (q·s)·t with a fused multiply-add would pick the other scale.
  std::vector<float> squared = {0.403f, 0.692f, 0.154f, 0.598f};
  std::vector<float> absolute = {0.246f, 0.076f, 0.365f, 0.958f};
  EXPECT_EQ("5C 4625", quantizeToText("nvfp4", ScaleRule::FourOverSixMse,
                                      squared, 0.00714285718f));
  EXPECT_EQ("57 2136", quantizeToText("nvfp4", ScaleRule::FourOverSixMae,
                                      absolute, 0.0157142859f));
}

TEST(WorkedVectors, N4_3_TiesTakeSix) {
  // A lone 6 decodes exactly either way.
  EXPECT_EQ("38 7", quantizeToText("nvfp4", ScaleRule::FourOverSixMse, {6}));
}

} // namespace
