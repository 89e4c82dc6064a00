//===- PhiloxTest.cpp - random numbers
//---------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N5.1: the published vectors of Philox4x32-10, and which word an index gets.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Philox.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

using Words = std::array<uint32_t, 4>;

TEST(Philox, N5_1_KnownAnswers) {
  constexpr uint32_t ones = 0xFFFFFFFF;
  EXPECT_EQ((Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}),
            philox4x32({0, 0, 0, 0}, {0, 0}));
  EXPECT_EQ((Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}),
            philox4x32({ones, ones, ones, ones}, {ones, ones}));
  EXPECT_EQ((Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}),
            philox4x32({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344},
                       {0xA4093822, 0x299F31D0}));
}

TEST(Philox, N5_1_WordOfAnIndex) {
  uint64_t seed = 0x0123456789ABCDEF;
  for (uint64_t index :
       {uint64_t(0), uint64_t(1), uint64_t(6), uint64_t(1000003),
        (uint64_t(5) << 34) + 7, ~uint64_t(0)}) {
    uint64_t counter = index / 4;
    Words words = philox4x32({uint32_t(counter), uint32_t(counter >> 32), 0, 0},
                             {0x89ABCDEF, 0x01234567});
    EXPECT_EQ(words[index % 4], getRandomBits(seed, index, 32));
  }
}

TEST(Philox, N5_1_TakesTheTopBits) {
  for (uint64_t index = 0; index < 16; ++index) {
    uint32_t word = getRandomBits(42, index, 32);
    for (unsigned bits = 1; bits <= 32; ++bits)
      EXPECT_EQ(word >> (32 - bits), getRandomBits(42, index, bits));
  }
}

} // namespace
