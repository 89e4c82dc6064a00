//===- LegalityTest.cpp - which chip has which instruction ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Legality.h"
#include <gtest/gtest.h>
#include <set>

using namespace mlir::mx;

static Legality check(const char *instruction, const char *chip,
                      unsigned ptx = 0) {
  const Chip *row = lookupChip(chip);
  return checkInstruction(instruction, *row, ptx ? ptx : row->ptx);
}

namespace {

TEST(Legality, EveryRowFitsSomeChip) {
  std::set<std::string_view> names;
  for (const Instruction &row : getInstructions()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(&row, lookupInstruction(row.name));
    bool fits = false;
    for (const Chip &chip : getChips()) {
      Legality legality = checkInstruction(row.name, chip, 90);
      fits |= legality.support == Support::Native;
      EXPECT_EQ(legality.support == Support::Native, legality.reason.empty());
    }
    EXPECT_TRUE(fits);
  }
}

TEST(Legality, BlockScaledProductsNeedALetterOfTheFamily) {
  for (const Chip &chip : getChips()) {
    bool fits = chip.family == 120 && chip.reach != ChipReach::Later;
    for (const char *form : {"mxf4", "mxf4nvf4", "mxf8f6f4"}) {
      std::string name = std::string("mma.block_scale/") + form;
      EXPECT_EQ(fits ? Support::Native : Support::Impossible,
                checkInstruction(name, chip, chip.ptx).support)
          << chip.name;
    }
  }
  EXPECT_EQ("needs sm_120a, sm_120f, sm_121a or sm_121f",
            check("mma.block_scale/mxf4", "sm_120").reason);
}

TEST(Legality, OneChipAlone) {
  EXPECT_EQ(Support::Native, check("wgmma.mma_async", "sm_90a").support);
  EXPECT_EQ("needs sm_90a", check("wgmma.mma_async", "sm_90").reason);
  EXPECT_EQ("needs sm_90a", check("wgmma.mma_async", "sm_100a").reason);
  EXPECT_EQ("needs sm_100a or sm_103a",
            check("convert.f32x4.to.f4x4", "sm_120a").reason);
}

TEST(Legality, LaterChipsToo) {
  EXPECT_EQ("needs sm_90 or later",
            check("mbarrier.expect_tx", "sm_89").reason);
  EXPECT_EQ(Support::Native, check("mbarrier.expect_tx", "sm_90").support);
  EXPECT_EQ(Support::Native, check("mbarrier.expect_tx", "sm_120a").support);
}

TEST(Legality, PtxVersion) {
  EXPECT_EQ("needs PTX 8.8",
            check("tcgen05.mma.block_scale", "sm_100a", 87).reason);
  EXPECT_EQ(Support::Native,
            check("tcgen05.mma.block_scale", "sm_100a", 88).support);
}

TEST(Legality, WhatPtxasExpandsIsNotNative) {
  for (const char *chip : {"sm_90a", "sm_90", "sm_100a", "sm_103f", "sm_110"})
    EXPECT_EQ(Support::Expanded, check("mma.sync/fp8", chip).support) << chip;
  for (const char *chip : {"sm_89", "sm_120a", "sm_121"})
    EXPECT_EQ(Support::Native, check("mma.sync/fp8", chip).support) << chip;
  EXPECT_EQ("ptxas expands for this chip",
            check("mma.sync/fp8", "sm_90a").reason);
}

TEST(Legality, WhatIsNoRowIsRefused) {
  Legality legality = check("mma.cubic", "sm_120a");
  EXPECT_EQ(Support::Impossible, legality.support);
  EXPECT_EQ("is not in the table of instructions", legality.reason);
}

} // namespace
