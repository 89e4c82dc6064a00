//===- NumbersTest.cpp - quantising arrays through the C interface --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Messages.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Quantize.h"
#include "mx/Numerics/RotationSigns.h"
#include "gtest/gtest.h"
#include <cmath>
#include <vector>

static std::vector<float> makeValues(int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(std::sin(static_cast<float>(i)) *
                     std::exp2(static_cast<float>(i % 7 - 3)));
  return values;
}

static MXFormat lookup(const char *name) {
  MXFormat format{};
  EXPECT_TRUE(mxFormatLookup(name, &format, nullptr));
  return format;
}

/// Every part equals what lib/Numerics makes, for every axis of a shape whose
/// blocks are ragged.
TEST(NumbersTest, quantisingIsThatOfNumerics) {
  std::vector<int64_t> shape = {3, 40, 6};
  std::vector<float> values = makeValues(720);
  for (const auto &[name, rule] :
       {std::pair("mxfp4", "even"), std::pair("nvfp4", "amax"),
        std::pair("mxfp6_e2m3", "rceil")})
    for (int64_t axis = 0; axis < 3; ++axis) {
      mxnum::QuantizeOptions options;
      options.rule = *mxnum::lookupScaleRule(rule);
      mxnum::BlockTensor expected = mxnum::quantize(
          *mxnum::lookupFormat(name), options, values.data(), shape, axis);
      MXQuantization quantization{};
      quantization.format = lookup(name);
      quantization.scaleRule = rule;
      MXBlocks blocks{};
      blocks.format = quantization.format;
      blocks.rank = 3;
      blocks.shape = shape.data();
      blocks.axis = axis;
      int64_t payloadBytes, scaleCount;
      ASSERT_TRUE(
          mxBlocksMeasure(&blocks, &payloadBytes, &scaleCount, nullptr));
      ASSERT_EQ(payloadBytes, static_cast<int64_t>(expected.payload.size()));
      ASSERT_EQ(scaleCount, static_cast<int64_t>(expected.scales.size()));
      // What was in the memory before does not matter.
      std::vector<uint8_t> payload(payloadBytes, 0xAA), scales(scaleCount);
      blocks.payload = payload.data();
      blocks.scales = scales.data();
      ASSERT_TRUE(mxQuantize(&quantization, values.data(), &blocks, nullptr));
      EXPECT_EQ(payload, expected.payload);
      EXPECT_EQ(scales, expected.scales);
      EXPECT_EQ(blocks.tensorScale, expected.tensorScale);
      std::vector<float> decoded(values.size());
      ASSERT_TRUE(mxDequantize(&blocks, MX_F32, decoded.data(), nullptr));
      EXPECT_EQ(decoded, mxnum::dequantize(expected));
      std::vector<double> exact(values.size());
      ASSERT_TRUE(mxDequantize(&blocks, MX_F64, exact.data(), nullptr));
      EXPECT_EQ(exact, mxnum::decodeAll(expected));
      std::vector<uint16_t> bf16(values.size()), f16(values.size());
      ASSERT_TRUE(mxDequantize(&blocks, MX_BF16, bf16.data(), nullptr));
      ASSERT_TRUE(mxDequantize(&blocks, MX_F16, f16.data(), nullptr));
      for (size_t i = 0; i < exact.size(); ++i) {
        EXPECT_EQ(bf16[i], mxnum::f64ToBF16(exact[i]));
        EXPECT_EQ(f16[i], mxnum::f64ToF16(exact[i]));
      }
    }
}

