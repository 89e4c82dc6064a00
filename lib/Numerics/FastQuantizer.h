//===- FastQuantizer.h - quantisation several values at a time --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Gives the bits of quantizeBlockByDefinition, quickly where it matters:
// rounding to nearest even, and blocks that are not poisoned. Everything else
// goes to the definition.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_FASTQUANTIZER_H
#define MX_LIB_NUMERICS_FASTQUANTIZER_H

#include "FastGrid.h"
#include "mx/Numerics/Quantize.h"

namespace mxnum {

/// Quantises blocks with one set of options, which it refers to.
class FastQuantizer {
public:
  FastQuantizer(const BlockFormat &format, const QuantizeOptions &options,
                float tensorScale);

  /// See quantizeBlock.
  uint8_t quantize(const float *values, int64_t count, uint64_t index,
                   uint64_t stride, uint8_t *codes) const;

private:
  uint8_t quantizeWithE8M0(const float *values, int64_t count, uint32_t amax,
                           uint8_t *codes) const;
  uint8_t quantizeWithUE4M3(const float *values, int64_t count, float amax,
                            uint8_t *codes) const;
  uint8_t chooseUE4M3(const float *values, int64_t count, float amax) const;

  const BlockFormat &format;
  const QuantizeOptions &options;
  FastGrid<float> grid;
  float tensorScale;
  bool needsDefinition;
};

} // namespace mxnum

#endif // MX_LIB_NUMERICS_FASTQUANTIZER_H
