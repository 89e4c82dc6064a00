//===- BF16PlacementTest.cpp - every code as a bf16 number ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every code with every scale, decoded as kernels do it: placed, multiplied by
// the power of two and by the scale, each product rounded to bf16. The result
// must be N1.4 in f32, the overflow to infinity included.
//===----------------------------------------------------------------------===//

#include "MXToNVVM/BF16Placement.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace mlir::mx;
using mxnum::ElementType;
using mxnum::ScaleType;

namespace {

float getBF16(uint32_t bits) { return mxnum::bf16ToF32(uint16_t(bits)); }

/// The product of two bf16 numbers as the machine rounds it.
float multiply(float a, float b) {
  return mxnum::bf16ToF32(mxnum::f32ToBF16(a * b));
}

float decodePlacedScale(ScaleType type, uint8_t byte) {
  if (type == ScaleType::E8M0)
    return getBF16(placeE8M0(uint32_t(byte)));
  return multiply(getBF16(placeUE4M3(uint32_t(byte))),
                  getBF16(uint32_t(getPlacementFactor(ElementType::E4M3))));
}

/// The element that is placed in the half of a register that begins at `half`.
float decodePlaced(ElementType type, uint32_t pair, int half) {
  uint32_t placed = keepSpecials(placePair(pair, type), type);
  return multiply(getBF16(placed >> half),
                  getBF16(uint32_t(getPlacementFactor(type))));
}

void expectSame(float expected, float got) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(got));
  else
    EXPECT_EQ(std::signbit(expected), std::signbit(got));
  if (!std::isnan(expected))
    EXPECT_EQ(expected, got);
}

TEST(BF16Placement, N1_2_EveryE8M0Byte) {
  for (int byte = 0; byte < 256; ++byte)
    expectSame(mxnum::decodeScale(ScaleType::E8M0, uint8_t(byte)),
               decodePlacedScale(ScaleType::E8M0, uint8_t(byte)));
}

TEST(BF16Placement, N1_3_EveryUE4M3Byte) {
  for (int byte = 0; byte < 256; ++byte)
    expectSame(mxnum::decodeScale(ScaleType::UE4M3, uint8_t(byte)),
               decodePlacedScale(ScaleType::UE4M3, uint8_t(byte)));
}

TEST(BF16Placement, N1_4_EveryCodeWithEveryScale) {
  for (ElementType type : mxnum::kElementTypes)
    for (ScaleType scaleType : {ScaleType::E8M0, ScaleType::UE4M3})
      for (int byte = 0; byte < 256; ++byte) {
        float scale = mxnum::decodeScale(scaleType, uint8_t(byte));
        unsigned bits = mxnum::getElementInfo(type).bits;
        // Elements of 8 bits may be no bf16 numbers where the scale is tiny.
        if (bits == 8 && scaleType == ScaleType::E8M0 && byte < kTinyScale)
          continue;
        for (uint32_t code = 0; code < 1u << bits; ++code) {
          float expected = mxnum::decodeElement(type, uint8_t(code)) * scale;
          float element = decodePlaced(type, code << (16 - bits), 0);
          expectSame(
              expected,
              multiply(element, decodePlacedScale(scaleType, uint8_t(byte))));
        }
      }
}

TEST(BF16Placement, N7_1_ScalesThatMakeElementsInfinite) {
  for (ElementType type : mxnum::kElementTypes)
    for (int byte = 0; byte < 255; ++byte) {
      float scale = mxnum::decodeScale(ScaleType::E8M0, uint8_t(byte));
      bool mayBeInfinite = (byte + getInfinityOffset(type)) >> 8 != 0;
      EXPECT_EQ(std::isinf(mxnum::getElementInfo(type).maxFinite * scale),
                mayBeInfinite)
          << byte;
    }
}

TEST(BF16Placement, N8_1_EveryCodeGetsItsHalf) {
  std::mt19937 random(1);
  for (ElementType type : mxnum::kElementTypes) {
    unsigned bits = mxnum::getElementInfo(type).bits;
    // The quarter of a step: 32 codes.
    std::vector<uint32_t> words(bits);
    for (int test = 0; test < 100; ++test) {
      for (uint32_t &word : words)
        word = uint32_t(random());
      std::vector<uint8_t> bytes;
      for (uint32_t word : words)
        for (int byte = 0; byte < 4; ++byte)
          bytes.push_back(uint8_t(word >> (8 * byte)));
      for (int i = 0; i < 32; ++i) {
        auto run = spreadRun(words, int(bits), i / kRunCodes);
        uint8_t code = mxnum::readCode(bytes.data(), i, bits);
        expectSame(mxnum::decodeElement(type, code),
                   decodePlaced(type, run[i % kRunCodes / 2], 16 * (i % 2)));
      }
    }
  }
}

} // namespace
