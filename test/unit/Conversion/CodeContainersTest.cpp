//===- CodeContainersTest.cpp - packed codes as bytes ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each code of a chunk, as N8.1 defines it, must come out in its own byte.
//===----------------------------------------------------------------------===//

#include "MXToNVVM/CodeContainers.h"
#include "mx/Numerics/PackedLayout.h"
#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace mlir::mx;

namespace {

constexpr int kCodes = 16;

/// The byte that holds `code`: FP4 stands in bits 2 to 5.
uint8_t getContainer(uint8_t code, int bits) {
  return bits == 4 ? code << 2 : code;
}

void checkChunk(const std::array<uint32_t, 4> &words, int bits) {
  uint8_t packed[sizeof(words)];
  std::memcpy(packed, words.data(), sizeof(words));
  for (int i = 0; i < kCodes; ++i) {
    uint32_t word = spreadCodes(words, bits, i / 4);
    uint8_t byte = uint8_t(word >> (8 * (i % 4)));
    uint8_t code = mxnum::readCode(packed, i, unsigned(bits));
    ASSERT_EQ(byte, getContainer(code, bits)) << bits << " bits, code " << i;
  }
}

TEST(CodeContainers, N8_1_EveryCodeGetsItsByte) {
  std::mt19937 random(1);
  for (int bits : {4, 6, 8})
    for (int run = 0; run < 1000; ++run) {
      std::array<uint32_t, 4> words;
      for (uint32_t &word : words)
        word = random();
      checkChunk(words, bits);
    }
}

TEST(CodeContainers, N8_1_NoBitLeaves) {
  for (int bits : {4, 6, 8})
    for (int bit = 0; bit < kCodes * bits; ++bit) {
      std::array<uint32_t, 4> words = {};
      words[size_t(bit / 32)] = uint32_t(1) << (bit % 32);
      checkChunk(words, bits);
    }
}

} // namespace
