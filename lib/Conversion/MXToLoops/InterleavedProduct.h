//===- InterleavedProduct.h - products with rows in lanes -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A product whose right side is interleaved (N8.7), so that a lane of a vector
// is a row of B and a column of C. There are two ways, chosen at run time by
// the number of rows of A: many rows share numbers that were decoded to a panel
// (InterleavedTiles.cpp); a few multiply them in registers
// (InterleavedStrips.cpp).
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
/// Rows of A that are a few.
inline constexpr int64_t kFewRows = 32;

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

  // Many rows of A.
  void fillRhsPanel(const ProductTile &tile, Value column, Value k,
                    Value depth);
  void decodeLine(ArrayRef<Value> group, Value line, Value panelRow,
                  ArrayRef<Value> scales);
  void emitKernels(Value rows, Value column, Value depth);
  void emitKernel(int64_t rows, Value row, Value column, Value depth);
  void addProducts(Value row, int64_t rows, Value k,
                   MutableArrayRef<Value> results);

  // A few rows of A.
  /// Some rows that are multiplied together: the first, where their pairs of
  /// numbers begin in `strips`, and how many.
  struct Strip {
    Value first, start;
    int64_t rows;
  };
  void emitFewRows(const MatrixRows &lhs, const MatrixRows &rhs,
                   const MatrixRows &result, Value rows,
                   std::optional<int64_t> count);
  void fillStrips(const MatrixRows &lhs, Value rows);
  void fillRow(const MatrixRows &lhs, Value row);
  void pairUp(Value row, Value rows);
  Value countBlocks(Value depth);
  Value getStripHeight(Value row, Value rows);
  Value getStripStart(Value row);
  Value takePart(Value matrices, Value i);
  /// Blocks of a group from `begin` to `end`, and whether the panel holds their
  /// numbers.
  struct Slice {
    SmallVector<Value> group;
    Value begin, end;
    bool isDecoded;
  };
  void emitGroup(const ProductTile &tile, std::optional<int64_t> count);
  void chooseStrips(ArrayRef<Value> group, Value rows,
                    std::optional<int64_t> count);
  void addGroup(ArrayRef<Value> group, Value rows, ArrayRef<int64_t> heights,
                bool isDecoded);
  void addStrip(Value row, Value rows, ArrayRef<int64_t> heights,
                const Slice &slice);
  void addBlocks(const Strip &strip, const Slice &slice, ArrayRef<Value> halves,
                 Value begin);
  void decodeSlice(const Slice &slice);
  SmallVector<PairVectors> readLine(const Slice &slice, Value line, Value half);
  SmallVector<Value> sumBlock(const Strip &strip, const Slice &slice,
                              Value block, ArrayRef<Value> halves);
  SmallVector<Value> loadPairs(Value start, Value line, int64_t rows);
  Value loadOrdinaryScales(ArrayRef<Value> group, Value block, Value half);
  Value hasOrdinaryScales(ArrayRef<Value> group);
  Value finishTotals(Value rows);
  void prefetch(ArrayRef<Value> group, Value block, Value first, int64_t count);
  void prefetchShare(ArrayRef<Value> group, Value block,
                     ArrayRef<Value> halves);

  /// Where the group of rows lies that begins with row `first` of B.
  SmallVector<Value> getGroup(const MatrixRows &rhs, Value first);
  Value loadLine(ArrayRef<Value> group, Value line, Value half);
  Value splatNumber(float value);
  /// x · y + z, rounded once.
  Value multiplyAdd(Value x, Value y, Value z);
  Value multiplyIndex(Value value, int64_t factor);

  Value payload, scales;
  FormatAttr format;
  /// Lines of a block.
  int64_t blockLines;
  ShuffleDecoder decoder;
  /// Numbers of 16 rows of B: a row for each k, or for each pair.
  Value rhsPanel;
  /// Whether tiles are worked on where strips cannot be: seldom, so that little
  /// code matters more than speed.
  bool isException = false;
  /// Numbers of a row of A as they are, and of all pair by pair as f64.
  Value rowNumbers, strips;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDPRODUCT_H
