//===- InterleavedMatmulTest.cpp - compiled products of rows in lanes -----===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The kernels that want interleaved weights (N8.7): exact on the exact domain
// (N7.3) for one row, a few and many, within N7.2 elsewhere, with every scale
// byte, groups, batches and ragged sizes.
//===----------------------------------------------------------------------===//

#include "MatmulVariant.h"
#include "mx/Numerics/PackedLayout.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

/// Whether the machine that runs the tests has what the kernel needs.
static bool hasShuffles() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

/// Functions for a machine that has it.
static std::unique_ptr<JitModule> compileShuffles(const std::string &text) {
  return JitModule::compile("module attributes {mx.target = #mx.target<cpu, "
                            "features = \"+avx2,+fma\">} {\n" +
                            text + "}\n");
}

static Variant makeVariant(const std::string &lhs, const std::string &rhs) {
  Variant variant{"f", getKind(lhs), getKind(rhs)};
  variant.isInterleaved = true;
  return variant;
}

#define MX_NEED_SHUFFLES()                                                     \
  if (!hasShuffles())                                                          \
  GTEST_SKIP() << "no AVX2 or no FMA"

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

TEST(InterleaveLoops, N8_7_bit_for_bit) {
  std::string type = getMemRefType(2, "i8");
  std::string text;
  for (std::string unit : {"1", "4"})
    text += "func.func @f" + unit + "(%x: " + type + ", %y: " + type +
            ") {\n  mx.packed.interleave ins(%x : " + type +
            ") outs(%y : " + type + ") {unit = " + unit +
            " : i64, padding = 56 : i8}\n  return\n}\n";
  auto module = JitModule::compile(text);
  ASSERT_TRUE(module);
  for (int64_t unit : {1, 4})
    for (auto [rows, rowBytes, units] : {std::array<int64_t, 3>{1, 1, 1},
                                         {16, 16, 16},
                                         {17, 23, 24},
                                         {40, 5, 8},
                                         {35, 39, 40},
                                         {0, 4, 4}}) {
      std::vector<uint8_t> source(rows * rowBytes);
      for (size_t i = 0; i < source.size(); ++i)
        source[i] = static_cast<uint8_t>(i * 37 + 1);
      int64_t groups = (rows + 15) / 16, lines = 16 * unit * units;
      std::vector<uint8_t> got(groups * lines + 1, 0x5A), expected = got;
      interleaveRows(source.data(), rows, rowBytes, unit, units, 56,
                     expected.data());
      ASSERT_TRUE(module->call("f" + std::to_string(unit),
                               {Argument(source, {rows, rowBytes}),
                                Argument(got, {groups, lines})}));
      EXPECT_EQ(got, expected) << rows << " rows of " << rowBytes;
    }
}

//===----------------------------------------------------------------------===//
// Formats and shapes
//===----------------------------------------------------------------------===//

class InterleavedMatmul : public testing::TestWithParam<size_t> {};

