//===- MatmulResults.h - from accumulators to C -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// C = init + (t_A · t_B) · sum in f32, then rounded to the type of C.
// Neighbours in a row are written in pairs where C is aligned and has an even
// number of columns, else one by one.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H

#include "WarpPlace.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::mx {

/// The tile of C that a block computes.
struct ResultTile {
  /// The matrix in global memory.
  Value base;
  FloatType type;
  Word rows, columns;
  /// Where the tile begins.
  Word firstRow, firstColumn;
  /// The product of the tensor scales, or null.
  Value tensorScale;
};

/// Adds the accumulators of a warp to C.
void emitResults(ImplicitLocOpBuilder &b, const WarpPlace &warp,
                 ValueRange accumulators, const ResultTile &tile);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H
