//===- RotateLoopsTest.cpp - compiled mx.packed.rotate --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N6.2 bit for bit: every size, with and without signs, both directions, every
// pair of types.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Numerics/Hadamard.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

static const char *const kTypes[] = {"f32", "bf16", "f16"};

static std::vector<int8_t> makeSigns(int64_t size) {
  std::mt19937 random(static_cast<uint32_t>(size));
  std::vector<int8_t> signs(size);
  for (int8_t &sign : signs)
    sign = random() % 2 ? 1 : -1;
  return signs;
}

/// The text of a rotation; no signs if `signs` is empty.
static std::string makeRotation(int64_t size, const std::vector<int8_t> &signs,
                                bool inverse) {
  std::string text = "{rotation = #mx.hadamard<" + std::to_string(size);
  for (size_t i = 0; i < signs.size(); ++i)
    text += (i ? ", " : ", signs = [") + std::to_string(signs[i]);
  return text + (signs.empty() ? ">" : "]>") + (inverse ? ", inverse}" : "}");
}

/// A function `@rotate` between two types, with any leading dimensions.
static std::string makeModule(const std::string &from, const std::string &to,
                              int64_t rank, const std::string &rotation,
                              bool isStrided) {
  std::string source = getMemRefType(rank, from, isStrided);
  std::string target = getMemRefType(rank, to, isStrided);
  return "func.func @rotate(%x: " + source + ", %y: " + target +
         ") {\n  mx.packed.rotate ins(%x : " + source +
         ") outs(%y : " + target + ") " + rotation + "\n  return\n}\n";
}

/// Rotates [2, 3, count] numbers by the module and by lib/Numerics.
static void checkValues(const JitModule &module, const std::string &from,
                        const std::string &to, int64_t size,
                        const std::vector<int8_t> &signs, bool inverse,
                        Fill fill) {
  constexpr int64_t rows = 6;
  int64_t count = 3 * size, bytes = getNumberBytes(to);
  Operand source({from, {}}, 1, rows, count, fill, 5);
  std::vector<uint8_t> target(rows * count * bytes);
  auto arguments = source.getArguments({2, 3});
  arguments.push_back(Argument(target.data(), {2, 3, count}));
  ASSERT_TRUE(module.call("rotate", arguments));
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<float> values(source.getRow(row), source.getRow(row) + count);
    for (int64_t group = 0; group < count; group += size)
      rotateGroup(&values[group], size, signs.empty() ? nullptr : signs.data(),
                  inverse);
    for (int64_t k = 0; k < count; ++k) {
      uint8_t expected[4] = {}, *got = &target[(row * count + k) * bytes];
      storeNumber(to, values[k], expected);
      bool isSame = std::isnan(values[k]) ? std::isnan(loadNumber(to, got))
                                          : !std::memcmp(expected, got, bytes);
      ASSERT_TRUE(isSame) << "N6.2: row " << row << ", element " << k
                          << ": expected " << loadNumber(to, expected)
                          << ", got " << loadNumber(to, got);
    }
  }
}

TEST(RotateLoops, N6_2_all_sizes_signs_and_directions) {
  for (int64_t size = kMinHadamard; size <= kMaxHadamard; size *= 2)
    for (bool inverse : {false, true})
      for (bool hasSigns : {false, true}) {
        SCOPED_TRACE(size);
        std::vector<int8_t> signs;
        if (hasSigns)
          signs = makeSigns(size);
        auto module = JitModule::compile(
            makeModule("f32", "f32", 3, makeRotation(size, signs, inverse),
                       /*isStrided=*/false));
        ASSERT_TRUE(module);
        for (Fill fill : {Fill::Finite, Fill::Any})
          checkValues(*module, "f32", "f32", size, signs, inverse, fill);
      }
}

TEST(RotateLoops, N6_2_all_types_and_strides) {
  for (std::string from : kTypes)
    for (std::string to : kTypes)
      for (bool isStrided : {false, true}) {
        SCOPED_TRACE(from + " to " + to);
        std::vector<int8_t> signs = makeSigns(16);
        auto module = JitModule::compile(
            makeModule(from, to, 3, makeRotation(16, signs, false), isStrided));
        ASSERT_TRUE(module);
        checkValues(*module, from, to, 16, signs, false, Fill::Any);
      }
}

TEST(RotateLoops, in_place_and_empty) {
  auto module = JitModule::compile(
      makeModule("f32", "f32", 1, makeRotation(8, {}, false), false));
  ASSERT_TRUE(module);
  std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8}, expected = values;
  rotateGroup(expected.data(), 8, nullptr, false);
  ASSERT_TRUE(
      module->call("rotate", {Argument(values, {0}), Argument(values, {0})}));
  EXPECT_EQ(values[7], 8);
  ASSERT_TRUE(
      module->call("rotate", {Argument(values, {8}), Argument(values, {8})}));
  EXPECT_EQ(values, expected);
}

TEST(RotateLoops, N6_1_dynamic_axis_is_not_overrun) {
  auto module = JitModule::compile(
      makeModule("f32", "f32", 1, makeRotation(8, {}, false), false));
  ASSERT_TRUE(module);
  std::vector<float> source(16, 1.0f), target(16, 9.0f);
  ASSERT_TRUE(
      module->call("rotate", {Argument(source, {11}), Argument(target, {11})}));
  EXPECT_EQ(std::vector<float>(target.begin() + 8, target.end()),
            std::vector<float>(8, 9.0f));
}
