//===- RotationSigns.cpp - the signs that a seed stands for ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/RotationSigns.h"
#include "mx/Numerics/Philox.h"

using namespace mxnum;

void mxnum::drawRotationSigns(uint64_t seed, int64_t size, int8_t *signs) {
  // Each size has numbers of its own.
  for (int64_t i = 0; i < size; ++i)
    signs[i] = seed != 0 && getRandomBits(seed, size * size + i, 1) ? -1 : 1;
}
