//===- PackScaleTiles.cpp - tiles of scales as bytes ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mx.tile_scales and mx.untile_scales become packed operations on bytes, whose
// destinations have the sizes that must agree.
//===----------------------------------------------------------------------===//

#include "Pack/PackLayouts.h"
#include "Pack/SizeChecks.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"

using namespace mlir;
using namespace mlir::mx;

using Sizes = SmallVector<OpFoldResult>;

/// The sizes of the tiles for scales of these sizes.
static Sizes getTileSizes(OpBuilder &builder, Location loc,
                          ArrayRef<OpFoldResult> scales) {
  Sizes tiles(scales.drop_back(2));
  auto divide = [&](OpFoldResult size, int64_t divisor) {
    tiles.push_back(createScaledSize(builder, loc, size, 1, divisor));
  };
  divide(scales[scales.size() - 2], ScaleTile::rows);
  divide(scales.back(), ScaleTile::columns);
  tiles.push_back(builder.getIndexAttr(ScaleTile::memoryRows));
  tiles.push_back(builder.getIndexAttr(ScaleTile::rowBytes));
  return tiles;
}

static Value createEmpty(OpBuilder &builder, Location loc,
                         ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(builder, loc, sizes, builder.getI8Type());
}

/// `value`, bytes, as the result type of the graph operation.
static Value castResult(OpBuilder &builder, Location loc, Value value,
                        Type type) {
  auto result = cast<RankedTensorType>(type);
  value = castChecked(builder, loc, value, result.clone(builder.getI8Type()),
                      "scales");
  return castElements(builder, loc, value, result.getElementType());
}

namespace {

struct PackTileScales : public OpConversionPattern<TileScalesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TileScalesOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value scales = castElements(rewriter, loc, adaptor.getSource().front(),
                                rewriter.getI8Type());
    Value init =
        createEmpty(rewriter, loc,
                    getTileSizes(rewriter, loc,
                                 tensor::getMixedSizes(rewriter, loc, scales)));
    Value tiles =
        PackedTileScalesOp::create(rewriter, loc, TypeRange{init.getType()},
                                   scales, init, StringAttr())
            ->getResult(0);
    rewriter.replaceOp(op, castResult(rewriter, loc, tiles, op.getType()));
    return success();
  }
};

struct PackUntileScales : public OpConversionPattern<UntileScalesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(UntileScalesOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value tiles = castElements(rewriter, loc, adaptor.getSource().front(),
                               rewriter.getI8Type());
    Sizes got = tensor::getMixedSizes(rewriter, loc, tiles);
    Sizes sizes(ArrayRef<OpFoldResult>(got).drop_back(4));
    auto type = cast<RankedTensorType>(op.getType());
    ArrayRef<ValueRange> dynamic = adaptor.getSizes();
    for (int64_t size : type.getShape().take_back(2)) {
      if (!ShapedType::isDynamic(size)) {
        sizes.push_back(rewriter.getIndexAttr(size));
        continue;
      }
      sizes.push_back(dynamic.front().front());
      dynamic = dynamic.drop_front();
    }
    for (auto [size, expected] :
         llvm::zip(got, getTileSizes(rewriter, loc, sizes)))
      checkSizes(rewriter, loc, size, expected,
                 "the sizes of scales and their tiles");
    Value init = createEmpty(rewriter, loc, sizes);
    Value scales =
        PackedUntileScalesOp::create(rewriter, loc, TypeRange{init.getType()},
                                     tiles, init, StringAttr())
            ->getResult(0);
    rewriter.replaceOp(op, castResult(rewriter, loc, scales, type));
    return success();
  }
};

} // namespace

void mlir::mx::populatePackScaleTilesPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<PackTileScales, PackUntileScales>(converter,
                                                 patterns.getContext());
}
