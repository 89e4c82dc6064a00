//===- MXLayoutOps.cpp - operations on layouts of scales ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the operations require, and constants, which lib/Numerics moves.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MXLayoutOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

#define GET_OP_CLASSES
#include "mx/Dialect/MX/IR/MXLayoutOps.cpp.inc"

SmallVector<int64_t> mx::getScaleTilesShape(ArrayRef<int64_t> shape) {
  auto divide = [](int64_t size, int64_t divisor) {
    return ShapedType::isDynamic(size) ? size
                                       : llvm::divideCeilSigned(size, divisor);
  };
  SmallVector<int64_t> tiles(shape.drop_back(2));
  tiles.push_back(divide(shape[shape.size() - 2], ScaleTile::rows));
  tiles.push_back(divide(shape.back(), ScaleTile::columns));
  tiles.append({ScaleTile::memoryRows, ScaleTile::rowBytes});
  return tiles;
}

LogicalResult mx::verifyScaleTiles(Operation *op, ShapedType scales,
                                   ShapedType tiles) {
  if (scales.getRank() < 2)
    return op->emitOpError("expected scales of rank 2 or more, got ") << scales;
  if (scales.getElementType() == tiles.getElementType() &&
      succeeded(verifyCompatibleShape(tiles.getShape(),
                                      getScaleTilesShape(scales.getShape()))))
    return success();
  return op->emitOpError("expected 128x4 tiles that fit ")
         << scales << ", got " << tiles;
}

LogicalResult TileScalesOp::verify() {
  return verifyScaleTiles(*this, cast<ShapedType>(getSource().getType()),
                          cast<ShapedType>(getResult().getType()));
}

LogicalResult UntileScalesOp::verify() {
  auto scales = cast<ShapedType>(getResult().getType());
  if (failed(verifyScaleTiles(*this, scales,
                              cast<ShapedType>(getSource().getType()))))
    return failure();
  size_t dynamic =
      llvm::count_if(scales.getShape().take_back(2), ShapedType::isDynamic);
  if (getSizes().size() == dynamic)
    return success();
  return emitOpError("expected a size for each of the last two dimensions that "
                     "is dynamic ('")
         << dynamic << "'), got '" << getSizes().size() << "'";
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Moves the bytes of each matrix between scales of type `scales` and tiles.
/// `from` and `to` are bytes of one and of the other.
template <typename Move>
static void moveMatrices(ShapedType scales, Move move) {
  ArrayRef<int64_t> shape = scales.getShape();
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  int64_t tileBytes = mxnum::getScaleTileBytes(rows, columns);
  int64_t count = ShapedType::getNumElements(shape.drop_back(2));
  for (int64_t index = 0; index < count; ++index)
    move(index * rows * columns, index * tileBytes, rows, columns);
}

OpFoldResult TileScalesOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getResult().getType());
  auto scales = cast<RankedTensorType>(getSource().getType());
  auto bytes = getBytes(adaptor.getSource());
  if (!bytes || !type.hasStaticShape() || !isFoldable(type.getShape()))
    return {};
  std::vector<uint8_t> tiles(type.getNumElements());
  moveMatrices(scales,
               [&](int64_t from, int64_t to, int64_t rows, int64_t columns) {
                 mxnum::scalesToTiles(bytes->data() + from, rows, columns,
                                      tiles.data() + to);
               });
  return createBytes(type, tiles, "mx_scales");
}

OpFoldResult UntileScalesOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getResult().getType());
  // What was tiled is there still.
  auto tile = getSource().getDefiningOp<TileScalesOp>();
  if (tile && tile.getSource().getType() == type && type.hasStaticShape() &&
      tile.getSource() != getResult())
    return tile.getSource();
  auto bytes = getBytes(adaptor.getSource());
  if (!bytes || !type.hasStaticShape() || !isFoldable(type.getShape()))
    return {};
  std::vector<uint8_t> scales(type.getNumElements());
  moveMatrices(type,
               [&](int64_t to, int64_t from, int64_t rows, int64_t columns) {
                 mxnum::scalesFromTiles(bytes->data() + from, rows, columns,
                                        scales.data() + to);
               });
  return createBytes(type, scales, "mx_scales");
}
