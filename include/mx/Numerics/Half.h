//===- Half.h - bf16 and f16 ------------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The two 16-bit types of plain operands and results. Narrowing rounds once,
// ties to even, from f32 or straight from a double (N1.7); NaN becomes the
// quiet NaN of the same sign.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_HALF_H
#define MX_NUMERICS_HALF_H

#include <cstdint>

namespace mxnum {

float bf16ToF32(uint16_t bits);
uint16_t f32ToBF16(float value);
uint16_t f64ToBF16(double value);

float f16ToF32(uint16_t bits);
uint16_t f32ToF16(float value);
uint16_t f64ToF16(double value);

} // namespace mxnum

#endif // MX_NUMERICS_HALF_H
