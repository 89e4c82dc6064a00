//===- MatmulLoopsTest.cpp - compiled mx.packed.matmul --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N7: exact on the exact domain for every pair of formats, within the bound on
// random values, with batches, groups, ragged sizes and NaN.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Numerics/Matmul.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

namespace {

/// One function to compile.
struct Variant {
  std::string name;
  Kind lhs, rhs;
  std::string result = "f32";
  /// Rank of the left side and the result.
  int64_t rank = 2;
  /// Element type of the group ends, or empty.
  std::string ends = "";
  bool isStrided = false;
};

} // namespace

static std::string makeFunction(const Variant &variant) {
  bool isStrided = variant.isStrided, isGrouped = !variant.ends.empty();
  auto lhs = getPartTypes(variant.lhs, variant.rank, isStrided);
  auto rhs = getPartTypes(variant.rhs, isGrouped ? 3 : variant.rank, isStrided);
  std::string ends = "memref<?x" + variant.ends + ">";
  std::string result = getMemRefType(variant.rank, variant.result, isStrided);
  std::string text =
      "func.func @" + variant.name + "(%k: index, " +
      declareArguments("a", lhs) + ", " + declareArguments("b", rhs) +
      (isGrouped ? ", %ends: " + ends : "") + ", %c: " + result +
      ") {\n  mx.packed.matmul k(%k) lhs(" + useArguments("a", lhs) + ") rhs(" +
      useArguments("b", rhs) + ")";
  if (isGrouped)
    text += " group_ends(%ends : " + ends + ")";
  text += " outs(%c : " + result + ") {kernel = \"" +
          (isGrouped ? "grouped_" : "") + "matmul_emulated\"";
  if (variant.lhs.format)
    text += ", lhs_format = " + variant.lhs.formatAttribute();
  if (variant.rhs.format)
    text += ", rhs_format = " + variant.rhs.formatAttribute();
  return text + "}\n  return\n}\n";
}

static std::vector<Argument> collectArguments(int64_t count,
                                              std::vector<Argument> lhs,
                                              std::vector<Argument> rhs) {
  std::vector<Argument> arguments{Argument(count)};
  arguments.insert(arguments.end(), lhs.begin(), lhs.end());
  arguments.insert(arguments.end(), rhs.begin(), rhs.end());
  return arguments;
}

//===----------------------------------------------------------------------===//
// References
//===----------------------------------------------------------------------===//

/// C in its own type, with its initial values as f32.
struct Result {
  Result(const std::string &type, int64_t count)
      : type(type), bytes(count * getNumberBytes(type) + 1, 0x5A),
        initial(count) {
    for (int64_t i = 0; i < count; ++i) {
      initial[i] = static_cast<float>(i % 7) - 3;
      storeNumber(type, initial[i], &bytes[i * getNumberBytes(type)]);
    }
  }
  float get(int64_t i) const {
    return loadNumber(type, &bytes[i * getNumberBytes(type)]);
  }

  std::string type;
  std::vector<uint8_t> bytes;
  std::vector<float> initial;
};

static DotReference computeDot(const Operand &lhs, int64_t m,
                               const Operand &rhs, int64_t n, int64_t count,
                               float init) {
  return referenceDot(lhs.getRow(m), rhs.getRow(n), count, lhs.getTensorScale(),
                      rhs.getTensorScale(), init, count + 1);
}

/// On the exact domain double arithmetic is exact too, and much faster.
static double computeExact(const Operand &lhs, int64_t m, const Operand &rhs,
                           int64_t n, int64_t count, float init) {
  double sum = 0;
  const float *a = lhs.getRow(m), *b = rhs.getRow(n);
  for (int64_t k = 0; k < count; ++k)
    sum += static_cast<double>(a[k]) * b[k];
  return init + sum * lhs.getTensorScale() * rhs.getTensorScale();
}

/// Whether C has the bits of `exact` rounded once to its type.
static bool isRounded(const Result &result, int64_t i, float exact) {
  uint8_t expected[4] = {};
  storeNumber(result.type, exact, expected);
  int64_t size = getNumberBytes(result.type);
  return !std::memcmp(expected, &result.bytes[i * size], size);
}

/// N7.3 for one matrix: every element against exact double arithmetic, the
/// corners against the reference.
static void checkExact(const Operand &lhs, int64_t rows, const Operand &rhs,
                       int64_t columns, int64_t count, const Result &result) {
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      int64_t i = m * columns + n;
      float init = result.initial[i];
      double exact = computeExact(lhs, m, rhs, n, count, init);
      if ((m == 0 || m + 1 == rows) && (n == 0 || n + 1 == columns)) {
        DotReference reference = computeDot(lhs, m, rhs, n, count, init);
        ASSERT_EQ(reference.value, exact);
        ASSERT_EQ(reference.nearest, exact) << "not on the exact domain";
      }
      ASSERT_TRUE(isRounded(result, i, static_cast<float>(exact)))
          << "N7.3: C[" << m << ", " << n << "] of K = " << count
          << ": expected " << exact << ", got " << result.get(i);
    }
}

