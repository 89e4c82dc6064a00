//===- FloatLanes.h - several numbers at a time -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector types that gcc and clang share. Every operation is that of an f32
// or u32 in each lane, so that lanes give the bits of as many scalar programs,
// however many there are: four map to one register of any x86-64 or AArch64
// machine, eight to one of AVX2.
//
// What is wider than a register of the machine that the library is built for
// must not cross a call, since compilers disagree on how. Functions on lanes
// are therefore always inline.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_FLOATLANES_H
#define MX_LIB_NUMERICS_FLOATLANES_H

#include "mx/Numerics/FloatBits.h"

#define MX_ALWAYS_INLINE inline __attribute__((always_inline))

namespace mxnum {

/// The vector types of so many lanes.
template <int N>
struct LaneTypes;
template <>
struct LaneTypes<4> {
  using Floats = float __attribute__((vector_size(16)));
  using Bits = uint32_t __attribute__((vector_size(16)));
};
template <>
struct LaneTypes<8> {
  using Floats = float __attribute__((vector_size(32)));
  using Bits = uint32_t __attribute__((vector_size(32)));
};
template <int N>
using FloatLanes = typename LaneTypes<N>::Floats;
template <int N>
using BitLanes = typename LaneTypes<N>::Bits;

MX_ALWAYS_INLINE BitLanes<4> toBits(FloatLanes<4> values) {
  return reinterpret_cast<BitLanes<4>>(values);
}
MX_ALWAYS_INLINE BitLanes<8> toBits(FloatLanes<8> values) {
  return reinterpret_cast<BitLanes<8>>(values);
}
MX_ALWAYS_INLINE FloatLanes<4> fromBits(BitLanes<4> bits) {
  return reinterpret_cast<FloatLanes<4>>(bits);
}
MX_ALWAYS_INLINE FloatLanes<8> fromBits(BitLanes<8> bits) {
  return reinterpret_cast<FloatLanes<8>>(bits);
}

/// The same number in all lanes. (Only the sign of a negative zero is lost.)
template <int N>
MX_ALWAYS_INLINE FloatLanes<N> broadcast(float value) {
  return FloatLanes<N>{} + value;
}

template <typename Lanes, typename Number>
MX_ALWAYS_INLINE Lanes loadLanes(const Number *numbers) {
  Lanes lanes;
  static_assert(sizeof(lanes[0]) == sizeof(Number), "one number for each lane");
  std::memcpy(&lanes, numbers, sizeof(lanes));
  return lanes;
}

template <typename Lanes, typename Number>
MX_ALWAYS_INLINE void storeLanes(Lanes lanes, Number *numbers) {
  static_assert(sizeof(lanes[0]) == sizeof(Number), "one number for each lane");
  std::memcpy(numbers, &lanes, sizeof(lanes));
}

/// Whether a comparison holds in any lane.
template <typename Mask>
MX_ALWAYS_INLINE bool isAny(Mask mask) {
  uint64_t words[sizeof(mask) / sizeof(uint64_t)], any = 0;
  std::memcpy(words, &mask, sizeof(mask));
  for (uint64_t word : words)
    any |= word;
  return any != 0;
}

} // namespace mxnum

#endif // MX_LIB_NUMERICS_FLOATLANES_H
