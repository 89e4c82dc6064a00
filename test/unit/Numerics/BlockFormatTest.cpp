//===- BlockFormatTest.cpp - names and limits of formats
//---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockFormat.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

TEST(BlockFormat, N1_5_NamedFormats) {
  const double bitsPerValue[] = {4.25, 4.5, 6.25, 6.25, 8.25, 8.25};
  const char *names[] = {"mxfp4",      "nvfp4",      "mxfp6_e2m3",
                         "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2"};
  for (int i = 0; i < 6; ++i) {
    const NamedFormat &named = kNamedFormats[i];
    EXPECT_STREQ(names[i], named.name);
    EXPECT_EQ(bitsPerValue[i], getBitsPerValue(named.format));
    EXPECT_EQ(nullptr, explainInvalidFormat(named.format));
    EXPECT_EQ(named.name, getFormatName(named.format));
    ASSERT_TRUE(lookupFormat(named.name));
    EXPECT_EQ(named.format, *lookupFormat(named.name));
    EXPECT_EQ(i == 1, named.format.tensorScale);
    EXPECT_EQ(i == 1 ? 16 : 32, named.format.block);
  }
}

TEST(BlockFormat, N1_5_UnnamedFormats) {
  BlockFormat format = kNamedFormats[0].format;
  format.block = 16;
  EXPECT_TRUE(getFormatName(format).empty());
  EXPECT_NE(format, kNamedFormats[0].format);
  EXPECT_FALSE(lookupFormat("mxfp5"));
  EXPECT_FALSE(lookupFormat(""));
}

TEST(BlockFormat, N1_5_BlockLimits) {
  BlockFormat fp4{ElementType::E2M1, ScaleType::E8M0, 2, false};
  EXPECT_EQ(nullptr, explainInvalidFormat(fp4));
  for (int64_t block : {int64_t(-2), int64_t(0), int64_t(65537), INT64_MAX}) {
    fp4.block = block;
    EXPECT_STREQ("a block of 1 to 65536 elements", explainInvalidFormat(fp4));
  }
  fp4.block = 65536;
  EXPECT_EQ(nullptr, explainInvalidFormat(fp4));
}

TEST(BlockFormat, N1_5_WholeBytes) {
  auto explain = [](ElementType element, int64_t block) {
    return explainInvalidFormat({element, ScaleType::E8M0, block, false});
  };
  const char *wholeBytes = "a block that is a whole number of bytes";
  EXPECT_STREQ(wholeBytes, explain(ElementType::E2M1, 3));
  EXPECT_STREQ(wholeBytes, explain(ElementType::E2M3, 2));
  EXPECT_STREQ(wholeBytes, explain(ElementType::E3M2, 6));
  EXPECT_EQ(nullptr, explain(ElementType::E2M3, 4));
  EXPECT_EQ(nullptr, explain(ElementType::E4M3, 1));
}

} // namespace
