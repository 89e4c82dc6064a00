//===- MatmulLoopsTest.cpp - compiled mx.packed.matmul --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N7: exact on the exact domain for every pair of formats, within the bound on
// random values, with batches, groups, ragged sizes and NaN.
//===----------------------------------------------------------------------===//

#include "MatmulVariant.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

//===----------------------------------------------------------------------===//
// Every pair of formats
//===----------------------------------------------------------------------===//

class MatmulLoops : public testing::TestWithParam<size_t> {};

TEST_P(MatmulLoops, N7_every_right_side) {
  std::vector<Variant> variants;
  std::string text;
  for (const Kind &rhs : getKinds()) {
    variants.push_back(
        {"f" + std::to_string(variants.size()), getKinds()[GetParam()], rhs});
    text += makeFunction(variants.back());
  }
  auto module = JitModule::compile(text);
  ASSERT_TRUE(module);
  for (const Variant &variant : variants) {
    for (int64_t rows : {0, 1, 3, 64})
      for (int64_t count : {32, 96, 2880, 45})
        checkExactShape(*module, variant, rows, rows == 64 ? 9 : 21, count);
    checkBound(*module, variant, 3, 5, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryLeftSide, MatmulLoops,
                         testing::Range<size_t>(0, 9), [](const auto &info) {
                           return getKinds()[info.param].name;
                         });

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

TEST(MatmulLoopsShape, more_than_one_tile_of_each_kind) {
  Variant variant{"f", getKind("nvfp4"), getKind("mxfp6_e2m3")};
  auto module = JitModule::compile(makeFunction(variant));
  ASSERT_TRUE(module);
  checkExactShape(*module, variant, 130, 521, 300);
  checkExactShape(*module, variant, 257, 17, 513);
}

TEST(MatmulLoopsShape, N7_1_no_terms_give_init) {
  Variant variant{"f", getKind("mxfp8_e4m3"), getKind("mxfp4"), "bf16"};
  auto module = JitModule::compile(makeFunction(variant));
  ASSERT_TRUE(module);
  checkExactShape(*module, variant, 3, 5, 0);
  checkExactShape(*module, variant, 3, 0, 32);
}

TEST(MatmulLoopsShape, N7_2_narrow_results_round_once) {
  for (std::string type : {"bf16", "f16"})
    for (std::string side : {"mxfp4", "nvfp4"}) {
      Variant variant{"f", getKind("bf16"), getKind(side), type};
      auto module = JitModule::compile(makeFunction(variant));
      ASSERT_TRUE(module);
      checkExactShape(*module, variant, 5, 19, 96);
    }
}

TEST(MatmulLoopsShape, unknown_strides) {
  Variant variant{"f", getKind("mxfp6_e3m2"), getKind("nvfp4"), "f16"};
  variant.isStrided = true;
  Variant plain{"g", getKind("f16"), getKind("mxfp4"), "bf16"};
  plain.isStrided = true;
  auto module = JitModule::compile(makeFunction(variant) + makeFunction(plain));
  ASSERT_TRUE(module);
  checkExactShape(*module, variant, 5, 19, 45);
  checkExactShape(*module, plain, 5, 19, 45);
}

TEST(MatmulLoopsShape, N1_5_unnamed_formats) {
  for (BlockFormat format :
       {BlockFormat{ElementType::E2M1, ScaleType::E8M0, 2, true},
        BlockFormat{ElementType::E4M3, ScaleType::E8M0, 3, false},
        BlockFormat{ElementType::E3M2, ScaleType::UE4M3, 12, true},
        BlockFormat{ElementType::E2M1, ScaleType::UE4M3, 512, false}}) {
    Variant variant{"f", getKind("f32"), makeKind(format)};
    auto module = JitModule::compile(makeFunction(variant));
    ASSERT_TRUE(module);
    checkExactShape(*module, variant, 4, 6, 45);
    checkExactShape(*module, variant, 2, 6, 700);
  }
}

TEST(MatmulLoopsShape, static_sizes) {
  std::string text = R"(
func.func @f(%k: index, %a: memref<3x45xbf16>, %p: memref<21x23xi8>,
             %s: memref<21x2xi8>, %c: memref<3x21xf32>) {
  %k45 = arith.constant 45 : index
  mx.packed.matmul k(%k45) lhs(%a : memref<3x45xbf16>)
    rhs(%p, %s : memref<21x23xi8>, memref<21x2xi8>) outs(%c : memref<3x21xf32>)
    {rhs_format = #mx.format<mxfp4>}
  return
})";
  auto module = JitModule::compile(text);
  ASSERT_TRUE(module);
  Operand lhs(getKind("bf16"), 1, 3, 45, Fill::Exact, 1);
  Operand rhs(getKind("mxfp4"), 1, 21, 45, Fill::Exact, 2);
  // Static types have no room for gaps: pack the rows.
  std::vector<uint16_t> a(3 * 45);
  for (int64_t i = 0; i < 3 * 45; ++i)
    storeNumber("bf16", lhs.getRow(0)[i], &a[i]);
  std::vector<uint8_t> payload, scales;
  for (int64_t row = 0; row < 21; ++row) {
    payload.insert(payload.end(), rhs.getCodes(row), rhs.getCodes(row) + 23);
    scales.insert(scales.end(), rhs.getScales(row), rhs.getScales(row) + 2);
  }
  Result result("f32", 3 * 21);
  ASSERT_TRUE(
      module->call("f", {Argument(int64_t(45)), Argument(a, {3, 45}),
                         Argument(payload, {21, 23}), Argument(scales, {21, 2}),
                         Argument(result.bytes.data(), {3, 21})}));
  checkExact(lhs, 3, rhs, 21, 45, result);
}

TEST(MatmulLoopsShape, batches) {
  Variant variant{"f", getKind("mxfp8_e5m2"), getKind("nvfp4")};
  variant.rank = 4;
  auto module = JitModule::compile(makeFunction(variant));
  ASSERT_TRUE(module);
  for (int64_t outer : {0, 2}) {
    constexpr int64_t inner = 3, rows = 5, columns = 7, count = 45;
    int64_t batch = outer * inner;
    Operand lhs(variant.lhs, batch, rows, count, Fill::Exact, 1);
    Operand rhs(variant.rhs, batch, columns, count, Fill::Exact, 2);
    Result result("f32", batch * rows * columns);
    auto arguments =
        collectArguments(count, lhs.getArguments({outer, inner, rows}),
                         rhs.getArguments({outer, inner, columns}));
    arguments.push_back(
        Argument(result.bytes.data(), {outer, inner, rows, columns}));
    ASSERT_TRUE(module->call("f", arguments));
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t m = 0; m < rows; ++m)
        for (int64_t n = 0; n < columns; ++n) {
          int64_t i = (b * rows + m) * columns + n;
          double exact = computeExact(lhs, b * rows + m, rhs, b * columns + n,
                                      count, result.initial[i]);
          ASSERT_EQ(result.get(i), exact);
        }
  }
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

static const std::vector<GroupCase> &getGroupCases() {
  static const std::vector<GroupCase> cases = {
      {{2, 2, 5, 9, 10}, {0, 0, 2, 2, 2, 3, 3, 3, 3, 4}},
      {{0, 0, 0, 0, 0}, {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}},
      {{4, 1, 6, 99, 7}, {0, 0, 0, 0, 2, 2, 3, 3, 3, 3}},
      {{-5, 3, -1, 2, 8}, {1, 1, 1, 4, 4, 4, 4, 4, -1, -1}},
  };
  return cases;
}

TEST(MatmulLoopsGroups, N7_4_ends_are_clamped) {
  for (std::string type : {"i32", "i64", "index"}) {
    Variant variant{"f", getKind("bf16"), getKind("nvfp4")};
    variant.ends = type;
    auto module = JitModule::compile(makeFunction(variant));
    ASSERT_TRUE(module);
    for (const GroupCase &groups : getGroupCases())
      checkGroups(*module, variant, groups, 6, 45);
  }
}

//===----------------------------------------------------------------------===//
// NaN, infinities, extreme scales
//===----------------------------------------------------------------------===//

TEST(MatmulLoopsSpecial, N1_4_nan_scale_reaches_its_row_and_column_only) {
  for (std::string name : {"mxfp4", "nvfp4", "mxfp8_e4m3"}) {
    SCOPED_TRACE(name);
    Variant variant{"f", getKind(name), getKind(name)};
    auto module = JitModule::compile(makeFunction(variant));
    ASSERT_TRUE(module);
    constexpr int64_t rows = 5, columns = 18, count = 300;
    Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
    Operand rhs(variant.rhs, 1, columns, count, Fill::Exact, 2);
    lhs.setScale(2, 9, getPoisonScale(variant.lhs.format->scale));
    rhs.setScale(17, 0, getPoisonScale(variant.lhs.format->scale));
    Result result = multiply(*module, variant, lhs, rows, rhs, columns, count);
    for (int64_t i = 0; i < rows * columns; ++i) {
      bool isPoisoned = i / columns == 2 || i % columns == 17;
      ASSERT_EQ(std::isnan(result.get(i)), isPoisoned) << "element " << i;
    }
  }
}

TEST(MatmulLoopsSpecial, N7_1_tensor_scales_neither_overflow_nor_underflow) {
  Kind kind = getKind("nvfp4");
  Variant variant{"f", kind, kind};
  auto module = JitModule::compile(makeFunction(variant));
  ASSERT_TRUE(module);
  for (auto [lhsScale, rhsScale] :
       {std::pair(0x1p120f, 0x1p-118f), std::pair(0x1p-140f, 0x1p127f),
        std::pair(0x1p-100f, 0x1p-45f)}) {
    Operand lhs(kind, 1, 2, 64, Fill::Exact, 1);
    Operand rhs(kind, 1, 3, 64, Fill::Exact, 2);
    lhs.setTensorScale(lhsScale);
    rhs.setTensorScale(rhsScale);
    Result result = multiply(*module, variant, lhs, 2, rhs, 3, 64);
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(
          result.get(i),
          computeDot(lhs, i / 3, rhs, i % 3, 64, result.initial[i]).nearest);
  }
}

TEST(MatmulLoopsSpecial, N7_2_holds_without_fused_operations) {
  Variant variant{"f", getKind("bf16"), getKind("nvfp4")};
  JitOptions options;
  options.chip = "x86-64";
  if (std::string(MX_TEST_PROCESSOR) != "x86_64")
    GTEST_SKIP() << "another architecture";
  auto module = JitModule::compile(makeFunction(variant), options);
  ASSERT_TRUE(module);
  checkBound(*module, variant, 5, 9, 1000);
  checkExactShape(*module, variant, 5, 9, 2880);
}
