//===- MatmulArguments.h - what a kernel is called with ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The arguments of matmul kernels by name, and what is computed from them
// alone: where a tile lies, how long rows are, what a panel is a part of.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULARGUMENTS_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULARGUMENTS_H

#include "MatmulGroups.h"
#include "MatmulQuantizer.h"
#include "MatmulResults.h"
#include "MatmulSignature.h"
#include "PanelCopy.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// Where a tile is.
struct TilePlace {
  /// The matrices of A and C, and of B.
  Word matrix, rhsMatrix;
  /// The first row and column, and where the rows end.
  Word row, column, rowEnd;
  /// An i1: whether there is such a tile; null if there always is.
  Value exists;
};

class MatmulArguments {
public:
  MatmulArguments(ImplicitLocOpBuilder &b, MatmulSignature signature,
                  gpu::GPUFuncOp kernel);

  /// One side of the product.
  struct Side : MatmulSignature::Side {
    /// Rows of A or of B.
    Word rows;
    /// Payload (or the tensor map of it), and perhaps scales and a tensor
    /// scale.
    SmallVector<Value> parts;
  };

  Side lhs, rhs;
  Value result;
  /// Of what is quantised, whose payload is the result.
  Value resultScales, resultTensorScale;
  /// What the epilogue reads.
  Value startRow;
  SmallVector<Value> tailRows, tailNumbers;
  Word rows, columns, depth;
  /// Sums of ranges of K, if it is split.
  Value sums;
  /// The ends of groups and their number, in a grouped product.
  Value groupEnds;
  Word groups;
  /// Tiles along the rows and along the columns.
  Word rowTiles, columnTiles;

  /// Steps along K.
  Word countSteps() const;
  /// Counts the tiles of all groups; before, their number is the largest one.
  void countGroupTiles();
  /// Tiles in all.
  Word countTiles() const;
  /// Tiles are numbered along the rows first: neighbours share columns, which
  /// are weights as a rule.
  TilePlace locateTile(Word tile) const;
  /// Bytes of a row of payload, and of scales (N8.1 and N1.6: without gaps).
  Word getPayloadLength(const Side &side) const;
  Word getScalesLength(const Side &side) const;
  /// The part of `side` that tile `place` needs, as `PanelCopy` wants it.
  PanelSource getPayload(const Side &side, const TilePlace &place) const;
  PanelSource getScales(const Side &side, const TilePlace &place) const;
  /// t_A · t_B in f32, or null if no format has a tensor scale.
  Value loadTensorScale() const;
  /// The tile of C at `place`.
  ResultTile getResult(const TilePlace &place) const;
  /// Where its blocks go if it is quantised.
  QuantizedTile getQuantized(const TilePlace &place) const;

private:
  GroupEnds getGroupEnds() const;
  Value selectMatrix(Value base, Word matrix, Word rows, Word rowLength) const;
  PanelSource getGroups(const Side &side, Value base, int lineBytes,
                        const TilePlace &place) const;
  PanelSource getPanel(const Side &side, Value base, Word length,
                       const TilePlace &place) const;

  ImplicitLocOpBuilder &b;
  MatmulSignature signature;
};

/// Dynamic shared memory, whose size the launch gives.
Value getSharedMemory(ImplicitLocOpBuilder &b, gpu::GPUModuleOp module);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULARGUMENTS_H
