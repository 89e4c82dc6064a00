//===- InterleaveLoops.cpp - mx.packed.interleave as loops ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of weights that are known at run time only (N8.7). The destination is
// filled with padding, then each row brings its bytes to their places, a unit
// at a time. A group of rows is small enough for a cache.
//===----------------------------------------------------------------------===//

#include "IndexBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mlir;
using namespace mlir::mx;

/// Bytes that are filled at once: a cache line.
static constexpr int64_t kLine = 64;

static Value getRowLength(OpBuilder &builder, Location loc, Value buffer) {
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  return createDim(builder, loc, buffer, rank - 1);
}

static void fillWithPadding(OpBuilder &builder, PackedInterleaveOp op) {
  Location loc = op.getLoc();
  Value padding = arith::ConstantOp::create(builder, loc, op.getPaddingAttr());
  auto buildChunk = [&](OpBuilder &inner, ValueRange row, Value byte,
                        int64_t lanes) {
    storeLanes(inner, loc, splat(inner, loc, padding, lanes), op.getInits(),
               row, byte);
  };
  RowLoops(op, op.getInits())
      .buildChunks(builder, createIndex(builder, loc, 0),
                   getRowLength(builder, loc, op.getInits()), kLine,
                   buildChunk);
}

/// The bytes from `byte` on, of one unit, to where N8.7 says.
static void moveBytes(OpBuilder &builder, PackedInterleaveOp op, ValueRange row,
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

namespace {

/// mx.packed.interleave  ⇒  loops over the rows of the source.
struct LowerInterleaveToLoops : OpRewritePattern<PackedInterleaveOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedInterleaveOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    fillWithPadding(rewriter, op);
    RowLoops(op, op.getSource())
        .buildChunks(
            rewriter, createIndex(rewriter, loc, 0),
            getRowLength(rewriter, loc, op.getSource()), op.getUnit(),
            [&](OpBuilder &inner, ValueRange row, Value byte, int64_t lanes) {
              moveBytes(inner, op, row, byte, lanes);
            });
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateInterleaveLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerInterleaveToLoops>(patterns.getContext());
}
