//===- PackLoops.cpp - mx.packed.pack and unpack as loops -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Codes of one byte each to canonical rows and back (N8.1): whole chunks by
// vector operations, then the codes, or bytes, that are left one by one.
//===----------------------------------------------------------------------===//

#include "BlockDecode.h"
#include "IndexBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/PackedCodes.h"
#include "mx/Dialect/MX/IR/MXOps.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int64_t kByteBits = 8;

static int64_t getLastDim(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getRank() - 1;
}

namespace {

/// mx.packed.unpack  ⇒  loops over rows and chunks of codes.
struct LowerUnpackToLoops : OpRewritePattern<PackedUnpackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedUnpackOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    Value source = op.getSource(), target = op.getInits();
    Value begin = createIndex(rewriter, loc, 0);
    Value end = createDim(rewriter, loc, target, getLastDim(target));
    auto buildChunk = [&](OpBuilder &inner, ValueRange row, Value k,
                          int64_t lanes) {
      Value codes = loadCodes(inner, loc, source, op.getBits(), row, k, lanes);
      storeLanes(inner, loc, codes, target, row, k);
    };
    RowLoops(op, target)
        .buildChunks(rewriter, begin, end, kMaxChunk, buildChunk);
    rewriter.eraseOp(op);
    return success();
  }
};

/// mx.packed.pack  ⇒  loops over rows, chunks of codes, and the bytes that the
/// last codes fill.
struct LowerPackToLoops : OpRewritePattern<PackedPackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedPackOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    buildLoops(rewriter, op);
    rewriter.eraseOp(op);
    return success();
  }

  static void buildLoops(OpBuilder &builder, PackedPackOp op);
};

} // namespace

/// Byte `byte` of a row of `count` codes: at most two codes have bits in it,
/// and one past the end counts as 0.
static Value packByte(OpBuilder &builder, Location loc, PackedPackOp op,
                      ValueRange row, Value byte, Value count) {
  int64_t bits = op.getBits();
  IndexBuilder index{builder, loc};
  LaneBuilder lanes(builder, loc, builder.getI32Type());
  auto loadCode = [&](Value k) {
    Value code = loadLanes(builder, loc, op.getSource(), row, k, 1);
    return lanes.bitAnd(lanes.resize(32, code), lanes.bits((1u << bits) - 1));
  };
  auto asShift = [&](Value bit) {
    return arith::IndexCastUIOp::create(builder, loc, builder.getI32Type(),
                                        bit);
  };
  Value firstBit = index.multiply(byte, kByteBits);
  Value first = index.divide(firstBit, bits);
  Value last =
      index.divide(index.add(firstBit, index.constant(kByteBits - 1)), bits);
  Value low = lanes.shiftRight(
      loadCode(first),
      asShift(index.subtract(firstBit, index.multiply(first, bits))));
  if (bits == kByteBits)
    return lanes.resize(8, low);
  Value isInside = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ult, last, count);
  Value safe = arith::SelectOp::create(builder, loc, isInside, last, first);
  Value code = arith::SelectOp::create(builder, loc, isInside, loadCode(safe),
                                       lanes.bits(0));
  Value high = lanes.shiftLeft(
      code, asShift(index.subtract(index.multiply(last, bits), firstBit)));
  return lanes.resize(8, lanes.bitOr(low, high));
}

void LowerPackToLoops::buildLoops(OpBuilder &builder, PackedPackOp op) {
  Location loc = op.getLoc();
  int64_t bits = op.getBits(), chunkBytes = kMaxChunk * bits / kByteBits;
  IndexBuilder index{builder, loc};
  Value zero = index.constant(0);
  Value count =
      createDim(builder, loc, op.getSource(), getLastDim(op.getSource()));
  Value chunks = index.divide(count, kMaxChunk);
  RowLoops loops(op, op.getSource());
  auto buildChunk = [&](OpBuilder &inner, ValueRange row, Value chunk) {
    IndexBuilder index{inner, loc};
    Value codes = loadLanes(inner, loc, op.getSource(), row,
                            index.multiply(chunk, kMaxChunk), kMaxChunk);
    LaneBuilder lanes(inner, loc, codes);
    codes = lanes.bitAnd(codes, lanes.constant(8, (1u << bits) - 1));
    storeLanes(inner, loc, packLanes(inner, loc, codes, bits), op.getInits(),
               row, index.multiply(chunk, chunkBytes));
  };
  loops.build(builder, zero, chunks, 1, buildChunk);
  // Bytes of the whole row: the bits, rounded up.
  Value bytes = index.divide(
      index.add(index.multiply(count, bits), index.constant(kByteBits - 1)),
      kByteBits);
  auto buildByte = [&](OpBuilder &inner, ValueRange row, Value byte) {
    storeLanes(inner, loc, packByte(inner, loc, op, row, byte, count),
               op.getInits(), row, byte);
  };
  loops.build(builder, index.multiply(chunks, chunkBytes), bytes, 1, buildByte);
}

void mx::populatePackLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerPackToLoops, LowerUnpackToLoops>(patterns.getContext());
}
