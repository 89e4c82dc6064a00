//===- MatmulTiles.h - the loops of a product on a CPU ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What products on a CPU have in common: which part of which matrix is worked
// on when (MatmulTiles.cpp). How the right side is read and multiplied is what
// kernels differ in, and what a subclass says.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_MATMULTILES_H
#define MX_LIB_CONVERSION_MXTOLOOPS_MATMULTILES_H

#include "BlockDecode.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Columns of K that are worked on at once: a multiple of every block of a
/// format with a name. It changes the order of additions.
inline constexpr int64_t kSliceDepth = 256;
/// Columns of C that kernels take at once: rows of the right side.
inline constexpr int64_t kPanelColumns = 16;

/// A range of rows of one matrix: the indices before the row, and the row.
struct MatrixRows {
  SmallVector<Value> leading;
  Value first;
};

/// A tile of C.
struct ProductTile {
  MatrixRows lhs, rhs, result;
  /// Rows and columns of the tile.
  Value rows, columns;
};

/// Emits the loops of one operation.
class TiledProduct {
public:
  TiledProduct(PackedMatmulOp op, OpBuilder &builder);
  virtual ~TiledProduct();

  void emit();

protected:
  /// Emits what the kernel needs before it works on tiles, and what ends it.
  virtual void prepare() = 0;
  virtual void release() = 0;
  /// Adds to `sums`, from column `column` of the tile on, the products of the
  /// rows in `lhsPanel` and `columns` rows of the right side (kPanelColumns but
  /// for the last), over `depth` elements from `k` on.
  virtual void multiply(const ProductTile &tile, Value column, Value columns,
                        Value k, Value depth) = 0;
  /// The rows from `result.first` to `end`, and all columns.
  virtual void emitProduct(MatrixRows lhs, MatrixRows rhs, MatrixRows result,
                           Value end);

  /// Builds `body` in loops whose iterations are independent of each other.
  void emitParallel(ArrayRef<Value> begins, ArrayRef<Value> ends,
                    ArrayRef<int64_t> steps,
                    function_ref<void(ValueRange)> body);
  /// Builds `body` with scratch memory of its own, in which it works on tiles.
  void withScratch(function_ref<void()> body);
  void emitTile(const ProductTile &tile);
  /// Adds the tile of sums to C.
  void emitResults(const ProductTile &tile);
  /// Decodes elements `k` … `k + depth - 1` of `count` rows, and adds zeros up
  /// to a multiple of `padding`.
  void fillPanel(const RowReader &reader, const MatrixRows &rows, Value count,
                 Value k, Value depth, Value panel, int64_t padding);
  /// Stores zeros, columns rounded up to whole vectors.
  void clear(Value buffer, Value rows, Value columns);
  /// Scratch memory of f32.
  Value allocate(ArrayRef<int64_t> shape, ValueRange sizes = {});

  /// Builds `body` in a loop; inside, `b` inserts into the loop.
  void loop(Value begin, Value end, int64_t step,
            function_ref<void(Value)> body);
  Value index(int64_t value) { return createIndex(b, b.getLoc(), value); }
  Value add(Value x, Value y);
  /// The part of a tile of `size` that lies before `end`.
  Value clampTile(Value begin, Value end, int64_t size);
  Value roundUp(Value value, int64_t multiple);

  PackedMatmulOp op;
  ImplicitLocOpBuilder b;
  RowReader lhs;
  Value depth, init;
  /// Numbers of the left side: rows of a tile, kSliceDepth of each.
  Value lhsPanel;
  /// Multiple to which `lhsPanel` is filled up with zeros.
  int64_t lhsPadding;
  /// Sums of a tile, a multiple of kPanelColumns wide.
  Value sums;

private:
  void emitBatches();
  void emitGroups();
  void emitSlice(const ProductTile &tile, Value k, Value depth);

  /// Tensor scales of both sides as f64.
  SmallVector<Value> tensorScales;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_MATMULTILES_H
