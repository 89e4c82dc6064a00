//===- PackedParts.cpp - the parts of a value being packed ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Pack/PackedParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

PackedParts PackedParts::fromValues(BlockTensorType type, ValueRange values) {
  PackedParts parts{values[0], values[1], {}, {}};
  size_t next = 2;
  if (type.getFormat().getTensorScale())
    parts.tensorScale = values[next++];
  if (type.isDynamicDim(type.getRank() - 1))
    parts.size = values[next];
  return parts;
}

SmallVector<Value> PackedParts::toValues() const {
  SmallVector<Value> values{payload, scales};
  if (tensorScale)
    values.push_back(tensorScale);
  if (size)
    values.push_back(size);
  return values;
}

SmallVector<Type> mlir::mx::getPartTypes(BlockTensorType type, bool withSize) {
  SmallVector<Type> types{type.getPackedPayloadType(),
                          type.getPackedScalesType()};
  if (type.getFormat().getTensorScale())
    types.push_back(type.getTensorScaleType());
  if (withSize && type.isDynamicDim(type.getRank() - 1))
    types.push_back(IndexType::get(type.getContext()));
  return types;
}

SmallVector<OpFoldResult> mlir::mx::getMixedSizes(OpBuilder &builder,
                                                  Location loc,
                                                  BlockTensorType type,
                                                  const PackedParts &parts) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, parts.payload);
  if (parts.size)
    sizes.back() = parts.size;
  else
    sizes.back() = builder.getIndexAttr(type.getShape().back());
  return sizes;
}

OpFoldResult mlir::mx::createScaledSize(OpBuilder &builder, Location loc,
                                        OpFoldResult size, int64_t multiplier,
                                        int64_t divisor) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return builder.getIndexAttr(
        llvm::divideCeilSigned(*constant * multiplier, divisor));
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value result = cast<Value>(size);
  if (multiplier != 1)
    result = arith::MulIOp::create(builder, loc, result, index(multiplier));
  result = arith::AddIOp::create(builder, loc, result, index(divisor - 1));
  return arith::DivUIOp::create(builder, loc, result, index(divisor))
      .getResult();
}

static Value createEmptyBytes(OpBuilder &builder, Location loc,
                              ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(builder, loc, sizes, builder.getI8Type());
}

/// The sizes of a row-packed tensor of `bits`-bit codes (N8.1).
static SmallVector<OpFoldResult> getByteSizes(OpBuilder &builder, Location loc,
                                              ArrayRef<OpFoldResult> sizes,
                                              unsigned bits) {
  SmallVector<OpFoldResult> bytes(sizes);
  bytes.back() = createScaledSize(builder, loc, sizes.back(), bits, 8);
  return bytes;
}

PackedParts mlir::mx::createEmptyParts(OpBuilder &builder, Location loc,
                                       BlockTensorType type,
                                       ArrayRef<OpFoldResult> sizes) {
  PackedParts parts;
  FormatAttr format = type.getFormat();
  parts.payload =
      castTo(builder, loc,
             createEmptyBytes(
                 builder, loc,
                 getByteSizes(builder, loc, sizes, format.getElementBits())),
             type.getPackedPayloadType());
  SmallVector<OpFoldResult> scaleSizes(sizes);
  scaleSizes[type.getAxis()] = createScaledSize(
      builder, loc, sizes[type.getAxis()], 1, format.getBlock());
  parts.scales =
      castTo(builder, loc, createEmptyBytes(builder, loc, scaleSizes),
             type.getPackedScalesType());
  if (type.isDynamicDim(type.getRank() - 1))
    parts.size = getValueOrCreateConstantIndexOp(builder, loc, sizes.back());
  return parts;
}

Value mlir::mx::transposeTensor(OpBuilder &builder, Location loc, Value source,
                                ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, source);
  SmallVector<OpFoldResult> permuted;
  for (int64_t dim : permutation)
    permuted.push_back(sizes[dim]);
  Value init =
      tensor::EmptyOp::create(builder, loc, permuted, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, source, init, permutation)
      ->getResult(0);
}

std::pair<BlockTensorType, PackedParts>
mlir::mx::transposeParts(OpBuilder &builder, Location loc, BlockTensorType type,
                         const PackedParts &parts,
                         ArrayRef<int64_t> permutation) {
  SmallVector<OpFoldResult> sizes = getMixedSizes(builder, loc, type, parts);
  SmallVector<int64_t> shape;
  int64_t axis = 0;
  for (auto [position, dim] : llvm::enumerate(permutation)) {
    shape.push_back(type.getShape()[dim]);
    if (dim == type.getAxis())
      axis = position;
  }
  BlockTensorType resultType = type.cloneWith(shape, axis);
  unsigned bits = type.getFormat().getElementBits();
  bool repack = permutation.back() != type.getRank() - 1 && bits != 8;

  PackedParts result = parts;
  Value codes = repack ? unpackCodes(builder, loc, parts.payload, sizes, bits)
                       : parts.payload;
  codes = transposeTensor(builder, loc, codes, permutation);
  result.payload = castTo(builder, loc,
                          repack ? packCodes(builder, loc, codes, bits) : codes,
                          resultType.getPackedPayloadType());
  result.scales = castTo(
      builder, loc, transposeTensor(builder, loc, parts.scales, permutation),
      resultType.getPackedScalesType());
  result.size = {};
  if (resultType.isDynamicDim(resultType.getRank() - 1))
    result.size = getValueOrCreateConstantIndexOp(builder, loc,
                                                  sizes[permutation.back()]);
  return {resultType, result};
}

SmallVector<int64_t> mlir::mx::getAxisToEnd(int64_t rank, int64_t axis) {
  SmallVector<int64_t> permutation;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis)
      permutation.push_back(dim);
  permutation.push_back(axis);
  return permutation;
}

SmallVector<int64_t> mlir::mx::getEndToAxis(int64_t rank, int64_t axis) {
  return invertPermutationVector(getAxisToEnd(rank, axis));
}

Value mlir::mx::castTo(OpBuilder &builder, Location loc, Value value,
                       RankedTensorType type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(builder, loc, type, value);
}

Value mlir::mx::packCodes(OpBuilder &builder, Location loc, Value codes,
                          unsigned bits) {
  if (bits == 8)
    return codes;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, codes);
  Value init =
      createEmptyBytes(builder, loc, getByteSizes(builder, loc, sizes, bits));
  return PackedPackOp::create(builder, loc, TypeRange{init.getType()}, codes,
                              init, builder.getI64IntegerAttr(bits), {})
      ->getResult(0);
}

Value mlir::mx::unpackCodes(OpBuilder &builder, Location loc, Value bytes,
                            ArrayRef<OpFoldResult> sizes, unsigned bits) {
  if (bits == 8)
    return bytes;
  Value init = createEmptyBytes(builder, loc, sizes);
  return PackedUnpackOp::create(builder, loc, TypeRange{init.getType()}, bytes,
                                init, builder.getI64IntegerAttr(bits), {})
      ->getResult(0);
}
