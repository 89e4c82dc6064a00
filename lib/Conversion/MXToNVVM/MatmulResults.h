//===- MatmulResults.h - from accumulators to C -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// C = init + (t_A · t_B) · sum in f32, then rounded to the type of C. What the
// epilogue reads is loaded once for each column.
// Neighbours in a row are written in pairs where C is aligned and has an even
// number of columns, else one by one.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H

#include "MatmulEpilogue.h"
#include "WarpPlace.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::mx {

/// The tile of C that a block computes.
struct ResultTile {
  /// The matrix in global memory.
  Value base;
  /// The type that is written.
  FloatType type;
  Word rows, columns;
  /// Where the tile begins.
  Word firstRow, firstColumn;
  /// The product of the tensor scales, or null.
  Value tensorScale;
  /// Vectors in global memory, and numbers, as the epilogue lists them.
  Value startRow;
  ArrayRef<Value> tailRows, tailNumbers;
};

/// Adds the accumulators of a warp to C, whose numbers are `product` before a
/// tail, or does what the epilogue says.
void emitResults(ImplicitLocOpBuilder &b, const MatmulEpilogue &epilogue,
                 FloatType product, const WarpPlace &warp,
                 ValueRange accumulators, const ResultTile &tile);

/// Writes what would be the numbers of C, or of what the tail makes, to shared
/// memory as f32 instead, in rows of `pitch` bytes; past the last column zeros.
void stageResults(ImplicitLocOpBuilder &b, const MatmulEpilogue &epilogue,
                  FloatType product, const WarpPlace &warp,
                  ValueRange accumulators, const ResultTile &tile,
                  Value staging, int pitch);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULRESULTS_H
