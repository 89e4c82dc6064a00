//===- KernelRegistryTest.cpp - which kernel fits -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/KernelRegistry.h"
#include "mx/Target/Legality.h"
#include <gtest/gtest.h>
#include <sstream>

using namespace mlir::mx;

static OperandFormat getFormat(std::string_view name) {
  if (auto format = mxnum::lookupFormat(name))
    return *format;
  return name == "bf16"  ? PlainType::BF16
         : name == "f16" ? PlainType::F16
                         : PlainType::F32;
}

static KernelChoice select(const char *lhs, const char *rhs,
                           std::string_view chip,
                           std::string_view features = "") {
  return selectKernel("mx.matmul", {MachineKind::Nvvm, chip, features},
                      {getFormat(lhs), getFormat(rhs)});
}

namespace {

TEST(KernelRegistry, EveryRowAsksForWhatThereIs) {
  for (const KernelRow &row : getKernels()) {
    SCOPED_TRACE(row.name);
    std::string operation(row.operation.substr(3));
    EXPECT_EQ(0u, row.name.rfind(operation + "_", 0));
    EXPECT_EQ(row.name, lookupKernel(row.name)->name);
    EXPECT_EQ(row.operation, lookupKernel(row.name)->operation);
    std::string needs(row.needs);
    std::istringstream words(row.machine == MachineKind::Nvvm ? needs : "");
    for (std::string word; std::getline(words, word, ',');)
      EXPECT_NE(nullptr, lookupInstruction(word)) << word;
  }
  EXPECT_EQ(nullptr, lookupKernel("matmul_quantum"));
}

/// Operands that no row but the emulated one of an operation takes.
static const OperandFormats kForeign = {
    mxnum::BlockFormat{mxnum::ElementType::E2M1, mxnum::ScaleType::E8M0, 128,
                       /*tensorScale=*/false},
    PlainType::F32};

TEST(KernelRegistry, EveryMachineHasAKernelOfEveryOperation) {
  Machine machines[] = {Machine(), {MachineKind::Nvvm, "sm_80", ""}};
  for (const Machine &machine : machines)
    for (const char *operation : {"mx.quantize", "mx.dequantize", "mx.rotate",
                                  "mx.matmul", "mx.grouped_matmul"}) {
      KernelChoice choice = selectKernel(operation, machine, kForeign);
      ASSERT_NE(nullptr, choice.row);
      EXPECT_EQ(machine.kind, choice.row->machine);
      EXPECT_TRUE(choice.row->emulated);
      EXPECT_EQ("no other row of this operation fits the target",
                choice.obstacle);
    }
}

TEST(KernelRegistry, FP4WeightsOfACpu) {
  auto choose = [](const char *lhs, const char *rhs, const char *features) {
    return selectKernel("mx.matmul", {MachineKind::Cpu, "", features},
                        {getFormat(lhs), getFormat(rhs)});
  };
  for (const char *lhs : {"f32", "bf16", "mxfp4", "mxfp8_e5m2"})
    for (const char *rhs : {"mxfp4", "nvfp4"}) {
      KernelChoice choice = choose(lhs, rhs, "+avx,+avx2,+fma");
      EXPECT_EQ("matmul_shuffle_fma", choice.row->name);
      EXPECT_FALSE(choice.row->emulated);
    }
  EXPECT_EQ("matmul_emulated",
            choose("f32", "mxfp8_e4m3", "+avx2,+fma").row->name);
  EXPECT_EQ("matmul_emulated", choose("mxfp4", "f32", "+avx2,+fma").row->name);
  KernelChoice choice = choose("f32", "mxfp4", "+avx2,-fma");
  EXPECT_EQ("matmul_emulated", choice.row->name);
  EXPECT_EQ("matmul_shuffle_fma needs fma", choice.obstacle);
}

TEST(KernelRegistry, LayoutsOfWeights) {
  for (const KernelRow &row : getKernels()) {
    auto isCalled = [&](const char *how) {
      return row.name.find(how) != std::string_view::npos;
    };
    WeightLayout expected =
        isCalled("matmul_shuffle_fma") ? WeightLayout::Interleaved
        : isCalled("matmul_mma_sync")  ? WeightLayout::Fragments
                                       : WeightLayout::Canonical;
    EXPECT_EQ(expected, getWeightLayout(row.name));
  }
  EXPECT_EQ(WeightLayout::Canonical, getWeightLayout("matmul_quantum"));
}

TEST(KernelRegistry, BlockScaledProductsOfAGpu) {
  auto needs = [](const char *lhs, const char *rhs) {
    KernelChoice choice = select(lhs, rhs, "sm_120a");
    return choice.row ? choice.row->needs : "none";
  };
  EXPECT_EQ("mma.block_scale/mxf4", needs("mxfp4", "mxfp4"));
  EXPECT_EQ("mma.block_scale/mxf4nvf4", needs("nvfp4", "nvfp4"));
  for (const char *eight : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e2m3"}) {
    EXPECT_EQ("mma.block_scale/mxf8f6f4", needs(eight, "mxfp4"));
    EXPECT_EQ("mma.block_scale/mxf8f6f4", needs("mxfp4", eight));
    EXPECT_EQ("mma.block_scale/mxf8f6f4", needs(eight, eight));
  }
  EXPECT_EQ("", needs("f32", "f32"));
}

TEST(KernelRegistry, WhatAGpuDecodes) {
  auto name = [](const char *lhs, const char *rhs, const char *chip) {
    KernelChoice choice = select(lhs, rhs, chip);
    return choice.row ? choice.row->name : "none";
  };
  for (const char *chip : {"sm_80", "sm_89", "sm_90a", "sm_120a"}) {
    for (const char *narrow : {"mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp8_e5m2"})
      for (const char *plain : {"f32", "bf16", "f16"}) {
        EXPECT_EQ("matmul_mma_sync", name(narrow, plain, chip));
        if (chip != std::string("sm_90a") || plain != std::string("bf16"))
          EXPECT_EQ("matmul_mma_sync", name(plain, narrow, chip));
      }
    EXPECT_EQ("matmul_mma_sync", name("mxfp4", "nvfp4", chip));
    EXPECT_EQ("matmul_emulated", name("bf16", "f16", chip));
    EXPECT_EQ("matmul_emulated", name("f32", "f32", chip));
  }
  for (const char *narrow : {"mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2"}) {
    EXPECT_EQ("matmul_wgmma", name("bf16", narrow, "sm_90a"));
    EXPECT_EQ("matmul_mma_sync", name("f16", narrow, "sm_90a"));
    EXPECT_EQ("matmul_mma_sync", name("bf16", narrow, "sm_90"));
  }
  EXPECT_EQ("matmul_mma_sync", name("bf16", "mxfp8_e4m3", "sm_90a"));
  EXPECT_EQ("matmul_mma_sync", name("mxfp4", "mxfp4", "sm_90a"));
  EXPECT_EQ("matmul_mma_block_scale", name("mxfp4", "mxfp4", "sm_120a"));
}

TEST(KernelRegistry, GroupedProductsOfAGpuNeedTheSameInstructions) {
  Machine machine{MachineKind::Nvvm, "sm_120a", ""};
  auto needs = [&](const char *name) {
    mxnum::BlockFormat format = *mxnum::lookupFormat(name);
    KernelChoice choice =
        selectKernel("mx.grouped_matmul", machine, {format, format});
    return choice.row ? choice.row->needs : "none";
  };
  EXPECT_EQ("mma.block_scale/mxf4", needs("mxfp4"));
  EXPECT_EQ("mma.block_scale/mxf4nvf4", needs("nvfp4"));
  EXPECT_EQ("mma.block_scale/mxf8f6f4", needs("mxfp8_e4m3"));
}

TEST(KernelRegistry, GroupedProductsThatAGpuDecodes) {
  auto name = [](const char *lhs, const char *rhs, const char *chip) {
    KernelChoice choice =
        selectKernel("mx.grouped_matmul", {MachineKind::Nvvm, chip, ""},
                     {getFormat(lhs), getFormat(rhs)});
    return choice.row ? choice.row->name : "none";
  };
  for (const char *chip : {"sm_80", "sm_90a", "sm_120a"}) {
    EXPECT_EQ("grouped_matmul_mma_sync", name("bf16", "mxfp4", chip));
    EXPECT_EQ("grouped_matmul_mma_sync", name("nvfp4", "f16", chip));
    EXPECT_EQ("grouped_matmul_mma_sync", name("mxfp4", "nvfp4", chip));
    EXPECT_EQ("grouped_matmul_emulated", name("bf16", "f16", chip));
    EXPECT_EQ("grouped_matmul_mma_sync", name("f32", "mxfp4", chip));
  }
  EXPECT_EQ("grouped_matmul_mma_sync", name("mxfp4", "mxfp4", "sm_90a"));
  EXPECT_EQ("grouped_matmul_mma_block_scale",
            name("mxfp4", "mxfp4", "sm_120a"));
}

TEST(KernelRegistry, AFormatWithoutANameIsEmulated) {
  mxnum::BlockFormat format = *mxnum::lookupFormat("mxfp4");
  format.block = 64;
  Machine machine{MachineKind::Nvvm, "sm_120a", ""};
  auto isEmulated = [&] {
    return selectKernel("mx.matmul", machine, {format, format}).row->emulated;
  };
  EXPECT_TRUE(isEmulated());
  format.block = 32;
  EXPECT_FALSE(isEmulated());
}

TEST(KernelRegistry, TheObstacleNamesWhatIsMissing) {
  KernelChoice choice = select("mxfp4", "mxfp4", "sm_89");
  EXPECT_TRUE(choice.row->emulated);
  EXPECT_EQ("matmul_mma_block_scale needs mma.block_scale/mxf4, which needs "
            "sm_120a, sm_120f, sm_121a or sm_121f",
            choice.obstacle);
  EXPECT_EQ("no other row of this operation fits the target",
            select("mxfp4", "nvfp4", "sm_120a").obstacle);
  EXPECT_EQ("no other row of this operation fits the target",
            select("bf16", "mxfp4", "sm_80").obstacle);
  EXPECT_EQ("matmul_mma_block_scale needs a chip of the list",
            select("mxfp4", "mxfp4", "sm_7").obstacle);
}

TEST(KernelRegistry, UnknownFormatsFitEveryRow) {
  Machine machine{MachineKind::Nvvm, "sm_121f", ""};
  EXPECT_NE(nullptr, selectKernel("mx.matmul", machine).row);
}

} // namespace
