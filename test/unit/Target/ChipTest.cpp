//===- ChipTest.cpp - the list of chips and its feature strings -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Chip.h"
#include <gtest/gtest.h>
#include <set>

using namespace mlir::mx;

namespace {

TEST(Chip, NamesSayCapabilityAndReach) {
  std::set<std::string_view> names;
  for (const Chip &chip : getChips()) {
    SCOPED_TRACE(chip.name);
    EXPECT_TRUE(names.insert(chip.name).second);
    EXPECT_EQ(&chip, lookupChip(chip.name));
    std::string mark = chip.reach == ChipReach::Exact    ? "a"
                       : chip.reach == ChipReach::Family ? "f"
                                                         : "";
    EXPECT_EQ("sm_" + std::to_string(chip.capability) + mark, chip.name);
    // Families began with sm_100, and f chips with PTX 8.8.
    EXPECT_EQ(chip.capability >= 100, chip.family != 0);
    EXPECT_LE(chip.family, chip.capability);
    if (chip.reach == ChipReach::Family) {
      EXPECT_GE(chip.minPtx, 88u);
    }
  }
  EXPECT_EQ(22u, names.size());
  EXPECT_EQ(nullptr, lookupChip("sm_101a"));
  EXPECT_EQ(nullptr, lookupChip(""));
}

TEST(Chip, EveryVersionOfOneCapabilityHasTheSameMemory) {
  for (const Chip &chip : getChips())
    for (const Chip &other : getChips())
      if (chip.capability == other.capability) {
        EXPECT_EQ(chip.sharedBytes, other.sharedBytes) << chip.name;
        EXPECT_EQ(chip.family, other.family) << chip.name;
      }
  EXPECT_EQ(99u * 1024, lookupChip("sm_120a")->sharedBytes);
  EXPECT_EQ(227u * 1024, lookupChip("sm_90a")->sharedBytes);
}

TEST(Chip, FeaturesNameOnePtxVersion) {
  for (const Chip &chip : getChips()) {
    SCOPED_TRACE(chip.name);
    EXPECT_EQ(chip.ptx, parsePtx(chip, ""));
    EXPECT_EQ(chip.ptx, parsePtx(chip, printPtxFeature(chip.ptx)));
    EXPECT_EQ(chip.minPtx, parsePtx(chip, printPtxFeature(chip.minPtx)));
    EXPECT_EQ(std::nullopt, parsePtx(chip, printPtxFeature(chip.minPtx - 1)));
    EXPECT_EQ(90u, parsePtx(chip, "+ptx90"));
  }
  const Chip &chip = *lookupChip("sm_120a");
  for (const char *wrong : {"ptx87", "-ptx87", "+ptx87,+ptx88", "+ptx89",
                            "+ptx91", "+ptx860", "+ptx", "+avx2", ","})
    EXPECT_EQ(std::nullopt, parsePtx(chip, wrong)) << wrong;
  EXPECT_EQ("+ptx87, +ptx88 or +ptx90", listPtxFeatures(chip));
  EXPECT_EQ("+ptx90", listPtxFeatures(*lookupChip("sm_110a")));
  EXPECT_EQ("8.7", printPtxVersion(87));
}

} // namespace
