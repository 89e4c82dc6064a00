//===- ScaleSearch.h - the best of several scales ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rules that compare errors (N3.3, N4.3, N4.4), made quick. The definition
// is in QuantizeBlock.cpp.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_SCALESEARCH_H
#define MX_LIB_NUMERICS_SCALESEARCH_H

#include "mx/Numerics/ScaleRule.h"

namespace mxnum {

/// A block of finite values.
struct FiniteBlock {
  const float *values;
  int64_t count;
  /// The largest magnitude.
  float amax;
};

/// N3.3 from the byte of `rceil`.
uint8_t searchE8M0(ElementType element, const FiniteBlock &block,
                   uint8_t rceil);

/// N4.3 from the bytes for 6 and for 4; `tensorScale` is finite and positive.
uint8_t searchFourOverSix(ElementType element, ScaleRule rule,
                          const FiniteBlock &block, float tensorScale,
                          uint8_t toSix, uint8_t toFour);

/// N4.4 from the byte of `amax`; `tensorScale` is finite and positive.
uint8_t searchSweep(ElementType element, const FiniteBlock &block,
                    float tensorScale, uint8_t start);

} // namespace mxnum

#endif // MX_LIB_NUMERICS_SCALESEARCH_H
