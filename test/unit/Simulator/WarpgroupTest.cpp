//===- WarpgroupTest.cpp - products of a warpgroup against the model ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A from registers and from shared memory, B under every swizzle, sums placed
// by the table.
//===----------------------------------------------------------------------===//

#include "SlowModel.h"
#include "Table.h"
#include "WarpgroupKernels.h"

using namespace mxsim;

namespace {

struct Product {
  int32_t typeA, typeB;
  uint32_t columns, span, inRow;
  bool fromRegisters;
};

unsigned bitsOf(int32_t type) {
  return type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16 ? 16 : 8;
}

/// Row and column of a sum: the table has 64 columns, and eight have four
/// registers.
std::pair<uint32_t, uint32_t> locateSum(uint32_t thread, uint32_t reg) {
  static const std::map<std::pair<unsigned, unsigned>,
                        std::pair<unsigned, unsigned>>
      places = [] {
        std::map<std::pair<unsigned, unsigned>, std::pair<unsigned, unsigned>>
            found;
        for (const Row &row : readTable("wgmma_m64n64_CD"))
          found[{row[0], row[1]}] = {row[2], row[3]};
        return found;
      }();
  auto [row, column] = places.at({thread, reg % 32});
  return {row, column + reg / 32 * 64};
}

struct Operands {
  std::vector<uint32_t> a, b, sums;

