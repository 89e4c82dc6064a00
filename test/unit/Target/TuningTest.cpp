//===- TuningTest.cpp - what was measured about tiles ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Tuning.h"
#include "mx/Target/Chip.h"
#include "mx/Target/KernelRegistry.h"
#include "gtest/gtest.h"
#include <algorithm>

using namespace mlir::mx;

static const std::vector<TuningEntry> entries = {
    {"matmul_wgmma", "sm_90a", "bf16*mxfp4", 0, 0, "256x128", 128, 0},
    {"matmul_wgmma", "sm_90a", "bf16*mxfp4", 4096, 4096, "256x128", 512, 3},
    {"matmul_wgmma", "sm_90a", "bf16*nvfp4", 0, 0, "256x128", 64, 0},
};

static int lookupRows(const TuningKey &key, std::string_view tile = "256x128") {
  const TuningEntry *entry = lookupTuning(entries, key, tile);
  return entry ? entry->rowsBelow : -1;
}

TEST(Tuning, TakesTheLastClassThatFits) {
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_90a", "bf16*mxfp4", 8192, 8192}),
            512);
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_90a", "bf16*mxfp4", 8192, 2880}),
            128);
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_90a", "bf16*mxfp4", 0, 0}), 128);
}

TEST(Tuning, KeepsChipsFormatsKernelsAndTilesApart) {
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_90a", "bf16*nvfp4", 64, 64}), 64);
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_90a", "f16*mxfp4", 64, 64}), -1);
  EXPECT_EQ(lookupRows({"matmul_wgmma", "sm_100a", "bf16*mxfp4", 64, 64}), -1);
  EXPECT_EQ(lookupRows({"matmul_mma_sync", "sm_90a", "bf16*mxfp4", 64, 64}),
            -1);
  EXPECT_EQ(
      lookupRows({"matmul_wgmma", "sm_90a", "bf16*mxfp4", 64, 64}, "128x128"),
      -1);
}

TEST(Tuning, ParsesWhatAModuleMaySay) {
  std::optional<TuningEntry> entry = parseTuning("matmul_wgmma 256x128 0 3");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kernel, "matmul_wgmma");
  EXPECT_EQ(entry->tile, "256x128");
  EXPECT_EQ(entry->rowsBelow, 0);
  EXPECT_EQ(entry->stages, 3);
  EXPECT_EQ(entry->columns, 0);
  for (const char *text :
       {"", "matmul_wgmma", "matmul_wgmma 256x128 1", "a b 1 2 3", "a b -1 2",
        "a b 1 x", "a b 1 99999999999", " b 1 2"})
    EXPECT_FALSE(parseTuning(text)) << text;
}

TEST(Tuning, NamesKernelsAndChipsThatThereAre) {
  for (const TuningEntry &entry : getTuning()) {
    EXPECT_TRUE(lookupChip(entry.chip)) << entry.chip;
    EXPECT_TRUE(
        std::any_of(getKernels().begin(), getKernels().end(),
                    [&](const auto &row) { return row.name == entry.kernel; }))
        << entry.kernel;
  }
}
