//===- DequantizeLoops.cpp - mx.packed.dequantize as loops ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   for each row
//     for each chunk of the row, then for each element that is left
//       destination = round(element · block scale · tensor scale)
//
// N1.7 rounds once. Without a tensor scale the f32 product is exact (or an
// infinity, which every result type shares). With one it is formed in f64,
// where 4 + 4 + 24 significant bits always fit; or in f32, where the last
// factor is the one that rounds.
//===----------------------------------------------------------------------===//

#include "BlockDecode.h"
#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Conversion/HardwareKernel.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Dialect/MX/IR/MXOps.h"

using namespace mlir;
using namespace mlir::mx;

static Value extendToF64(OpBuilder &builder, Location loc, Value value) {
  Type type = builder.getF64Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(type);
  return arith::ExtFOp::create(builder, loc, type, value);
}

/// Whether an element times its scale is an f32 without overflow or loss, so
/// that a product with a tensor scale rounds once. E8M0 scales reach further
/// than f32.
static bool isLastProductOnly(FormatAttr format, FloatType type) {
  return type.isF32() && format.getScale() == mxnum::ScaleType::UE4M3;
}

/// The values `k` … `k + lanes - 1` of a row, rounded to `type` (N1.7).
/// `tensorScale` is an f64, or an f32 if no other product rounds, or null.
static Value decodeValues(OpBuilder &builder, Location loc,
                          const RowReader &reader, ValueRange row, Value k,
                          int64_t lanes, Value tensorScale, FloatType type) {
  if (!tensorScale)
    return narrowFromF32(builder, loc, reader.read(builder, loc, row, k, lanes),
                         type);
  if (tensorScale.getType().isF32())
    return arith::MulFOp::create(builder, loc,
                                 reader.read(builder, loc, row, k, lanes),
                                 splat(builder, loc, tensorScale, lanes));
  auto [elements, scale] = reader.readParts(builder, loc, row, k, lanes);
  Value factor = arith::MulFOp::create(
      builder, loc, extendToF64(builder, loc, scale), tensorScale);
  Value product =
      arith::MulFOp::create(builder, loc, extendToF64(builder, loc, elements),
                            splat(builder, loc, factor, lanes));
  return narrowFromF64(builder, loc, product, type);
}

namespace {

/// mx.packed.dequantize  ⇒  loops over rows and chunks.
struct LowerDequantizeToLoops : OpRewritePattern<PackedDequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedDequantizeOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    InvariantScalar tensorScale(rewriter, op, op.getTensorScale());
    Value target = op.getInits();
    auto type = cast<MemRefType>(target.getType());
    RowReader reader({op.getPayload(), op.getScales()}, op.getFormat(),
                     isByHardware(op));
    Value begin = createIndex(rewriter, loc, 0);
    Value end = createDim(rewriter, loc, target, type.getRank() - 1);
    auto buildChunk = [&](OpBuilder &inner, ValueRange row, Value k,
                          int64_t lanes) {
      auto number = cast<FloatType>(type.getElementType());
      Value scale = tensorScale.get(inner);
      if (scale && !isLastProductOnly(op.getFormat(), number))
        scale = extendToF64(inner, loc, scale);
      Value values =
          decodeValues(inner, loc, reader, row, k, lanes, scale, number);
      storeLanes(inner, loc, values, target, row, k);
    };
    RowLoops(op, target)
        .buildChunks(rewriter, begin, end, reader.getChunk(), buildChunk);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateDequantizeLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerDequantizeToLoops>(patterns.getContext());
}
