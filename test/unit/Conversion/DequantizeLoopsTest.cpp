//===- DequantizeLoopsTest.cpp - compiled mx.packed.dequantize ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N1.7 bit for bit: every format, every result type, any bytes.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Quantize.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

static const char *const kTypes[] = {"f32", "bf16", "f16"};

/// A module with one function for each result type, called `to_<type>`.
static std::string makeModule(const Kind &kind, int64_t rank, bool isStrided,
                              const std::string &attributes = "") {
  std::string text;
  std::vector<std::string> parts = getPartTypes(kind, rank, isStrided);
  std::vector<std::string> main(parts.begin(), parts.begin() + 2);
  for (std::string type : kTypes) {
    std::string target = getMemRefType(rank, type, isStrided);
    text += "func.func @to_" + type + "(" + declareArguments("p", parts) +
            ", %c: " + target + ") {\n  mx.packed.dequantize ins(" +
            useArguments("p", main) + ")";
    if (kind.hasTensorScale())
      text += " tensor_scale(%p2 : memref<f32>)";
    text += " outs(%c : " + target + ") {format = " + kind.formatAttribute() +
            attributes + "}\n  return\n}\n";
  }
  return text;
}

/// The bits that N1.7 asks for.
static uint32_t roundTo(const std::string &type, double value) {
  if (type == "bf16")
    return f64ToBF16(value);
  if (type == "f16")
    return f64ToF16(value);
  auto narrow = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &narrow, sizeof(bits));
  return bits;
}

static bool isSame(const std::string &type, const uint8_t *address,
                   double exact) {
  if (std::isnan(exact))
    return std::isnan(loadNumber(type, address));
  uint32_t bits = 0;
  std::memcpy(&bits, address, getNumberBytes(type));
  return bits == roundTo(type, exact);
}

/// Decodes `source` by the compiled code into `leading` x `count` numbers.
static void checkShape(const JitModule &module, Operand &source,
                       std::vector<int64_t> leading, int64_t count) {
  std::vector<int64_t> shape(leading);
  shape.push_back(count);
  int64_t rows = 1;
  for (int64_t size : leading)
    rows *= size;
  for (std::string type : kTypes) {
    int64_t size = getNumberBytes(type);
    std::vector<uint8_t> target(rows * count * size + 1, 0x5A);
    auto arguments = source.getArguments(leading);
    arguments.push_back(Argument(target.data(), shape));
    ASSERT_TRUE(module.call("to_" + type, arguments));
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < count; ++k)
        ASSERT_TRUE(isSame(type, &target[(row * count + k) * size],
                           source.getExact(row, k)))
            << "N1.7: row " << row << ", element " << k << ", " << type
            << ": expected " << source.getExact(row, k) << ", got "
            << loadNumber(type, &target[(row * count + k) * size]);
    EXPECT_EQ(target.back(), 0x5A);
  }
}

static void checkModule(const JitModule *module, const Kind &kind,
                        std::vector<int64_t> counts) {
  SCOPED_TRACE(kind.name);
  ASSERT_TRUE(module);
  for (int64_t count : counts) {
    SCOPED_TRACE("K = " + std::to_string(count));
    for (Fill fill : {Fill::Finite, Fill::Any}) {
      Operand source(kind, 1, 5, count, fill, 7 + count);
      checkShape(*module, source, {5}, count);
    }
  }
}

static void checkKind(const Kind &kind, std::vector<int64_t> counts) {
  auto module = JitModule::compile(makeModule(kind, 2, false));
  checkModule(module.get(), kind, counts);
}

/// Conversions of a GPU, simulated, decode what they can.
TEST(DequantizeLoops, N1_7_by_conversions) {
  JitOptions options;
  options.simulatesConversions = true;
  std::string kernel = ", kernel = \"dequantize_convert\"";
  std::vector<Kind> kinds = getKinds();
  kinds.push_back(makeKind({ElementType::E2M1, ScaleType::E8M0, 2, false}));
  kinds.push_back(makeKind({ElementType::E2M3, ScaleType::E8M0, 4, false}));
  for (const Kind &kind : kinds)
    if (kind.format) {
      auto module =
          JitModule::compile(makeModule(kind, 2, false, kernel), options);
      checkModule(module.get(), kind, {0, 1, 31, 32, 45, 257});
    }
}

TEST(DequantizeLoops, N1_7_named_formats) {
  for (const Kind &kind : getKinds())
    if (kind.format)
      checkKind(kind, {0, 1, 31, 32, 45, 96, 257, 4096});
}

TEST(DequantizeLoops, N1_5_unnamed_formats) {
  auto e2m1 = ElementType::E2M1;
  for (BlockFormat format :
       {BlockFormat{e2m1, ScaleType::E8M0, 2, false},
        BlockFormat{e2m1, ScaleType::UE4M3, 12, true},
        BlockFormat{e2m1, ScaleType::E8M0, 64, true},
        BlockFormat{ElementType::E2M3, ScaleType::UE4M3, 4, false},
        BlockFormat{ElementType::E3M2, ScaleType::E8M0, 20, true},
        BlockFormat{ElementType::E4M3, ScaleType::UE4M3, 3, true},
        BlockFormat{ElementType::E5M2, ScaleType::E8M0, 1, true},
        BlockFormat{ElementType::E5M2, ScaleType::E8M0, kMaxBlock, true}})
    checkKind(makeKind(format), {3, 45, 192});
}

TEST(DequantizeLoops, ranks_and_zero_sizes) {
  for (const Kind &kind : getKinds()) {
    if (kind.name != "nvfp4" && kind.name != "mxfp6_e3m2")
      continue;
    for (int64_t rank : {1, 4}) {
      auto module = JitModule::compile(makeModule(kind, rank, false));
      ASSERT_TRUE(module);
      for (int64_t outer : {0, 2}) {
        std::vector<int64_t> leading;
        if (rank == 4)
          leading = {outer, 3, 1};
        Operand source(kind, rank == 4 ? outer * 3 : 1, 1, 45, Fill::Any, 3);
        checkShape(*module, source, leading, 45);
      }
    }
  }
}

TEST(DequantizeLoops, unknown_strides) {
  for (const Kind &kind : getKinds()) {
    if (!kind.format)
      continue;
    SCOPED_TRACE(kind.name);
    auto module = JitModule::compile(makeModule(kind, 2, true));
    ASSERT_TRUE(module);
    Operand source(kind, 1, 3, 77, Fill::Any, 11);
    checkShape(*module, source, {3}, 77);
  }
}
