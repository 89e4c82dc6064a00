//===- ScaleTileLoops.cpp - tiles of scales as loops ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// 128x4 tiles (N8.5). Four columns of a row that share a tile are neighbours in
// both layouts, so that whole tiles are moved four bytes at a time.
//===----------------------------------------------------------------------===//

#include "ScaleTileLoops.h"
#include "IndexBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"

using namespace mlir;
using namespace mlir::mx;

static int64_t getRank(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getRank();
}

/// [matrix..., row, column]  ⇒  [matrix..., row tile, column tile, memory row]
/// and the byte in it.
static std::pair<SmallVector<Value>, Value>
placeInTiles(IndexBuilder index, ValueRange matrix, Value row, Value column) {
  SmallVector<Value> place(matrix);
  place.push_back(index.divide(row, ScaleTile::rows));
  place.push_back(index.divide(column, ScaleTile::columns));
  place.push_back(index.remainder(row, ScaleTile::memoryRows));
  Value group = index.remainder(index.divide(row, ScaleTile::memoryRows),
                                ScaleTile::groups);
  Value byte = index.add(index.multiply(group, ScaleTile::columns),
                         index.remainder(column, ScaleTile::columns));
  return {place, byte};
}

namespace {

/// mx.packed.untile_scales  ⇒  loops over rows and chunks of four columns.
struct LowerUntileScalesToLoops : OpRewritePattern<PackedUntileScalesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedUntileScalesOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    Value tiles = op.getSource(), scales = op.getInits();
    Value begin = createIndex(rewriter, loc, 0);
    Value end = createDim(rewriter, loc, scales, getRank(scales) - 1);
    auto buildChunk = [&](OpBuilder &inner, ValueRange row, Value column,
                          int64_t lanes) {
      auto [place, byte] =
          placeInTiles({inner, loc}, row.drop_back(), row.back(), column);
      Value bytes = loadLanes(inner, loc, tiles, place, byte, lanes);
      storeLanes(inner, loc, bytes, scales, row, column);
    };
    RowLoops(op, scales)
        .buildChunks(rewriter, begin, end, ScaleTile::columns, buildChunk);
    rewriter.eraseOp(op);
    return success();
  }
};

/// mx.packed.tile_scales  ⇒  loops over the rows of tiles in memory, each of
/// which holds four columns of four rows.
struct LowerTileScalesToLoops : OpRewritePattern<PackedTileScalesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedTileScalesOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    RowLoops(op, op.getInits())
        .build(rewriter, createIndex(rewriter, loc, 0),
               createIndex(rewriter, loc, ScaleTile::groups), 1,
               [&](OpBuilder &inner, ValueRange place, Value group) {
                 buildGroup(inner, op, place, group);
               });
    rewriter.eraseOp(op);
    return success();
  }

  static void buildGroup(OpBuilder &builder, PackedTileScalesOp op,
                         ValueRange place, Value group);
};

} // namespace

/// The byte at `row`, `column` of the scales, or 0 outside of them.
static Value loadOrZero(OpBuilder &builder, Location loc, Value scales,
                        ValueRange row, Value column, Value isRow) {
  IndexBuilder index{builder, loc};
  Value columns = createDim(builder, loc, scales, getRank(scales) - 1);
  Value isInside =
      arith::AndIOp::create(builder, loc, isRow, index.isLess(column, columns));
  auto load = [&](OpBuilder &inner, Location) {
    scf::YieldOp::create(inner, loc,
                         loadLanes(inner, loc, scales, row, column, 1));
  };
  auto zero = [&](OpBuilder &inner, Location) {
    scf::YieldOp::create(
        inner, loc, arith::ConstantIntOp::create(inner, loc, 0, 8).getResult());
  };
  return scf::IfOp::create(builder, loc, isInside, load, zero).getResult(0);
}

/// Fills four bytes of a memory row: at once where all of them are scales, else
/// one by one.
void LowerTileScalesToLoops::buildGroup(OpBuilder &builder,
                                        PackedTileScalesOp op, ValueRange place,
                                        Value group) {
  Location loc = op.getLoc();
  IndexBuilder index{builder, loc};
  Value scales = op.getSource(), tiles = op.getInits();
  int64_t last = getRank(scales) - 1;
  SmallVector<Value> row(place.drop_back(3));
  Value rowInTile =
      index.add(index.multiply(group, ScaleTile::memoryRows), place.back());
  row.push_back(
      index.add(index.multiply(place[last - 1], ScaleTile::rows), rowInTile));
  Value column = index.multiply(place[last], ScaleTile::columns);
  Value byte = index.multiply(group, ScaleTile::columns);
  Value isRow =
      index.isLess(row.back(), createDim(builder, loc, scales, last - 1));
  Value lastColumn = index.add(column, index.constant(ScaleTile::columns - 1));
  Value isWhole = arith::AndIOp::create(
      builder, loc, isRow,
      index.isLess(lastColumn, createDim(builder, loc, scales, last)));
  auto moveWhole = [&](OpBuilder &inner, Location) {
    Value bytes =
        loadLanes(inner, loc, scales, row, column, ScaleTile::columns);
    storeLanes(inner, loc, bytes, tiles, place, byte);
    scf::YieldOp::create(inner, loc);
  };
  auto moveEach = [&](OpBuilder &inner, Location) {
    IndexBuilder index{inner, loc};
    for (int64_t lane = 0; lane < ScaleTile::columns; ++lane) {
      Value offset = index.constant(lane);
      Value scale =
          loadOrZero(inner, loc, scales, row, index.add(column, offset), isRow);
      storeLanes(inner, loc, scale, tiles, place, index.add(byte, offset));
    }
    scf::YieldOp::create(inner, loc);
  };
  scf::IfOp::create(builder, loc, isWhole, moveWhole, moveEach);
}

void mx::populateScaleTileLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerTileScalesToLoops, LowerUntileScalesToLoops>(
      patterns.getContext());
}
