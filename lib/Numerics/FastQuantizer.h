//===- FastQuantizer.h - quantisation several values at a time --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Gives the bits of quantizeBlockByDefinition, quickly where it matters:
// rounding to nearest even, and blocks that are not poisoned. Everything else
// goes to the definition.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_FASTQUANTIZER_H
#define MX_LIB_NUMERICS_FASTQUANTIZER_H

#include "mx/Numerics/Quantize.h"

namespace mxnum {

/// Blocks one after another in memory, each with its values one after another,
/// and where their codes and scales go.
struct BlockRun {
  const float *values;
  /// Of all blocks.
  int64_t count;
  /// Of a block; the last may have fewer.
  int64_t length;
  /// The Philox index of the first value, and how far that of the next value
  /// and of the next block is.
  uint64_t index;
  uint64_t valueStride;
  uint64_t blockStride;
  /// One for each value, and one for each block.
  uint8_t *codes;
  uint8_t *scales;
};

/// Which instructions are used; the bits are the same.
enum class Instructions {
  /// Those that every machine has for which the library is built.
  Baseline,
  /// Those of this machine.
  Native,
};

void quantizeRun(const BlockFormat &format, const QuantizeOptions &options,
                 float tensorScale, const BlockRun &run,
                 Instructions instructions = Instructions::Native);

} // namespace mxnum

#endif // MX_LIB_NUMERICS_FASTQUANTIZER_H
