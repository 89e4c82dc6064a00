//===- InterleavedProduct.h - products with rows in lanes -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A product whose right side is interleaved (N8.7), so that a lane of a vector
// is a row of B and a column of C. There are two ways, chosen at run time by
// the number of rows of A: several rows share numbers that were decoded to a
// panel (InterleavedTiles.cpp); one row multiplies them in registers
// (InterleavedRow.cpp).
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDPRODUCT_H
#define MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDPRODUCT_H

#include "MatmulTiles.h"
#include "ShuffleDecode.h"
#include "mx/Numerics/PackedLayout.h"

namespace mlir::mx {

/// Bytes of a line: a unit of each row of a group.
inline constexpr int64_t kLineBytes =
    mxnum::kInterleavedRows * mxnum::kInterleavedUnit;
/// Vectors of sums for the rows of a group, and bytes of a line for one.
inline constexpr int64_t kHalves = mxnum::kInterleavedRows / kShuffleLanes;
inline constexpr int64_t kHalfBytes = kLineBytes / kHalves;

class InterleavedProduct : public TiledProduct {
public:
  InterleavedProduct(PackedMatmulOp op, OpBuilder &builder);

private:
  void prepare() override;
  void release() override;
  void multiply(const ProductTile &tile, Value column, Value columns, Value k,
                Value depth) override;
  void emitProduct(MatrixRows lhs, MatrixRows rhs, MatrixRows result,
                   Value end) override;

  // Several rows of A.
  void fillRhsPanel(const ProductTile &tile, Value column, Value k,
                    Value depth);
  void decodeLine(ArrayRef<Value> group, Value line, Value panelRow,
                  ArrayRef<Value> scales);
  void emitKernels(Value rows, Value column, Value depth);
  void emitKernel(int64_t rows, Value row, Value column, Value depth);
  void addProducts(Value row, int64_t rows, Value k,
                   MutableArrayRef<Value> results);

  // One row of A.
  void allocateRow();
  void fillRow(const MatrixRows &row);
  void emitRow(const MatrixRows &lhs, const MatrixRows &rhs,
               const MatrixRows &result);
  void emitRowTile(const ProductTile &tile);
  Value takePart(Value matrices, Value i);
  SmallVector<Value> sumBlock(ArrayRef<Value> group, Value block);
  Value loadOrdinaryScales(ArrayRef<Value> group, Value block, int64_t half);
  Value isOrdinary(ValueRange totals, Value largest);
  void prefetch(ArrayRef<Value> group, Value block, Value blocks);

  /// Where the group of rows lies that begins with row `first` of B.
  SmallVector<Value> getGroup(const MatrixRows &rhs, Value first);
  Value loadLine(ArrayRef<Value> group, Value line, int64_t half);
  Value splatNumber(float value);
  /// x · y + z, rounded once.
  Value multiplyAdd(Value x, Value y, Value z);
  Value multiplyIndex(Value value, int64_t factor);

  Value payload, scales;
  FormatAttr format;
  /// Lines of a block.
  int64_t blockLines;
  ShuffleDecoder decoder;
  /// Numbers of 16 rows of B: a row for each k.
  Value rhsPanel;
  /// Numbers of the one row of A: as they are, and pair by pair as f64.
  Value rowNumbers, rowPairs;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDPRODUCT_H
