//===- ElementGrid.h - rounding a number to an element's grid ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A magnitude is placed on the grid of an element format as a fixed-point
// number whose integer part is the code (N2). Inline, because quantisation
// does this for every value.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_ELEMENTGRID_H
#define MX_LIB_NUMERICS_ELEMENTGRID_H

#include "mx/Numerics/FloatBits.h"
#include "mx/Numerics/SmallFloat.h"
#include <algorithm>

namespace mxnum {

/// The values of all codes, by code.
const float *getDecodeTable(ElementType type);

/// A magnitude on the grid of an element format: its code, before rounding, is
/// `base + significand / 2^shift`.
struct GridPosition {
  uint32_t base;
  uint32_t significand;
  unsigned shift;
};

/// Consecutive codes are consecutive grid points, so base and integer part add
/// up to the code. Below the smallest normal the spacing stays the same, hence
/// a larger shift. Magnitudes above F, infinity included, saturate (N2.2).
inline GridPosition placeOnGrid(const ElementInfo &info, uint32_t magnitude) {
  magnitude = std::min(magnitude, toBits(info.maxFinite));
  int field = static_cast<int>(magnitude >> kF32MantissaBits);
  uint32_t implicitBit = field == 0 ? 0 : kF32ImplicitBit;
  int exponent = std::max(field, 1);
  int lowest = kF32Bias + 1 - info.bias;
  int mantissaBits = static_cast<int>(info.mantissaBits);
  uint32_t binades = static_cast<uint32_t>(std::max(exponent - lowest, 0));
  int shift = kF32MantissaBits - mantissaBits + std::max(lowest - exponent, 0);
  return {binades << mantissaBits, (magnitude & kF32MantissaMask) | implicitBit,
          static_cast<unsigned>(shift)};
}

inline uint32_t roundToEven(GridPosition position) {
  // A significand has 24 bits: a shift of 25 or more gives zero.
  unsigned shift = std::min(position.shift, 25u);
  uint32_t odd = (position.significand >> shift) & 1;
  uint32_t belowHalf = (1u << (shift - 1)) - 1;
  return position.base + ((position.significand + belowHalf + odd) >> shift);
}

/// N2.4: all magnitude bits set, which is NaN in E4M3 and E5M2 and +F in the
/// formats without NaN.
inline uint8_t getNaNCode(const ElementInfo &info) {
  return static_cast<uint8_t>((1u << (info.bits - 1)) - 1);
}

inline uint8_t getSignCode(const ElementInfo &info, float value) {
  return static_cast<uint8_t>((toBits(value) >> 31) << (info.bits - 1));
}

/// N2 on one number; see encodeElement.
inline uint8_t encodeNearest(const ElementInfo &info, float value) {
  uint32_t magnitude = magnitudeBits(value);
  if (magnitude > kF32InfinityBits)
    return getNaNCode(info);
  uint32_t code = roundToEven(placeOnGrid(info, magnitude));
  return static_cast<uint8_t>(code | getSignCode(info, value)); // N2.3
}

} // namespace mxnum

#endif // MX_LIB_NUMERICS_ELEMENTGRID_H
