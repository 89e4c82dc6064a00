//===- MatmulVariant.cpp - products to compile and check ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Only lib/Numerics says what a product is.
//===----------------------------------------------------------------------===//

#include "MatmulVariant.h"
#include "mx/Numerics/PackedLayout.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

const Kind &mxtest::getKind(const std::string &name) {
  for (const Kind &kind : getKinds())
    if (kind.name == name)
      return kind;
  return getKinds().front();
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Interleaves part `part` of the right side of a variant: `linesPerBlock`
/// lines of `unit` bytes of each of 16 rows.
static std::string makeInterleaving(const Variant &variant, int64_t part,
                                    const std::string &source, int64_t unit,
                                    int64_t linesPerBlock, int64_t padding) {
  std::string id = std::to_string(part);
  bool isGrouped = !variant.ends.empty();
  int64_t rank = isGrouped ? 3 : variant.rank;
  auto number = [](int64_t value) { return std::to_string(value); };
  std::string text, sizes, type = "memref<";
  for (int64_t dim = 0; dim < rank; ++dim) {
    std::string size = "%size" + id + "_" + number(dim);
    sizes += (dim ? ", " : "") + size;
    type += "?x";
    if (dim + 1 < rank)
      text += "  %dim" + id + "_" + number(dim) + " = arith.constant " +
              number(dim) + " : index\n  " +
              (dim + 2 < rank ? size : "%rows" + id) + " = memref.dim %b" + id +
              ", %dim" + id + "_" + number(dim) + " : " + source + "\n";
  }
  type += "i8>";
  auto constant = [&](const std::string &name, int64_t value) {
    text +=
        "  %" + name + id + " = arith.constant " + number(value) + " : index\n";
  };
  auto roundUp = [&](const std::string &target, const std::string &value,
                     int64_t divisor, const std::string &name) {
    constant(name + "less", divisor - 1);
    constant(name, divisor);
    text += "  %" + name + "sum" + id + " = arith.addi " + value + ", %" +
            name + "less" + id + " : index\n  " + target + " = arith.divui %" +
            name + "sum" + id + ", %" + name + id + " : index\n";
  };
  roundUp("%size" + id + "_" + number(rank - 2), "%rows" + id, 16, "group");
  roundUp("%blocks" + id, "%k", variant.rhs.format->block, "block");
  constant("bytes", linesPerBlock * unit * 16);
  text += "  %size" + id + "_" + number(rank - 1) + " = arith.muli %blocks" +
          id + ", %bytes" + id + " : index\n";
  return text + "  %w" + id + " = memref.alloc(" + sizes + ") : " + type +
         "\n  mx.packed.interleave ins(%b" + id + " : " + source + ") outs(%w" +
         id + " : " + type + ") {unit = " + number(unit) +
         " : i64, padding = " + number(padding) + " : i8}\n";
}

/// The right side interleaved, with the names %w0, %w1, and its types.
static std::string makeInterleavedSide(const Variant &variant,
                                       std::vector<std::string> &types) {
  const BlockFormat &format = *variant.rhs.format;
  int64_t blockBytes =
      getPackedBytes(format.block, getElementInfo(format.element).bits);
  std::string text =
      makeInterleaving(variant, 0, types[0], 4, blockBytes / 4, 0) +
      makeInterleaving(variant, 1, types[1], 1, 1,
                       format.scale == ScaleType::E8M0 ? 127 : 0x38);
  std::string shape =
      variant.ends.empty() && variant.rank == 2 ? "?x?x" : "?x?x?x";
  types[0] = types[1] = "memref<" + shape + "i8>";
  return text;
}

static std::string makeProduct(const Variant &variant,
                               const std::vector<std::string> &lhs,
                               const std::vector<std::string> &rhs,
                               const std::string &ends,
                               const std::string &result) {
  std::string left = useArguments("a", lhs), right = useArguments("b", rhs);
  if (variant.isInterleaved)
    right.replace(0, 8, "%w0, %w1");
  std::string text =
      "  mx.packed.matmul k(%k) lhs(" + left + ") rhs(" + right + ")";
  bool isGrouped = !variant.ends.empty();
  if (isGrouped)
    text += " group_ends(%ends : " + ends + ")";
  text += " outs(%c : " + result + ") {kernel = \"";
  text += isGrouped ? "grouped_matmul_" : "matmul_";
  text +=
      variant.isInterleaved ? "shuffle_fma\", rhs_interleaved" : "emulated\"";
  if (variant.lhs.format)
    text += ", lhs_format = " + variant.lhs.formatAttribute();
  if (variant.rhs.format)
    text += ", rhs_format = " + variant.rhs.formatAttribute();
  return text + "}\n";
}

std::string mxtest::makeFunction(const Variant &variant) {
  bool isStrided = variant.isStrided, isGrouped = !variant.ends.empty();
  auto lhs = getPartTypes(variant.lhs, variant.rank, isStrided);
  auto rhs = getPartTypes(variant.rhs, isGrouped ? 3 : variant.rank, isStrided);
  std::string ends = "memref<?x" + variant.ends + ">";
  std::string result = getMemRefType(variant.rank, variant.result, isStrided);
  std::string text =
      "func.func @" + variant.name + "(%k: index, " +
      declareArguments("a", lhs) + ", " + declareArguments("b", rhs) +
      (isGrouped ? ", %ends: " + ends : "") + ", %c: " + result + ") {\n";
  if (variant.isInterleaved)
    text += makeInterleavedSide(variant, rhs);
  text += makeProduct(variant, lhs, rhs, ends, result);
  for (const char *part : {"0", "1"})
    if (variant.isInterleaved)
      text += std::string("  memref.dealloc %w") + part + " : " + rhs[0] + "\n";
  return text + "  return\n}\n";
}

std::vector<Argument> mxtest::collectArguments(int64_t count,
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

Result::Result(const std::string &type, int64_t count)
    : type(type), bytes(count * getNumberBytes(type) + 1, 0x5A),
      initial(count) {
  for (int64_t i = 0; i < count; ++i) {
    initial[i] = static_cast<float>(i % 7) - 3;
    storeNumber(type, initial[i], &bytes[i * getNumberBytes(type)]);
  }
}

float Result::get(int64_t i) const {
  return loadNumber(type, &bytes[i * getNumberBytes(type)]);
}

DotReference mxtest::computeDot(const Operand &lhs, int64_t m,
                                const Operand &rhs, int64_t n, int64_t count,
                                float init) {
  return referenceDot(lhs.getRow(m), rhs.getRow(n), count, lhs.getTensorScale(),
                      rhs.getTensorScale(), init, count + 1);
}

/// On the exact domain double arithmetic is exact too, and much faster.
double mxtest::computeExact(const Operand &lhs, int64_t m, const Operand &rhs,
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
void mxtest::checkExact(const Operand &lhs, int64_t rows, const Operand &rhs,
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
Result mxtest::multiply(const JitModule &module, const Variant &variant,
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

void mxtest::checkExactShape(const JitModule &module, const Variant &variant,
                             int64_t rows, int64_t columns, int64_t count) {
  SCOPED_TRACE(variant.lhs.name + " x " + variant.rhs.name + ", M " +
               std::to_string(rows) + ", K " + std::to_string(count));
  Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
  Operand rhs(variant.rhs, 1, columns, count, Fill::Exact, 2);
  Result result = multiply(module, variant, lhs, rows, rhs, columns, count);
  checkExact(lhs, rows, rhs, columns, count, result);
}

/// Within N7.2 on values of many magnitudes.
void mxtest::checkBound(const JitModule &module, const Variant &variant,
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
// Groups
//===----------------------------------------------------------------------===//

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

void mxtest::checkGroups(const JitModule &module, const Variant &variant,
                         const GroupCase &groups, int64_t columns,
                         int64_t count) {
  auto experts = static_cast<int64_t>(groups.ends.size());
  auto rows = static_cast<int64_t>(groups.experts.size());
  Operand lhs(variant.lhs, 1, rows, count, Fill::Exact, 1);
  Operand rhs(variant.rhs, experts, columns, count, Fill::Exact, 2);
  Result result(variant.result, rows * columns);
  std::vector<uint8_t> ends = makeEnds(variant.ends, groups.ends);
  auto arguments = collectArguments(count, lhs.getArguments(),
                                    rhs.getArguments({experts, columns}));
  arguments.push_back(Argument(ends, {experts}));
  arguments.push_back(Argument(result.bytes.data(), {rows, columns}));
  ASSERT_TRUE(module.call(variant.name, arguments));
  for (int64_t i = 0; i < rows * columns; ++i) {
    int64_t expert = groups.experts[i / columns];
    double exact = result.initial[i];
    if (expert >= 0)
      exact = computeExact(lhs, i / columns, rhs,
                           expert * columns + i % columns, count, exact);
    ASSERT_EQ(result.get(i), exact) << "row " << i / columns;
  }
}
