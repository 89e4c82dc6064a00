//===- BlockScaleTest.cpp - scale bytes, exhaustively
//------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N1.2 and N1.3, and the rounding to UE4M3 that N4.2 uses.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockScale.h"
#include "Samples.h"
#include "mx/Numerics/Half.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

TEST(BlockScale, N1_2_DecodesEveryE8M0) {
  for (unsigned byte = 0; byte < 256; ++byte)
    ASSERT_TRUE(oracle::isSame(oracle::decodeScale(ScaleType::E8M0, byte),
                               decodeScale(ScaleType::E8M0, uint8_t(byte))))
        << byte;
  EXPECT_EQ(0x00400000u, oracle::bitsOf(decodeScale(ScaleType::E8M0, 0)));
  EXPECT_TRUE(std::isnan(decodeScale(ScaleType::E8M0, 255)));
}

TEST(BlockScale, N1_3_DecodesEveryUE4M3) {
  for (unsigned byte = 0; byte < 256; ++byte)
    ASSERT_TRUE(oracle::isSame(oracle::decodeScale(ScaleType::UE4M3, byte),
                               decodeScale(ScaleType::UE4M3, uint8_t(byte))))
        << byte;
  EXPECT_TRUE(std::isnan(decodeScale(ScaleType::UE4M3, 0x7F)));
  EXPECT_TRUE(std::isnan(decodeScale(ScaleType::UE4M3, 0x80)));
}

TEST(BlockScale, N1_2_UnitAndPoison) {
  for (ScaleType type : {ScaleType::E8M0, ScaleType::UE4M3}) {
    EXPECT_EQ(1.0f, decodeScale(type, getUnitScale(type)));
    EXPECT_TRUE(std::isnan(decodeScale(type, getPoisonScale(type))));
  }
  EXPECT_EQ(0x7F, getUnitScale(ScaleType::E8M0));
  EXPECT_EQ(0x38, getUnitScale(ScaleType::UE4M3));
  EXPECT_EQ(0xFF, getPoisonScale(ScaleType::E8M0));
  EXPECT_EQ(0x7F, getPoisonScale(ScaleType::UE4M3));
}

TEST(BlockScale, N4_2_EncodesEveryBF16) {
  for (unsigned bits = 0; bits < 1 << 16; ++bits) {
    float value = bf16ToF32(uint16_t(bits));
    unsigned expected = std::isnan(value) ? 0x7F
                        : value <= 0.0f
                            ? 0
                            : oracle::encodeElement(ElementType::E4M3, value);
    ASSERT_EQ(expected, encodeUE4M3(value)) << value;
  }
}

TEST(BlockScale, N4_2_EncodeInvertsDecode) {
  for (unsigned byte = 0; byte <= 0x7E; ++byte)
    ASSERT_EQ(byte, encodeUE4M3(decodeScale(ScaleType::UE4M3, uint8_t(byte))));
}

TEST(BlockScale, N4_2_TiesToEven) {
  EXPECT_EQ(0x38, encodeUE4M3(1.0625f));
  EXPECT_EQ(0x3A, encodeUE4M3(1.1875f));
  EXPECT_EQ(0x00, encodeUE4M3(0x1p-10f));
  EXPECT_EQ(0x02, encodeUE4M3(0x1.8p-9f));
  EXPECT_EQ(0x7E, encodeUE4M3(1e30f));
}

} // namespace
