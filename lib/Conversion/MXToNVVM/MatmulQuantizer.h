//===- MatmulQuantizer.h - from results to packed blocks --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The end of a kernel whose results are quantised at once: they lie in shared
// memory as f32, where the stages were, and each thread takes whole blocks of
// them, which are blocks of the rows of C because a tile is a number of blocks
// wide.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULQUANTIZER_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULQUANTIZER_H

#include "MatmulResults.h"
#include "MatmulSpec.h"

namespace mlir::mx {

/// Where the blocks of a tile go.
struct QuantizedTile {
  /// Of the matrix, in global memory.
  Value payload, scales;
  /// Bytes of a row of each.
  Word payloadLength, scalesLength;
  /// In f32, or null.
  Value tensorScale;
};

/// Quantises the results of `tile` at `staging` as `op` says. Threads that
/// share the work build it, each with its number among them.
void emitQuantizer(ImplicitLocOpBuilder &b, PackedQuantizeOp op,
                   const StagedTile &staged, const ResultTile &tile,
                   const QuantizedTile &target, Value staging, Word thread);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULQUANTIZER_H
