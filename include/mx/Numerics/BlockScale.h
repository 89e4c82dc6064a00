//===- BlockScale.h - E8M0 and UE4M3 block scales ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The second part of a block-scaled value: the scale byte that the elements
// of a block share (N1.2, N1.3).
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_BLOCKSCALE_H
#define MX_NUMERICS_BLOCKSCALE_H

#include <cstdint>

namespace mxnum {

enum class ScaleType : uint8_t { E8M0, UE4M3 };

/// The byte that means NaN and that quantisation writes for a poisoned block
/// (N3.6): 0xFF for E8M0, 0x7F for UE4M3.
uint8_t getPoisonScale(ScaleType type);

/// The byte that means 1.0.
uint8_t getUnitScale(ScaleType type);

/// Returns the value of a scale byte; NaN for the bytes that N1.2 and N1.3
/// declare NaN.
float decodeScale(ScaleType type, uint8_t byte);

/// Rounds a number to UE4M3, ties to even, saturating at 448. NaN gives 0x7F,
/// a negative number 0.
uint8_t encodeUE4M3(float value);

} // namespace mxnum

#endif // MX_NUMERICS_BLOCKSCALE_H
