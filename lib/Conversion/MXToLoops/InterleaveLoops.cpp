//===- InterleaveLoops.cpp - mx.packed.interleave as loops ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of weights that are known at run time only (N8.7). Whole groups of rows
// come to their places 16 bytes of each row at a time, which is a transposition
// of small matrices, whose elements are units:
//
//   unit 4:  4 rows of 4 units   ⇒  4 units of 4 rows     for each quarter
//   unit 1: 16 rows of 16 units  ⇒  16 units of 16 rows
//
// What is left, rows of an incomplete group and ends of rows, comes a unit at a
// time, to where padding was filled in before.
//===----------------------------------------------------------------------===//

#include "IndexBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mlir;
using namespace mlir::mx;

/// Bytes of a row that are moved at once.
static constexpr int64_t kChunk = 16;
static constexpr unsigned kByteBits = 8;

namespace {

/// A range of rows of each matrix, and of bytes of each row.
struct Range {
  Value firstRow, endRow, firstByte, endByte;
};

/// The loops of one operation.
class InterleaveLowering {
public:
  InterleaveLowering(OpBuilder &builder, PackedInterleaveOp op);

  void lower();

private:
  using Body = function_ref<void(OpBuilder &, ValueRange row, Value byte)>;
  void build(const Range &range, Value buffer, int64_t rowStep,
             int64_t byteStep, Body body);
  void fillPadding(const Range &groups);
  void moveUnits(const Range &rows);
  void moveChunk(OpBuilder &inner, ValueRange row, Value byte);

  OpBuilder &builder;
  PackedInterleaveOp op;
  Location loc;
  int64_t unit;
  IndexBuilder index;
};

} // namespace

static Value getRowLength(OpBuilder &builder, Location loc, Value buffer) {
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  return createDim(builder, loc, buffer, rank - 1);
}

InterleaveLowering::InterleaveLowering(OpBuilder &builder,
                                       PackedInterleaveOp op)
    : builder(builder), op(op), loc(op.getLoc()), unit(op.getUnit()),
      index{builder, loc} {}

/// Loops over a range of `buffer`; iterations are independent of each other.
void InterleaveLowering::build(const Range &range, Value buffer,
                               int64_t rowStep, int64_t byteStep, Body body) {
  int64_t leading = cast<MemRefType>(buffer.getType()).getRank() - 2;
  SmallVector<Value> begins(leading, index.constant(0)), ends;
  SmallVector<Value> steps(leading, index.constant(1));
  for (int64_t dim = 0; dim < leading; ++dim)
    ends.push_back(createDim(builder, loc, buffer, dim));
  begins.append({range.firstRow, range.firstByte});
  ends.append({range.endRow, range.endByte});
  steps.append({index.constant(rowStep), index.constant(byteStep)});
  scf::ParallelOp::create(builder, loc, begins, ends, steps,
                          [&](OpBuilder &inner, Location, ValueRange indices) {
                            body(inner, indices.drop_back(), indices.back());
                          });
}

/// Lines are a multiple of 16 bytes, which are filled at once.
void InterleaveLowering::fillPadding(const Range &groups) {
  Value padding = arith::ConstantOp::create(builder, loc, op.getPaddingAttr());
  build(groups, op.getInits(), 1, kChunk,
        [&](OpBuilder &inner, ValueRange row, Value byte) {
          storeLanes(inner, loc, splat(inner, loc, padding, kChunk),
                     op.getInits(), row, byte);
        });
}

/// The bytes from `byte` on, of one unit, to where N8.7 says.
static void moveUnit(OpBuilder &builder, PackedInterleaveOp op, ValueRange row,
                     Value byte, int64_t lanes) {
  Location loc = op.getLoc();
  int64_t unit = op.getUnit();
  IndexBuilder index{builder, loc};
  SmallVector<Value> group(row.drop_back());
  group.push_back(index.divide(row.back(), mxnum::kInterleavedRows));
  Value place = index.add(
      index.multiply(index.divide(byte, unit), mxnum::kInterleavedRows),
      index.remainder(row.back(), mxnum::kInterleavedRows));
  Value target =
      index.add(index.multiply(place, unit), index.remainder(byte, unit));
  storeLanes(builder, loc,
             loadLanes(builder, loc, op.getSource(), row, byte, lanes),
             op.getInits(), group, target);
}

