//===- QuantizeBlock.h - steps that all ways to quantise share --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What is quick enough as it is written in the definition.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_QUANTIZEBLOCK_H
#define MX_LIB_NUMERICS_QUANTIZEBLOCK_H

#include "mx/Numerics/ScaleRule.h"

namespace mxnum {

inline constexpr int kLargestE8M0 = 254;
inline constexpr int kLargestUE4M3 = 0x7E;

/// The bits of the largest magnitude; at least those of infinity if one of the
/// values is not finite.
uint32_t findLargestMagnitude(const float *values, int64_t count);

/// N3.2 on the bits of the largest magnitude of a block.
uint8_t chooseE8M0(ScaleRule rule, ElementType element, uint32_t amax);

/// Whether N4.1 and N4.6 poison every block.
bool isTensorScaleBad(const BlockFormat &format, float tensorScale);

} // namespace mxnum

#endif // MX_LIB_NUMERICS_QUANTIZEBLOCK_H