TEST(NumbersTest, rotationsRunAlongTheirAxis) {
  std::vector<float> values = makeValues(2 * 8 * 3), rotated = values;
  int64_t shape[] = {2, 8, 3};
  int8_t signs[4];
  ASSERT_TRUE(mxDrawSigns(7, 4, signs, nullptr));
  int8_t expectedSigns[4];
  mxnum::drawRotationSigns(7, 4, expectedSigns);
  EXPECT_TRUE(std::equal(signs, signs + 4, expectedSigns));
  ASSERT_TRUE(mxRotate(rotated.data(), 3, shape, 1, 4, signs, false, nullptr));
  for (int64_t outer = 0; outer < 2; ++outer)
    for (int64_t first = 0; first < 8; first += 4)
      for (int64_t column = 0; column < 3; ++column) {
        float group[4];
        auto index = [&](int64_t i) {
          return (outer * 8 + first + i) * 3 + column;
        };
        for (int64_t i = 0; i < 4; ++i)
          group[i] = values[index(i)];
        mxnum::rotateGroup(group, 4, signs, false);
        for (int64_t i = 0; i < 4; ++i)
          EXPECT_EQ(rotated[index(i)], group[i]);
      }
}

TEST(NumbersTest, layoutsGoThereAndBack) {
  for (const char *name : {"mxfp4", "nvfp4"}) {
    MXFormat format = lookup(name);
    std::vector<uint8_t> payload(64), scales(128 / format.block);
    for (size_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<uint8_t>(37 * i + 5);
    for (size_t i = 0; i < scales.size(); ++i)
      scales[i] = static_cast<uint8_t>(100 + i);
    std::vector<uint8_t> structs(payload.size() + scales.size());
    ASSERT_TRUE(mxToGgml(&format, payload.data(), scales.data(), 128,
                         structs.data(), nullptr));
    EXPECT_EQ(structs[0], scales[0]);
    std::vector<uint8_t> payload2(64), scales2(scales.size());
    ASSERT_TRUE(mxFromGgml(&format, structs.data(), 128, payload2.data(),
                           scales2.data(), nullptr));
    EXPECT_EQ(payload, payload2);
    EXPECT_EQ(scales, scales2);
  }
  std::vector<uint8_t> scales(130 * 5, 9);
  int64_t bytes;
  ASSERT_TRUE(mxScaleTilesMeasure(130, 5, &bytes, nullptr));
  EXPECT_EQ(bytes, 256 * 8);
  std::vector<uint8_t> tiles(bytes), back(scales.size());
  ASSERT_TRUE(mxToScaleTiles(scales.data(), 130, 5, tiles.data(), nullptr));
  ASSERT_TRUE(mxFromScaleTiles(tiles.data(), 130, 5, back.data(), nullptr));
  EXPECT_EQ(scales, back);
}

TEST(NumbersTest, elementsAreEncodedOneByOne) {
  float values[] = {-6, 0.25f, 5};
  uint8_t codes[3];
  ASSERT_TRUE(mxEncode(MX_E2M1, values, 3, codes, nullptr));
  EXPECT_EQ(codes[0], 15);
  EXPECT_EQ(codes[1], 0);
  EXPECT_EQ(codes[2], 6);
  ASSERT_TRUE(mxDecode(MX_E2M1, codes, 3, values, nullptr));
  EXPECT_EQ(values[2], 4.0f);
}

//===----------------------------------------------------------------------===//
// What callers do wrong
//===----------------------------------------------------------------------===//

namespace {

/// A quantisation that works until a test changes it.
struct Call {
  Call() {
    quantization.format = lookup("mxfp4");
    quantization.scaleRule = "even";
    blocks = {quantization.format, 1, &size, 0, payload, scales, 1};
  }
  std::string quantize() {
    Messages messages;
    mxQuantize(&quantization, values, &blocks, messages);
    return messages.get();
  }

  MXQuantization quantization{};
  MXBlocks blocks;
  int64_t size = 32;
  float values[32] = {};
  uint8_t payload[16], scales[1];
};

} // namespace

TEST(NumbersTest, quantisationsAreChecked) {
  EXPECT_EQ(Call().quantize(), "");
  Call rule;
  rule.quantization.scaleRule = "best";
  EXPECT_EQ(rule.quantize(),
            "error: expected a scale rule ('floor', 'ceil', 'rceil', 'even', "
            "'mse', 'abs3', 'amax', 'four_over_six_mse', 'four_over_six_mae', "
            "'sweep'), got 'best'\n");
  Call other;
  other.quantization.scaleRule = "amax";
  EXPECT_EQ(other.quantize(), "error: expected a rule for E8M0 scales (floor, "
                              "ceil, rceil, even, mse), got 'amax'\n");
  Call bits;
  bits.quantization.scaleRule = "rceil";
  bits.quantization.isStochastic = true;
  EXPECT_EQ(bits.quantize(), "error: expected 1 to 23 random bits, got 0\n");
  Call block;
  block.quantization.format.block = 3;
  EXPECT_EQ(block.quantize(), "error: expected a block that is a whole number "
                              "of bytes, got 3 elements of 4 bits\n");
  Call element;
  element.quantization.format.element = static_cast<MXElement>(9);
  EXPECT_EQ(element.quantize(),
            "error: expected an element type of MXElement, got 9\n");
  Call scale;
  scale.quantization.format.scale = static_cast<MXScale>(9);
  EXPECT_EQ(scale.quantize(),
            "error: expected a scale type of MXScale, got 9\n");
}

TEST(NumbersTest, shapesAreChecked) {
  Call axis;
  axis.blocks.axis = 1;
  EXPECT_EQ(axis.quantize(), "error: expected an axis from 0 to 0, got 1\n");
  Call rank;
  rank.blocks.rank = 0;
  EXPECT_EQ(rank.quantize(),
            "error: expected an array of at least one dimension, got 0\n");
  Call size;
  int64_t large[] = {int64_t(1) << 60};
  size.blocks.shape = large;
  EXPECT_EQ(size.quantize(), "error: expected sizes of an array of less than "
                             "2^62 bytes, got '1152921504606846976xf32'\n");
}

TEST(NumbersTest, otherArgumentsAreChecked) {
  Messages messages;
  MXFormat format;
  EXPECT_FALSE(mxFormatLookup("fp4", &format, messages));
  EXPECT_EQ(messages.get(),
            "error: expected a format ('mxfp4', 'nvfp4', 'mxfp6_e2m3', "
            "'mxfp6_e3m2', 'mxfp8_e4m3', 'mxfp8_e5m2'), got 'fp4'\n");
  Call call;
  EXPECT_FALSE(mxDequantize(&call.blocks, MX_I8, call.values, messages));
  EXPECT_EQ(messages.get(), "error: expected f32, f64, bf16 or f16 as the type "
                            "of the result, got another\n");
  EXPECT_FALSE(
      mxRotate(call.values, 1, &call.size, 0, 3, nullptr, false, messages));
  EXPECT_EQ(messages.get(), "error: expected the size of a rotation to be a "
                            "power of two from 2 to 256, got 3\n");
  EXPECT_FALSE(
      mxRotate(call.values, 1, &call.size, 0, 64, nullptr, false, messages));
  EXPECT_EQ(messages.get(), "error: expected the size of axis 0 to be a "
                            "multiple of the rotation's 64, got 32\n");
  int8_t signs[] = {1, 0};
  EXPECT_FALSE(
      mxRotate(call.values, 1, &call.size, 0, 2, signs, false, messages));
  EXPECT_EQ(messages.get(), "error: expected signs that are 1 or -1, got 0\n");
  format = lookup("mxfp8_e4m3");
  EXPECT_FALSE(mxToGgml(&format, nullptr, nullptr, 32, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected the format 'mxfp4' or 'nvfp4' for "
                            "structs of ggml, got another\n");
  format = lookup("nvfp4");
  EXPECT_FALSE(mxFromGgml(&format, nullptr, 32, nullptr, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected a multiple of 64 elements for "
                            "structs of ggml, got 32\n");
  int64_t bytes;
  EXPECT_FALSE(mxScaleTilesMeasure(-1, 4, &bytes, messages));
  EXPECT_EQ(messages.get(), "error: expected a matrix of scales that fits in "
                            "memory, got -1 x 4\n");
  EXPECT_FALSE(mxEncode(MX_E2M1, nullptr, -1, nullptr, messages));
  EXPECT_EQ(messages.get(), "error: expected a number of elements, got -1\n");
}
