//===- FloatLanes.h - four numbers at a time --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector types that gcc and clang share. They map to one register of any
// x86-64 or AArch64 machine, and every operation is that of an f32 or u32 in
// each lane, so that four lanes give the bits of four scalar programs.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_FLOATLANES_H
#define MX_LIB_NUMERICS_FLOATLANES_H

#include "FloatBits.h"

namespace mxnum {

using FloatLanes = float __attribute__((vector_size(16)));
using BitLanes = uint32_t __attribute__((vector_size(16)));
inline constexpr int kLanes = 4;

inline BitLanes toBits(FloatLanes values) {
  return reinterpret_cast<BitLanes>(values);
}

inline FloatLanes fromBits(BitLanes bits) {
  return reinterpret_cast<FloatLanes>(bits);
}

/// The same number in all lanes. (Only the sign of a negative zero is lost.)
inline FloatLanes broadcast(float value) { return FloatLanes{} + value; }

inline FloatLanes loadLanes(const float *values) {
  FloatLanes lanes;
  std::memcpy(&lanes, values, sizeof(lanes));
  return lanes;
}

inline void storeLanes(FloatLanes lanes, float *values) {
  std::memcpy(values, &lanes, sizeof(lanes));
}

} // namespace mxnum

#endif // MX_LIB_NUMERICS_FLOATLANES_H