/// Whole units, then single bytes.
void InterleaveLowering::moveUnits(const Range &rows) {
  auto move = [&](Value begin, Value end, int64_t lanes) {
    build({rows.firstRow, rows.endRow, begin, end}, op.getSource(), 1, lanes,
          [&](OpBuilder &inner, ValueRange row, Value byte) {
            moveUnit(inner, op, row, byte, lanes);
          });
  };
  // A range begins with a whole unit.
  Value whole = index.multiply(index.divide(rows.endByte, unit), unit);
  move(rows.firstByte, whole, unit);
  if (unit != 1)
    move(whole, rows.endByte, 1);
}

/// Transposes vectors, as many as each has lanes. A round merges vectors that
/// are half of all apart, lane by lane.
static void transpose(OpBuilder &builder, Location loc,
                      MutableArrayRef<Value> vectors) {
  int64_t count = vectors.size();
  SmallVector<int64_t> low, high;
  for (int64_t lane = 0; lane < count / 2; ++lane) {
    low.append({lane, count + lane});
    high.append({count / 2 + lane, count + count / 2 + lane});
  }
  for (int64_t done = 1; done < count; done *= 2) {
    SmallVector<Value> merged;
    for (int64_t i = 0; i < count / 2; ++i)
      for (ArrayRef<int64_t> lanes : {low, high})
        merged.push_back(vector::ShuffleOp::create(
            builder, loc, vectors[i], vectors[i + count / 2], lanes));
    llvm::copy(merged, vectors.begin());
  }
}

/// 16 bytes of each row of a whole group, whose first is `row`.
void InterleaveLowering::moveChunk(OpBuilder &inner, ValueRange row,
                                   Value byte) {
  IndexBuilder index{inner, loc};
  int64_t lanes = kChunk / unit;
  auto unitsType =
      VectorType::get({lanes}, inner.getIntegerType(unit * kByteBits));
  auto bytesType = VectorType::get({kChunk}, inner.getI8Type());
  SmallVector<Value> group(row.drop_back()), place(row);
  group.push_back(index.divide(row.back(), mxnum::kInterleavedRows));
  Value target = index.multiply(byte, mxnum::kInterleavedRows);
  for (int64_t first = 0; first < mxnum::kInterleavedRows; first += lanes) {
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < lanes; ++i) {
      place.back() = index.add(row.back(), index.constant(first + i));
      Value bytes = loadLanes(inner, loc, op.getSource(), place, byte, kChunk);
      vectors.push_back(
          vector::BitCastOp::create(inner, loc, unitsType, bytes));
    }
    transpose(inner, loc, vectors);
    for (auto [i, units] : llvm::enumerate(vectors)) {
      int64_t offset = (i * mxnum::kInterleavedRows + first) * unit;
      Value bytes = vector::BitCastOp::create(inner, loc, bytesType, units);
      storeLanes(inner, loc, bytes, op.getInits(), group,
                 index.add(target, index.constant(offset)));
    }
  }
}

void InterleaveLowering::lower() {
  Value source = op.getSource(), target = op.getInits();
  int64_t rank = cast<MemRefType>(source.getType()).getRank();
  Value rows = createDim(builder, loc, source, rank - 2);
  Value groups = createDim(builder, loc, target, rank - 2);
  Value bytes = getRowLength(builder, loc, source);
  Value zero = index.constant(0);
  Value wholeGroups = index.divide(rows, mxnum::kInterleavedRows);
  Value wholeRows = index.multiply(wholeGroups, mxnum::kInterleavedRows);
  Value wholeBytes = index.multiply(index.divide(bytes, kChunk), kChunk);
  Value length = getRowLength(builder, loc, target);
  Value end = index.multiply(wholeBytes, mxnum::kInterleavedRows);
  build({zero, wholeRows, zero, wholeBytes}, source, mxnum::kInterleavedRows,
        kChunk, [&](OpBuilder &inner, ValueRange row, Value byte) {
          moveChunk(inner, row, byte);
        });
  fillPadding({zero, wholeGroups, end, length});
  fillPadding({wholeGroups, groups, zero, length});
  moveUnits({zero, wholeRows, wholeBytes, bytes});
  moveUnits({wholeRows, rows, zero, bytes});
}

namespace {

/// mx.packed.interleave  ⇒  loops over groups of rows, then over what is left.
struct LowerInterleaveToLoops : OpRewritePattern<PackedInterleaveOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedInterleaveOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    InterleaveLowering(rewriter, op).lower();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateInterleaveLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerInterleaveToLoops>(patterns.getContext());
}