TEST_P(InterleavedMatmul, N7_3_every_left_side) {
  MX_NEED_SHUFFLES();
  const Kind &lhs = getKinds()[GetParam()];
  for (std::string rhs : {"mxfp4", "nvfp4"}) {
    Variant variant = makeVariant(lhs.name, rhs);
    auto module = compileShuffles(makeFunction(variant));
    ASSERT_TRUE(module);
    for (int64_t rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 32, 33, 64})
      for (int64_t count : {32, 96, 2880, 45})
        checkExactShape(*module, variant, rows, rows >= 32 ? 9 : 21, count);
    for (int64_t rows : {1, 3, 7, 35})
      checkBound(*module, variant, rows, 19, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, InterleavedMatmul, testing::Range<size_t>(0, 9),
                         [](const auto &info) {
                           return getKinds()[info.param].name;
                         });

TEST(InterleavedMatmulShape, more_than_one_tile_of_each_kind) {
  MX_NEED_SHUFFLES();
  Variant variant = makeVariant("bf16", "mxfp4");
  auto module = compileShuffles(makeFunction(variant));
  ASSERT_TRUE(module);
  checkExactShape(*module, variant, 130, 521, 300);
  checkExactShape(*module, variant, 257, 17, 513);
  checkExactShape(*module, variant, 1, 1041, 513);
}

TEST(InterleavedMatmulShape, N7_1_no_terms_give_init) {
  MX_NEED_SHUFFLES();
  Variant variant = makeVariant("f32", "nvfp4");
  auto module = compileShuffles(makeFunction(variant));
  ASSERT_TRUE(module);
  for (int64_t rows : {1, 3, 6, 34}) {
    checkExactShape(*module, variant, rows, 5, 0);
    checkExactShape(*module, variant, rows, 0, 32);
  }
}

TEST(InterleavedMatmulShape, N7_2_narrow_results_round_once) {
  MX_NEED_SHUFFLES();
  for (std::string type : {"bf16", "f16"}) {
    Variant variant = makeVariant("f16", "nvfp4");
    variant.result = type;
    auto module = compileShuffles(makeFunction(variant));
    ASSERT_TRUE(module);
    for (int64_t rows : {1, 3, 5, 33})
      checkExactShape(*module, variant, rows, 19, 96);
  }
}

TEST(InterleavedMatmulShape, unknown_strides) {
  MX_NEED_SHUFFLES();
  Variant variant = makeVariant("mxfp8_e4m3", "mxfp4");
  variant.isStrided = true;
  auto module = compileShuffles(makeFunction(variant));
  ASSERT_TRUE(module);
  for (int64_t rows : {1, 3, 5, 33})
    checkExactShape(*module, variant, rows, 19, 45);
}

TEST(InterleavedMatmulGroups, N7_4_experts_of_one_row_and_of_several) {
  MX_NEED_SHUFFLES();
  for (std::string rhs : {"mxfp4", "nvfp4"}) {
    Variant variant = makeVariant("bf16", rhs);
    variant.ends = "i32";
    auto module = compileShuffles(makeFunction(variant));
    ASSERT_TRUE(module);
    checkGroups(*module, variant,
                {{2, 2, 5, 9, 10}, {0, 0, 2, 2, 2, 3, 3, 3, 3, 4}}, 21, 45);
    checkGroups(*module, variant,
                {{4, 1, 6, 99, 7}, {0, 0, 0, 0, 2, 2, 3, 3, 3, 3}}, 6, 96);
    checkGroups(*module, variant,
                {{-5, 1, 2, 3, 4}, {1, 2, 3, 4, -1, -1, -1, -1, -1, -1}}, 33,
                64);
  }
}

/// However many rows are multiplied with it, a row has the same bits.
TEST(InterleavedMatmulShape, a_few_rows_have_the_bits_of_one) {
  MX_NEED_SHUFFLES();
  for (std::string rhs : {"mxfp4", "nvfp4"}) {
    Variant variant = makeVariant("f32", rhs);
    auto module = compileShuffles(makeFunction(variant));
    ASSERT_TRUE(module);
    constexpr int64_t rows = 32, columns = 19, count = 1000;
    Operand right(variant.rhs, 1, columns, count, Fill::Finite, 2);
    Operand all(variant.lhs, 1, rows, count, Fill::Finite, 1);
    Result expected =
        multiply(*module, variant, all, rows, right, columns, count);
    // The first rows of the same numbers.
    for (int64_t few : {1, 2, 3, 4, 5, 7, 30}) {
      Operand left(variant.lhs, 1, few, count, Fill::Finite, 1);
      Result result =
          multiply(*module, variant, left, few, right, columns, count);
      for (int64_t i = 0; i < few * columns; ++i)
        EXPECT_EQ(result.get(i) - result.initial[i],
                  expected.get(i) - expected.initial[i])
            << few << " rows, result " << i;
    }
  }
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// Σ|a·b| of the finite products of a row and a column.
static double addMagnitudes(const Operand &lhs, int64_t m, const Operand &rhs,
                            int64_t n, int64_t count) {
  double sum = 0;
  for (int64_t k = 0; k < count; ++k) {
    double product = double(lhs.getRow(m)[k]) * rhs.getRow(n)[k];
    sum += std::isfinite(product) ? std::fabs(product) : 0;
  }
  return sum;
}

/// Whether `got` is what the reference says, NaN and infinities included. N7.2
/// says nothing about finite sums on whose way something overflows.
static bool isAsReference(const DotReference &reference, double magnitudes,
                          float got) {
  if (std::isfinite(reference.value) && magnitudes >= 0x1p127)
    return true;
  if (std::isnan(reference.value))
    return std::isnan(got);
  // Finite terms may overflow to the other infinity.
  if (std::isinf(reference.value))
    return got == reference.value || (std::isnan(got) && magnitudes >= 0x1p127);
  return std::fabs(got - reference.value) <= reference.bound;
}

/// Rows whose second block has scale byte 0, 1, 2, …: one of these at most is
/// not ordinary in a group of 16, or all are.
static void checkEveryScale(const std::string &rhsName, int64_t rows,
                            float unit) {
  Variant variant = makeVariant("f32", rhsName);
  auto module = compileShuffles(makeFunction(variant));
  ASSERT_TRUE(module);
  constexpr int64_t columns = 256;
  int64_t block = variant.rhs.format->block, count = 3 * block - 5;
  Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
  lhs.scaleNumbers(unit);
  Operand rhs(variant.rhs, 1, columns, count, Fill::Exact, 2);
  for (int64_t n = 0; n < columns; ++n)
    rhs.setScale(n, 1, static_cast<uint8_t>(n));
  Result result = multiply(*module, variant, lhs, rows, rhs, columns, count);
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      float init = result.initial[m * columns + n];
      DotReference reference = computeDot(lhs, m, rhs, n, count, init);
      EXPECT_TRUE(isAsReference(reference, addMagnitudes(lhs, m, rhs, n, count),
                                result.get(m * columns + n)))
          << "row " << m << ", scale byte " << n << ": expected "
          << reference.value << ", got " << result.get(m * columns + n);
    }
}

TEST(InterleavedMatmulScales, N7_1_every_byte) {
  MX_NEED_SHUFFLES();
  for (std::string rhs : {"mxfp4", "nvfp4"})
    for (int64_t rows : {1, 2, 3, 9, 33})
      checkEveryScale(rhs, rows, 1.0f);
}

/// An element times a huge scale is infinite even if a small number of the
/// other side would bring it back.
TEST(InterleavedMatmulScales, N7_1_overflow_is_not_undone) {
  MX_NEED_SHUFFLES();
  for (int64_t rows : {1, 4, 7, 33})
    checkEveryScale("mxfp4", rows, 0x1p-20f);
}

/// Sums without scales would overflow: every number is near 2^127, and scales
/// are small.
TEST(InterleavedMatmulScales, N7_2_unscaled_sums_may_overflow) {
  MX_NEED_SHUFFLES();
  Variant variant = makeVariant("f32", "mxfp4");
  auto module = compileShuffles(makeFunction(variant));
  ASSERT_TRUE(module);
  for (int64_t rows : {1, 4, 7, 33}) {
    Operand lhs(variant.lhs, 1, rows, 64, Fill::Exact, 1);
    lhs.scaleNumbers(0x1p123f);
    Operand rhs(variant.rhs, 1, 17, 64, Fill::Exact, 2);
    for (int64_t n = 0; n < 17; ++n)
      for (int64_t block = 0; block < 2; ++block)
        rhs.setScale(n, block, 100);
    Result result = multiply(*module, variant, lhs, rows, rhs, 17, 64);
    for (int64_t i = 0; i < rows * 17; ++i)
      EXPECT_TRUE(isAsReference(
          computeDot(lhs, i / 17, rhs, i % 17, 64, result.initial[i]),
          addMagnitudes(lhs, i / 17, rhs, i % 17, 64), result.get(i)));
  }
}
