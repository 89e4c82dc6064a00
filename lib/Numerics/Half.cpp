//===- Half.cpp - bf16 and f16 --------------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Both narrowings of a double go through one function on its bits. Those of an
// f32, which this could do as well, are in the header.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Half.h"
#include <algorithm>

using namespace mxnum;

namespace {

constexpr int kF64MantissaBits = 52;
constexpr int kF64Bias = 1023;

/// A 16-bit IEEE-like format.
struct HalfInfo {
  int mantissaBits;
  int bias;

  uint64_t infinity() const {
    return (2 * static_cast<uint64_t>(bias) + 1) << mantissaBits;
  }
  uint64_t quietBit() const { return uint64_t(1) << (mantissaBits - 1); }
};

constexpr HalfInfo kBF16{7, 127};
constexpr HalfInfo kF16{10, 15};

} // namespace

/// Rounds the bits of a finite magnitude to the format. A carry out of the
/// mantissa raises the exponent, so the sum is right across binades.
static uint64_t narrowMagnitude(uint64_t magnitude, HalfInfo info) {
  int field = static_cast<int>(magnitude >> kF64MantissaBits);
  uint64_t implicitBit = uint64_t(field != 0) << kF64MantissaBits;
  uint64_t mantissa = magnitude & ((uint64_t(1) << kF64MantissaBits) - 1);
  uint64_t significand = mantissa | implicitBit;
  int exponent = std::max(field, 1);
  int lowest = kF64Bias + 1 - info.bias;
  // A significand has 53 bits: a shift of 54 or more gives zero.
  int shift = std::min(kF64MantissaBits - info.mantissaBits +
                           std::max(lowest - exponent, 0),
                       kF64MantissaBits + 2);
  uint64_t odd = (significand >> shift) & 1;
  uint64_t belowHalf = (uint64_t(1) << (shift - 1)) - 1;
  uint64_t rounded = (significand + belowHalf + odd) >> shift;
  uint64_t binades = static_cast<uint64_t>(std::max(exponent - lowest, 0));
  // N1.7: overflow rounds to infinity.
  return std::min((binades << info.mantissaBits) + rounded, info.infinity());
}

static uint16_t narrow(double value, HalfInfo info) {
  constexpr uint64_t signBit = uint64_t(1) << 63;
  constexpr uint64_t infinityBits = uint64_t(0x7FF) << kF64MantissaBits;
  uint64_t bits = toBits(value);
  uint64_t magnitude = bits & ~signBit;
  uint64_t sign = (bits & signBit) >> 48;
  if (magnitude > infinityBits)
    return static_cast<uint16_t>(sign | info.infinity() | info.quietBit());
  return static_cast<uint16_t>(sign | narrowMagnitude(magnitude, info));
}

uint16_t mxnum::f64ToBF16(double value) { return narrow(value, kBF16); }

uint16_t mxnum::f64ToF16(double value) { return narrow(value, kF16); }
