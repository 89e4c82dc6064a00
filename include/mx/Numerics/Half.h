//===- Half.h - bf16 and f16 ------------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The two 16-bit types of plain operands and results. Narrowing rounds once,
// ties to even, from f32 or straight from a double (N1.7); NaN becomes the
// quiet NaN of the same sign. Whole weights go through the functions of f32, so
// those are inline and choose values instead of branches: compilers turn loops
// over them into vector instructions.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_HALF_H
#define MX_NUMERICS_HALF_H

#include "mx/Numerics/FloatBits.h"
#include <cstdint>

namespace mxnum {

namespace half {

/// `magnitude` without its last `dropped` bits, rounded to nearest even. A
/// carry out of the mantissa raises the exponent.
inline uint32_t dropBits(uint32_t magnitude, int dropped) {
  uint32_t belowHalf = (1u << (dropped - 1)) - 1;
  uint32_t odd = (magnitude >> dropped) & 1;
  return (magnitude + belowHalf + odd) >> dropped;
}

} // namespace half

inline float bf16ToF32(uint16_t bits) {
  return fromBits(static_cast<uint32_t>(bits) << 16);
}

inline uint16_t f32ToBF16(float value) {
  uint32_t bits = toBits(value), magnitude = bits & ~kF32SignBit;
  constexpr uint32_t quietNaN = 0x7FC0;
  // The formats have the same exponents, so overflow is a carry to infinity.
  uint32_t rounded =
      magnitude > kF32InfinityBits ? quietNaN : half::dropBits(magnitude, 16);
  return static_cast<uint16_t>((bits & kF32SignBit) >> 16 | rounded);
}

inline float f16ToF32(uint16_t bits) {
  constexpr int widening = 23 - 10;
  constexpr uint32_t rebias = (127u - 15u) << 23;
  constexpr uint32_t firstNormal = 1u << 10, infinity = 0x7C00;
  uint32_t magnitude = bits & 0x7FFF;
  uint32_t normal = (magnitude << widening) + rebias;
  // Subnormal numbers are multiples of 2^-24.
  uint32_t small =
      toBits(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
  uint32_t wide = magnitude < firstNormal ? small : normal;
  // Infinities and NaNs have the last exponent of either format.
  wide |= magnitude >= infinity ? kF32InfinityBits : 0;
  return fromBits((bits & 0x8000u) << 16 | wide);
}

inline uint16_t f32ToF16(float value) {
  constexpr uint32_t rebias = (127u - 15u) << 10;
  constexpr uint32_t firstNormal = (127u - 14u) << 23;
  constexpr uint32_t infinity = 0x7C00, quietNaN = 0x7E00;
  uint32_t bits = toBits(value), magnitude = bits & ~kF32SignBit;
  uint32_t normal = half::dropBits(magnitude, 23 - 10) - rebias;
  // The last bit of a number in [0.5, 1) is 2^-24, the subnormal step.
  constexpr float anchor = 0.5f;
  uint32_t small =
      toBits(fromBits(magnitude < firstNormal ? magnitude : 0) + anchor) -
      toBits(anchor);
  uint32_t rounded = magnitude < firstNormal ? small : normal;
  rounded = rounded < infinity ? rounded : infinity;
  rounded = magnitude > kF32InfinityBits ? quietNaN : rounded;
  return static_cast<uint16_t>((bits & kF32SignBit) >> 16 | rounded);
}

uint16_t f64ToBF16(double value);
uint16_t f64ToF16(double value);

} // namespace mxnum

#endif // MX_NUMERICS_HALF_H
