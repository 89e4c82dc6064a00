//===- FloatBits.h - f32 as an integer --------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding in this library works on bit patterns, so that it depends neither
// on the floating-point environment nor on how a compiler orders arithmetic.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_FLOATBITS_H
#define MX_NUMERICS_FLOATBITS_H

#include <cstdint>
#include <cstring>

namespace mxnum {

inline constexpr int kF32MantissaBits = 23;
inline constexpr int kF32Bias = 127;
inline constexpr uint32_t kF32SignBit = 0x80000000;
inline constexpr uint32_t kF32ImplicitBit = 1u << kF32MantissaBits;
inline constexpr uint32_t kF32MantissaMask = kF32ImplicitBit - 1;
inline constexpr uint32_t kF32InfinityBits = 0x7F800000;
inline constexpr uint32_t kF32LargestBits = kF32InfinityBits - 1;

inline uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline uint64_t toBits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The bits of |value|; their order as integers is the order of magnitudes,
/// with infinity and then NaN on top.
inline uint32_t magnitudeBits(float value) {
  return toBits(value) & ~kF32SignBit;
}

/// The f32 2^exponent, for the exponents of E8M0 and their inverses: -127 (a
/// subnormal) to 127.
inline float powerOfTwo(int exponent) {
  if (exponent == -kF32Bias)
    return fromBits(kF32ImplicitBit >> 1);
  return fromBits(static_cast<uint32_t>(exponent + kF32Bias)
                  << kF32MantissaBits);
}

} // namespace mxnum

#endif // MX_NUMERICS_FLOATBITS_H
