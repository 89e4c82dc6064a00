//===- Hadamard.cpp - block Hadamard rotation -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The butterfly of N6.2. Each addition is one f32 rounding; nothing here may
// be reordered or contracted (the library is built with -ffp-contract=off).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Hadamard.h"
#include <cassert>
#include <cmath>

using namespace mxnum;

bool mxnum::isHadamardSize(int64_t size) {
  return size >= kMinHadamard && size <= kMaxHadamard &&
         (size & (size - 1)) == 0;
}

float mxnum::getHadamardScale(int64_t size) {
  // 1/size is exact and sqrt rounds once; no 1/√h lies near enough to the
  // middle of two f32 numbers for the second rounding to matter.
  return static_cast<float>(std::sqrt(1.0 / static_cast<double>(size)));
}

static void applySigns(float *values, int64_t size, const int8_t *signs) {
  if (!signs)
    return;
  for (int64_t i = 0; i < size; ++i)
    values[i] *= static_cast<float>(signs[i]);
}

/// Replaces each pair at distance `stride` by its sum and difference.
static void applyButterflies(float *values, int64_t size, int64_t stride) {
  for (int64_t start = 0; start < size; start += 2 * stride) {
    for (int64_t i = start; i < start + stride; ++i) {
      float a = values[i], b = values[i + stride];
      values[i] = a + b;
      values[i + stride] = a - b;
    }
  }
}

void mxnum::rotateGroup(float *values, int64_t size, const int8_t *signs,
                        bool inverse) {
  assert(isHadamardSize(size) && "N6.1 bounds the size");
  if (!inverse)
    applySigns(values, size, signs);
  for (int64_t stride = 1; stride < size; stride *= 2)
    applyButterflies(values, size, stride);
  float scale = getHadamardScale(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] *= scale;
  if (inverse)
    applySigns(values, size, signs);
}
