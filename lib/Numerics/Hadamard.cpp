//===- Hadamard.cpp - block Hadamard rotation -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The butterfly of N6.2. Each addition is one f32 rounding; nothing here may
// be reordered or contracted (the library is built with -ffp-contract=off).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Hadamard.h"
#include "FloatLanes.h"
#include <cassert>

using namespace mxnum;

static constexpr int kLanes = 4;
using Floats = FloatLanes<kLanes>;
using Bits = BitLanes<kLanes>;

bool mxnum::isHadamardSize(int64_t size) {
  return size >= kMinHadamard && size <= kMaxHadamard &&
         (size & (size - 1)) == 0;
}

float mxnum::getHadamardScale(int64_t size) {
  constexpr float sqrtHalf = 0x1.6a09e6p-1f; // √½, rounded
  // Powers of two scale the rounded root exactly.
  float scale = 1.0f;
  for (; size >= 4; size /= 4)
    scale *= 0.5f;
  return size == 2 ? scale * sqrtHalf : scale;
}

static void applySigns(float *values, int64_t size, const int8_t *signs) {
  if (!signs)
    return;
  for (int64_t i = 0; i < size; ++i)
    values[i] *= static_cast<float>(signs[i]);
}

/// Strides 1 and 2, which stay within four values. With (a, b) beside (b, a),
/// a + b is the same in both lanes, and a − b is b negated plus a.
static Floats applyFirstStrides(Floats x) {
  constexpr Bits negatesOdd = {0, kF32SignBit, 0, kF32SignBit};
  constexpr Bits negatesHigh = {0, 0, kF32SignBit, kF32SignBit};
  x = __builtin_shufflevector(x, x, 1, 0, 3, 2) +
      fromBits(toBits(x) ^ negatesOdd);
  return __builtin_shufflevector(x, x, 2, 3, 0, 1) +
         fromBits(toBits(x) ^ negatesHigh);
}

/// Strides `stride` and 2 · `stride`, four values of each quarter at a time.
static void applyTwoStrides(float *values, int64_t size, int64_t stride) {
  for (int64_t start = 0; start < size; start += 4 * stride)
    for (int64_t i = start; i < start + stride; i += kLanes) {
      float *place = values + i;
      Floats a = loadLanes<Floats>(place),
             b = loadLanes<Floats>(place + stride);
      Floats c = loadLanes<Floats>(place + 2 * stride);
      Floats d = loadLanes<Floats>(place + 3 * stride);
      Floats ab = a + b, cd = c + d;
      storeLanes(ab + cd, place);
      storeLanes(ab - cd, place + 2 * stride);
      ab = a - b, cd = c - d;
      storeLanes(ab + cd, place + stride);
      storeLanes(ab - cd, place + 3 * stride);
    }
}

/// The last stride, half of the size.
static void applyLastStride(float *values, int64_t stride) {
  for (int64_t i = 0; i < stride; i += kLanes) {
    Floats a = loadLanes<Floats>(values + i),
           b = loadLanes<Floats>(values + stride + i);
    storeLanes(a + b, values + i);
    storeLanes(a - b, values + stride + i);
  }
}

static void applyButterflies(float *values, int64_t size) {
  if (size == 2) {
    float a = values[0], b = values[1];
    values[0] = a + b;
    values[1] = a - b;
    return;
  }
  for (int64_t i = 0; i < size; i += kLanes)
    storeLanes(applyFirstStrides(loadLanes<Floats>(values + i)), values + i);
  int64_t stride = kLanes;
  for (; stride * 2 < size; stride *= 4)
    applyTwoStrides(values, size, stride);
  if (stride < size)
    applyLastStride(values, stride);
}

void mxnum::rotateGroup(float *values, int64_t size, const int8_t *signs,
                        bool inverse) {
  assert(isHadamardSize(size) && "N6.1 bounds the size");
  if (!inverse)
    applySigns(values, size, signs);
  applyButterflies(values, size);
  float scale = getHadamardScale(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] *= scale;
  if (inverse)
    applySigns(values, size, signs);
}
