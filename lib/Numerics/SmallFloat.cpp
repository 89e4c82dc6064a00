//===- SmallFloat.cpp - FP4, FP6 and FP8 element codes --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Decoding reads a table that the compiler builds from N1.1. Encoding uses the
// fixed-point view of ElementGrid.h; the two roundings differ only in how they
// drop the fraction.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/SmallFloat.h"
#include "ElementGrid.h"
#include <cassert>
#include <limits>

using namespace mxnum;

namespace {

// N1.1: name, bits, exponent and mantissa bits, bias, E, F, infinity, NaN.
constexpr ElementInfo kInfos[] = {
    {"E2M1", 4, 2, 1, 1, 2, 6.0f, false, false},
    {"E2M3", 6, 2, 3, 1, 2, 7.5f, false, false},
    {"E3M2", 6, 3, 2, 3, 4, 28.0f, false, false},
    {"E4M3", 8, 4, 3, 7, 8, 448.0f, false, true},
    {"E5M2", 8, 5, 2, 15, 15, 57344.0f, true, true},
};
constexpr unsigned kNumElementTypes = sizeof(kInfos) / sizeof(kInfos[0]);
constexpr unsigned kNumBytes = 256;

constexpr float scaleByPowerOfTwo(float value, int exponent) {
  for (; exponent > 0; --exponent)
    value *= 2.0f;
  for (; exponent < 0; ++exponent)
    value *= 0.5f;
  return value;
}

/// N1.1: the magnitude of a code split in its two fields.
constexpr float decodeMagnitude(const ElementInfo &info, unsigned exponent,
                                unsigned mantissa) {
  bool topExponent = exponent + 1 == 1u << info.exponentBits;
  bool topMantissa = mantissa + 1 == 1u << info.mantissaBits;
  if (info.hasInfinity && topExponent && mantissa == 0)
    return std::numeric_limits<float>::infinity();
  if (info.hasNaN && topExponent && (info.hasInfinity || topMantissa))
    return std::numeric_limits<float>::quiet_NaN();
  unsigned implicitBit = exponent == 0 ? 0 : 1u << info.mantissaBits;
  int power = static_cast<int>(exponent == 0 ? 1 : exponent) - info.bias -
              static_cast<int>(info.mantissaBits);
  return scaleByPowerOfTwo(static_cast<float>(implicitBit + mantissa), power);
}

struct DecodeTable {
  float values[kNumElementTypes][kNumBytes];
};

constexpr DecodeTable makeDecodeTable() {
  DecodeTable table{};
  for (unsigned type = 0; type < kNumElementTypes; ++type) {
    const ElementInfo &info = kInfos[type];
    unsigned exponentMask = (1u << info.exponentBits) - 1;
    unsigned mantissaMask = (1u << info.mantissaBits) - 1;
    for (unsigned code = 0; code < kNumBytes; ++code) {
      float magnitude =
          decodeMagnitude(info, (code >> info.mantissaBits) & exponentMask,
                          code & mantissaMask);
      bool negative = (code >> (info.bits - 1)) & 1;
      table.values[type][code] = negative ? -magnitude : magnitude;
    }
  }
  return table;
}

constexpr DecodeTable kDecodeTable = makeDecodeTable();

} // namespace

const ElementInfo &mxnum::getElementInfo(ElementType type) {
  return kInfos[static_cast<unsigned>(type)];
}

const float *mxnum::getDecodeTable(ElementType type) {
  return kDecodeTable.values[static_cast<unsigned>(type)];
}

float mxnum::decodeElement(ElementType type, uint8_t code) {
  return getDecodeTable(type)[code];
}

/// N5.2, `2r + 1 < p·2^(n+1)`. The right side is rounded up to an integer,
/// which changes no comparison with an integer.
static uint32_t roundStochastically(GridPosition position, uint32_t random,
                                    unsigned randomBits) {
  // The threshold is below 2^48 / 2^shift: a larger shift never rounds up.
  unsigned shift = std::min(position.shift, 48u);
  uint64_t significand = position.significand;
  uint64_t low = significand >> shift;
  uint64_t fraction = significand - (low << shift);
  uint64_t roundUp = (uint64_t(1) << shift) - 1;
  uint64_t threshold = ((fraction << (randomBits + 1)) + roundUp) >> shift;
  bool up = 2 * uint64_t(random) + 1 < threshold;
  return position.base + static_cast<uint32_t>(low) + up;
}

uint8_t mxnum::encodeElement(ElementType type, float value) {
  return encodeNearest(getElementInfo(type), value);
}

uint8_t mxnum::encodeElementStochastic(ElementType type, float value,
                                       uint32_t random, unsigned randomBits) {
  assert(randomBits >= 1 && randomBits <= 23 && "N5.1 bounds the random bits");
  assert(random >> randomBits == 0 && "random number out of range");
  const ElementInfo &info = getElementInfo(type);
  uint32_t magnitude = magnitudeBits(value);
  if (magnitude > kF32InfinityBits)
    return getNaNCode(info);
  GridPosition position = placeOnGrid(info, magnitude);
  uint32_t code = roundStochastically(position, random, randomBits);
  return static_cast<uint8_t>(code | getSignCode(info, value));
}
