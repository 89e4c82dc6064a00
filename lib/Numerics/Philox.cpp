//===- Philox.cpp - the random numbers of stochastic rounding -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Ten rounds of two 32-bit multiplications, each round with its own key.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Philox.h"
#include <cassert>

using namespace mxnum;

static uint32_t lowHalf(uint64_t value) { return static_cast<uint32_t>(value); }
static uint32_t highHalf(uint64_t value) {
  return static_cast<uint32_t>(value >> 32);
}

std::array<uint32_t, 4> mxnum::philox4x32(std::array<uint32_t, 4> counter,
                                          std::array<uint32_t, 2> key) {
  for (unsigned round = 0; round < kPhiloxRounds; ++round) {
    uint64_t product0 = uint64_t(kPhiloxMultiplier0) * counter[0];
    uint64_t product1 = uint64_t(kPhiloxMultiplier1) * counter[2];
    counter = {highHalf(product1) ^ counter[1] ^ key[0], lowHalf(product1),
               highHalf(product0) ^ counter[3] ^ key[1], lowHalf(product0)};
    key = {key[0] + kPhiloxWeyl0, key[1] + kPhiloxWeyl1};
  }
  return counter;
}

uint32_t mxnum::getRandomBits(uint64_t seed, uint64_t index, unsigned bits) {
  assert(bits >= 1 && bits <= 32 && "a word has 32 bits");
  uint64_t counter = index / 4; // N5.1: four words to a counter.
  std::array<uint32_t, 4> words =
      philox4x32({lowHalf(counter), highHalf(counter), 0, 0},
                 {lowHalf(seed), highHalf(seed)});
  return words[index % 4] >> (32 - bits);
}
