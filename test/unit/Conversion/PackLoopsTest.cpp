//===- PackLoopsTest.cpp - compiled mx.packed.pack and unpack -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N8.1 bit for bit, for each width and every kind of tail.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Numerics/PackedLayout.h"
#include <gtest/gtest.h>

using namespace mxtest;
using namespace mxnum;

static std::string makeModule(unsigned bits, bool isStrided) {
  std::string type = getMemRefType(2, "i8", isStrided);
  std::string text;
  for (std::string name : {"pack", "unpack"})
    text += "func.func @" + name + "(%x: " + type + ", %y: " + type +
            ") {\n  mx.packed." + name + " ins(%x : " + type +
            ") outs(%y : " + type + ") {bits = " + std::to_string(bits) +
            " : i64}\n  return\n}\n";
  return text;
}

static std::vector<uint8_t> makeRandomBytes(int64_t count) {
  std::mt19937 random(static_cast<uint32_t>(count));
  std::vector<uint8_t> bytes(count);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(random());
  return bytes;
}

/// Three rows of `count` codes there and back. Codes carry garbage above their
/// width, which packing drops.
static void checkRows(const JitModule &module, unsigned bits, int64_t count) {
  SCOPED_TRACE("N8.1: " + std::to_string(count) + " codes of " +
               std::to_string(bits) + " bits");
  constexpr int64_t rows = 3;
  int64_t width = getPackedBytes(count, bits);
  std::vector<uint8_t> codes = makeRandomBytes(rows * count);
  std::vector<uint8_t> packed(rows * width + 1, 0x5A), expected = packed;
  std::vector<uint8_t> unpacked(rows * count + 1, 0x5A);
  std::vector<uint8_t> expectedCodes = unpacked;
  for (int64_t row = 0; row < rows; ++row) {
    packRow(&codes[row * count], count, bits, &expected[row * width]);
    unpackRow(&expected[row * width], count, bits, &expectedCodes[row * count]);
  }
  ASSERT_TRUE(module.call("pack", {Argument(codes, {rows, count}),
                                   Argument(packed, {rows, width})}));
  EXPECT_EQ(packed, expected);
  ASSERT_TRUE(module.call("unpack", {Argument(packed, {rows, width}),
                                     Argument(unpacked, {rows, count})}));
  EXPECT_EQ(unpacked, expectedCodes);
}

TEST(PackLoops, N8_1_all_widths_and_tails) {
  for (unsigned bits : {4u, 6u, 8u})
    for (bool isStrided : {false, true}) {
      auto module = JitModule::compile(makeModule(bits, isStrided));
      ASSERT_TRUE(module);
      for (int64_t count = 0; count <= 70; ++count)
        checkRows(*module, bits, count);
    }
}