  Operands(const Product &product, uint32_t seed) {
    std::mt19937 engine(seed);
    auto draw = [&](int32_t type) {
      while (true) {
        uint32_t code = engine() & (bitsOf(type) == 16 ? 0xFFFF : 0xFF);
        if (std::isfinite(slow::decode(type, code)) &&
            std::fabs(slow::decode(type, code)) < 1e15)
          return code;
      }
    };
    uint32_t k = 256 / bitsOf(product.typeA);
    for (uint32_t i = 0; i < kRows * k; ++i)
      a.push_back(draw(product.typeA));
    for (uint32_t i = 0; i < product.columns * k; ++i)
      b.push_back(draw(product.typeB));
    for (uint32_t i = 0; i < kRows * product.columns; ++i)
      sums.push_back(slow::floatToBits(float(int32_t(engine())) / 1024));
  }
};

/// Runs `times` products one after the other on one warpgroup; returns sums by
/// row and column.
std::vector<uint32_t> run(const Product &product, const Operands &operands,
                          int times) {
  unsigned bits = bitsOf(product.typeA), k = 256 / bits;
  std::vector<std::array<uint32_t, 4>> registers(128);
  std::string table = bits == 16 ? "mma_m16n8k16_bf16_A" : "mma_m16n8k32_fp8_A";
  for (uint32_t thread = 0; thread < 128; ++thread)
    for (const Row &row : readTable(table))
      if (row[0] == thread % 32)
        registers[thread][row[1]] |=
            operands.a[(thread / 32 * 16 + row[4]) * k + row[5]] << row[3];
  Place b = {0, product.span, product.inRow};
  Place a = {65536, product.span, product.inRow};
  std::vector<uint32_t> result(operands.sums.size());
  Setting setting;
  setting.threads = 128;
  setting.shared = 98304;
  setting.options.arithmetic = Arithmetic::Hopper;
  expectGood(runKernel(setting, [&] {
    storeMatrix(b, operands.b, product.columns, bits);
    storeMatrix(a, operands.a, kRows, bits);
    publish();
    uint32_t thread = threadId(), count = product.columns / 2;
    std::vector<uint32_t> sums(count), kept;
    auto at = [&](uint32_t reg) {
      auto [row, column] = locateSum(thread, reg);
      return row * product.columns + column;
    };
    for (uint32_t reg = 0; reg < count; ++reg)
      sums[reg] = operands.sums[at(reg)];
    mxsim_warpgroup_fence(4);
    for (int i = 0; i < times; ++i) {
      const uint32_t *words = registers[thread].data();
      mxsim_warpgroup_product(
          sums.data(), product.fromRegisters ? words : nullptr,
          a.getDescriptor(), b.getDescriptor(), int32_t(product.columns),
          product.typeA, product.typeB, 5);
      if (product.fromRegisters)
        kept.insert(kept.end(), words, words + 4);
    }
    mxsim_warpgroup_commit(6);
    mxsim_warpgroup_wait(0, sums.data(), int32_t(count), kept.data(),
                         int32_t(kept.size()), 7);
    for (uint32_t reg = 0; reg < count; ++reg)
      result[at(reg)] = sums[reg];
  }));
  return result;
}

/// One fused sum of all of K: F is 25, for 8-bit operands 13.
void check(const Product &product, int times = 1) {
  Operands operands(product, product.columns + product.span);
  std::vector<uint32_t> result = run(product, operands, times);
  unsigned bits = bitsOf(product.typeA), k = 256 / bits;
  for (uint32_t row = 0; row < kRows; ++row)
    for (uint32_t column = 0; column < product.columns; ++column) {
      std::vector<double> a, b;
      for (uint32_t i = 0; i < k; ++i) {
        a.push_back(slow::decode(product.typeA, operands.a[row * k + i]));
        b.push_back(slow::decode(product.typeB, operands.b[column * k + i]));
      }
      uint32_t sum = operands.sums[row * product.columns + column];
      for (int i = 0; i < times; ++i)
        sum = slow::dot(a, product.typeA, b, product.typeB, 1, sum,
                        bits == 16 ? 25 : 13, bits == 16 ? 23 : 13);
      ASSERT_EQ(result[row * product.columns + column], sum)
          << "row " << row << ", column " << column;
    }
}

TEST(Warpgroup, MultipliesRegistersUnderEverySwizzle) {
  for (uint32_t span : {0u, 32u, 64u, 128u})
    for (uint32_t inRow = 0; inRow + 32 <= std::max(span, 32u); inRow += 32)
      check({MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, 24, span, inRow, true});
}

TEST(Warpgroup, MultipliesSharedMemoryUnderEverySwizzle) {
  for (uint32_t span : {0u, 32u, 64u, 128u})
    check({MXSIM_TYPE_F16, MXSIM_TYPE_F16, 16, span, 0, false});
}

TEST(Warpgroup, MultipliesAllColumns) {
  check({MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, 256, 128, 64, true});
  check({MXSIM_TYPE_F16, MXSIM_TYPE_F16, 8, 128, 96, true});
}

TEST(Warpgroup, MultipliesBytes) {
  check({MXSIM_TYPE_E4M3, MXSIM_TYPE_E5M2, 32, 128, 32, true});
  check({MXSIM_TYPE_E5M2, MXSIM_TYPE_E4M3, 32, 64, 0, false});
}

TEST(Warpgroup, AddsSeveralProductsBeforeAWait) {
  check({MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, 16, 128, 0, true}, 3);
}

/// A younger group may go on while an older one is complete.
TEST(Warpgroup, WaitsForTheOlderGroupAlone) {
  Place b = {0, 128};
  std::vector<uint32_t> codes(8 * 16, 0x4000);
  std::vector<float> first(128), second(128);
  Setting setting;
  setting.threads = 128;
  setting.shared = 1024;
  expectGood(runKernel(setting, [&] {
    storeMatrix(b, codes, 8, 16);
    publish();
    auto a = makeRegisters();
    // Two tiles of sums, each in its own group.
    uint32_t sums[8] = {};
    mxsim_warpgroup_fence(4);
    for (uint32_t *tile : {sums, sums + 4}) {
      mxsim_warpgroup_product(tile, a.data(), 0, b.getDescriptor(), 8,
                              MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, 5);
      mxsim_warpgroup_commit(6);
    }
    mxsim_warpgroup_wait(1, sums, 8, a.data(), 4, 7);
    std::memcpy(&first[threadId()], sums, 4);
    EXPECT_NE(sums[4], sums[0]);
    mxsim_warpgroup_wait(0, sums, 8, a.data(), 4, 8);
    std::memcpy(&second[threadId()], sums + 4, 4);
  }));
  EXPECT_EQ(first, std::vector<float>(128, 4));
  EXPECT_EQ(second, std::vector<float>(128, 4));
}

/// Two warpgroups read the same operand, each in its own time.
TEST(Warpgroup, SeveralShareAnOperand) {
  Place b = {0, 128};
  std::vector<uint32_t> codes(8 * 16, 0x4000);
  Setting setting;
  setting.threads = 256;
  setting.shared = 1024;
  for (uint64_t seed : {0, 1, 2}) {
    setting.options.scheduleSeed = seed;
    expectGood(runKernel(setting, [&] {
      if (threadId() < 128)
        storeMatrix(b, codes, 8, 16);
      publish();
      auto a = makeRegisters();
      uint32_t sums[4] = {};
      mxsim_warpgroup_fence(4);
      mxsim_warpgroup_product(sums, a.data(), 0, b.getDescriptor(), 8,
                              MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, 5);
      mxsim_warpgroup_commit(6);
      mxsim_warpgroup_wait(0, sums, 4, a.data(), 4, 7);
      // Whoever knows of both waits may write again.
      mxsim_barrier(0, 0, 8);
      if (threadId() < 128)
        storeMatrix(b, codes, 8, 16);
    }));
  }
}

} // namespace