/// Multiplies two matrices by a function of `module`.
static Result multiply(const JitModule &module, const Variant &variant,
                       Operand &lhs, int64_t rows, Operand &rhs,
                       int64_t columns, int64_t count) {
  Result result(variant.result, rows * columns);
  auto arguments =
      collectArguments(count, lhs.getArguments(), rhs.getArguments());
  arguments.push_back(Argument(result.bytes.data(), {rows, columns}));
  EXPECT_TRUE(module.call(variant.name, arguments));
  EXPECT_EQ(result.bytes.back(), 0x5A);
  return result;
}

static void checkExactShape(const JitModule &module, const Variant &variant,
                            int64_t rows, int64_t columns, int64_t count) {
  SCOPED_TRACE(variant.lhs.name + " x " + variant.rhs.name + ", M " +
               std::to_string(rows) + ", K " + std::to_string(count));
  Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
  Operand rhs(variant.rhs, 1, columns, count, Fill::Exact, 2);
  Result result = multiply(module, variant, lhs, rows, rhs, columns, count);
  checkExact(lhs, rows, rhs, columns, count, result);
}

/// Within N7.2 on values of many magnitudes.
static void checkBound(const JitModule &module, const Variant &variant,
                       int64_t rows, int64_t columns, int64_t count) {
  SCOPED_TRACE(variant.lhs.name + " x " + variant.rhs.name);
  Operand lhs(variant.lhs, 1, rows, count, Fill::Finite, 3);
  Operand rhs(variant.rhs, 1, columns, count, Fill::Finite, 4);
  Result result = multiply(module, variant, lhs, rows, rhs, columns, count);
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      int64_t i = m * columns + n;
      DotReference reference =
          computeDot(lhs, m, rhs, n, count, result.initial[i]);
      if (!std::isfinite(reference.nearest))
        continue;
      ASSERT_LE(std::fabs(result.get(i) - reference.value), reference.bound)
          << "N7.2: C[" << m << ", " << n << "]";
    }
}

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

static const Kind &getKind(const std::string &name) {
  for (const Kind &kind : getKinds())
    if (kind.name == name)
      return kind;
  return getKinds().front();
}

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

namespace {

/// Five experts, ten rows; some ends lie outside or go back.
struct GroupCase {
  std::vector<int64_t> ends;
  /// The expert of each row, or -1.
  std::vector<int64_t> experts;
};

} // namespace

static const std::vector<GroupCase> &getGroupCases() {
  static const std::vector<GroupCase> cases = {
      {{2, 2, 5, 9, 10}, {0, 0, 2, 2, 2, 3, 3, 3, 3, 4}},
      {{0, 0, 0, 0, 0}, {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}},
      {{4, 1, 6, 99, 7}, {0, 0, 0, 0, 2, 2, 3, 3, 3, 3}},
      {{-5, 3, -1, 2, 8}, {1, 1, 1, 4, 4, 4, 4, 4, -1, -1}},
  };
  return cases;
}

/// The same ends as i32, i64 or index.
static std::vector<uint8_t> makeEnds(const std::string &type,
                                     const std::vector<int64_t> &ends) {
  size_t size = type == "i32" ? 4 : 8;
  std::vector<uint8_t> bytes(ends.size() * size);
  // The low bytes of a two's complement number come first here.
  for (size_t i = 0; i < ends.size(); ++i)
    std::memcpy(&bytes[i * size], &ends[i], size);
  return bytes;
}

TEST(MatmulLoopsGroups, N7_4_ends_are_clamped) {
  constexpr int64_t experts = 5, rows = 10, columns = 6, count = 45;
  for (std::string type : {"i32", "i64", "index"}) {
    Variant variant{"f", getKind("bf16"), getKind("nvfp4")};
    variant.ends = type;
    auto module = JitModule::compile(makeFunction(variant));
    ASSERT_TRUE(module);
    Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
    Operand rhs(variant.rhs, experts, columns, count, Fill::Exact, 2);
    for (const GroupCase &groups : getGroupCases()) {
      Result result("f32", rows * columns);
      std::vector<uint8_t> ends = makeEnds(type, groups.ends);
      auto arguments = collectArguments(count, lhs.getArguments(),
                                        rhs.getArguments({experts, columns}));
      arguments.push_back(Argument(ends, {experts}));
      arguments.push_back(Argument(result.bytes.data(), {rows, columns}));
      ASSERT_TRUE(module->call("f", arguments));
      for (int64_t i = 0; i < rows * columns; ++i) {
        int64_t expert = groups.experts[i / columns];
        double exact = result.initial[i];
        if (expert >= 0)
          exact = computeExact(lhs, i / columns, rhs,
                               expert * columns + i % columns, count, exact);
        ASSERT_EQ(result.get(i), exact) << "row " << i / columns;
      }
    }
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
