//===- PackGraphOps.cpp - graph operations on packed parts ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One pattern for each graph operation but the products (PackProducts.cpp).
// Packed operations know one orientation only, the blocked axis last; others
// are transposed around it, which is slow and correct.
//===----------------------------------------------------------------------===//

#include "Pack/PackLayouts.h"
#include "Pack/SizeChecks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/IR/MXOps.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Making and taking apart
//===----------------------------------------------------------------------===//

Value mlir::mx::castElements(OpBuilder &builder, Location loc, Value value,
                             Type elementType) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == elementType)
    return value;
  return UnrealizedConversionCastOp::create(builder, loc,
                                            type.clone(elementType), value)
      .getResult(0);
}

/// Number of whole codes in a row of bytes (mx.bundle's rule).
static Value createCodeCount(OpBuilder &builder, Location loc, Value bytes,
                             unsigned bits) {
  int64_t last = cast<RankedTensorType>(bytes.getType()).getRank() - 1;
  Value size = tensor::DimOp::create(builder, loc, bytes, last);
  if (bits == 8)
    return size;
  Value eight = arith::ConstantIndexOp::create(builder, loc, 8);
  Value width = arith::ConstantIndexOp::create(builder, loc, bits);
  Value total = arith::MulIOp::create(builder, loc, size, eight);
  return arith::DivUIOp::create(builder, loc, total, width);
}

/// Ends the program unless there is one scale for each block (N1.6).
static void checkScales(OpBuilder &builder, Location loc, BlockTensorType type,
                        const PackedParts &parts) {
  SmallVector<OpFoldResult> sizes = getMixedSizes(builder, loc, type, parts);
  sizes[type.getAxis()] = createScaledSize(builder, loc, sizes[type.getAxis()],
                                           1, type.getFormat().getBlock());
  for (auto [scales, expected] :
       llvm::zip(tensor::getMixedSizes(builder, loc, parts.scales), sizes))
    checkSizes(builder, loc, scales, expected,
               "the sizes of payload and scales");
}

namespace {

struct PackBundle : public OpConversionPattern<BundleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(BundleOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BlockTensorType type = op.getResult().getType();
    unsigned bits = type.getFormat().getElementBits();
    int64_t last = type.getRank() - 1;
    Type byte = rewriter.getI8Type();
    Value payload = adaptor.getPayload().front();
    bool isBytes =
        cast<RankedTensorType>(payload.getType()).getElementType().isInteger(8);
    PackedParts parts;
    if (type.isDynamicDim(last))
      parts.size =
          isBytes
              ? createCodeCount(rewriter, loc, payload, bits)
              : tensor::DimOp::create(rewriter, loc, payload, last).getResult();
    // Elements are compared before packing: bytes hide the last of them.
    if (!isBytes) {
      payload = castChecked(rewriter, loc, payload, type.getPayloadType(),
                            "the payload");
      payload = packCodes(rewriter, loc,
                          castElements(rewriter, loc, payload, byte), bits);
    }
    parts.payload = castChecked(rewriter, loc, payload,
                                type.getPackedPayloadType(), "the payload");
    parts.scales = castChecked(
        rewriter, loc,
        castElements(rewriter, loc, adaptor.getScales().front(), byte),
        type.getPackedScalesType(), "the scales");
    checkScales(rewriter, loc, type, parts);
    if (op.getTensorScale())
      parts.tensorScale = adaptor.getTensorScale().front();
    rewriter.replaceOpWithMultiple(op, {parts.toValues()});
    return success();
  }
};

/// Ends the program if a value that goes to another function of the program
/// would come out there with another size: bytes tell whole codes only. What a
/// public function returns goes to a caller that knows the size.
void checkBoundary(OpBuilder &builder, UnbundleOp op,
                   const PackedParts &parts) {
  bool leavesProgram = llvm::all_of(op->getUsers(), [](Operation *user) {
    auto function = user->getParentOfType<func::FuncOp>();
    return isa<func::ReturnOp>(user) && function.isPublic();
  });
  if (!op->hasAttr(boundaryAttr) || leavesProgram || !parts.size)
    return;
  unsigned bits = op.getSource().getType().getFormat().getElementBits();
  checkSizes(builder, op.getLoc(),
             createCodeCount(builder, op.getLoc(), parts.payload, bits),
             parts.size,
             "the dynamic last size of a value passed to a function and its "
             "whole bytes");
}

struct PackUnbundle : public OpConversionPattern<UnbundleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(UnbundleOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BlockTensorType type = op.getSource().getType();
    PackedParts parts = PackedParts::fromValues(type, adaptor.getSource());
    checkBoundary(rewriter, op, parts);
    auto payloadType = cast<RankedTensorType>(op.getPayload().getType());
    auto scalesType = cast<RankedTensorType>(op.getScales().getType());
    Value payload = parts.payload;
    if (!payloadType.getElementType().isInteger(8))
      payload =
          castElements(rewriter, loc,
                       unpackCodes(rewriter, loc, payload,
                                   getMixedSizes(rewriter, loc, type, parts),
                                   type.getFormat().getElementBits()),
                       payloadType.getElementType());
    Value scales =
        castElements(rewriter, loc, parts.scales, scalesType.getElementType());
    SmallVector<Value> results{
        castChecked(rewriter, loc, payload, payloadType, "the payload"),
        castChecked(rewriter, loc, scales, scalesType, "the scales")};
    if (op.getTensorScale())
      results.push_back(parts.tensorScale);
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct PackConstant : public OpConversionPattern<ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConstantOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BlockTensorType type = op.getResult().getType();
    BlockElementsAttr value = op.getValue();
    PackedParts parts;
    parts.payload = arith::ConstantOp::create(
        rewriter, loc, cast<TypedAttr>(value.getPayload()));
    parts.scales = arith::ConstantOp::create(
        rewriter, loc, cast<TypedAttr>(value.getScales()));
    if (FloatAttr tensorScale = value.getTensorScale())
      parts.tensorScale = arith::ConstantOp::create(
          rewriter, loc,
          DenseElementsAttr::get(type.getTensorScaleType(),
                                 tensorScale.getValue()));
    rewriter.replaceOpWithMultiple(op, {parts.toValues()});
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Encoding and decoding
//===----------------------------------------------------------------------===//

/// A scalar tensor to be written by `create`.
Value createEmptyScalar(OpBuilder &builder, Location loc) {
  return tensor::EmptyOp::create(builder, loc, ArrayRef<OpFoldResult>{},
                                 builder.getF32Type());
}

struct PackQuantize : public OpConversionPattern<QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(QuantizeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BlockTensorType type = op.getResult().getType();
    int64_t rank = type.getRank(), axis = type.getAxis();
    SmallVector<int64_t> toEnd = getAxisToEnd(rank, axis);
    Value source = adaptor.getSource().front();
    source = castChecked(
        rewriter, loc, source,
        cast<RankedTensorType>(source.getType()).clone(type.getShape()),
        "the source");
    if (!type.isLastAxisBlocked())
      source = transposeTensor(rewriter, loc, source, toEnd);
    HadamardAttr rotation =
        op.getRotate() ? type.getRotation() : HadamardAttr();
    if (rotation)
      checkMultiple(rewriter, loc,
                    tensor::getMixedSize(rewriter, loc, source, rank - 1),
                    rotation.getSize(), "the rotated axis");
    if (rotation && !PackedQuantizeOp::canRotate(type.getFormat(), rotation)) {
      source = rotate(rewriter, loc, source, rotation);
      rotation = {};
    }
    Value tensorScale =
        createTensorScale(rewriter, op, adaptor, source, rotation);

    SmallVector<int64_t> shape;
    for (int64_t dim : toEnd)
      shape.push_back(type.getShape()[dim]);
    BlockTensorType packedType = type.cloneWith(shape, rank - 1);
    PackedParts parts =
        createEmptyParts(rewriter, loc, packedType,
                         tensor::getMixedSizes(rewriter, loc, source));
    auto quantize = PackedQuantizeOp::create(
        rewriter, loc,
        TypeRange{parts.payload.getType(), parts.scales.getType()}, source,
        tensorScale, op.getSeed() ? adaptor.getSeed().front() : Value(),
        ValueRange{parts.payload, parts.scales}, type.getFormat(),
        op.getScaleRuleAttr(), op.getRoundingAttr(), op.getRandomBitsAttr(),
        rewriter.getI64IntegerAttr(axis), op.getSatfiniteAttr(), rotation,
        op.getKernelAttr());
    parts.payload = quantize.getResult(0);
    parts.scales = quantize.getResult(1);
    parts.tensorScale = tensorScale;
    if (!type.isLastAxisBlocked())
      parts = transposeParts(rewriter, loc, packedType, parts,
                             getEndToAxis(rank, axis))
                  .second;
    rewriter.replaceOpWithMultiple(op, {parts.toValues()});
    return success();
  }

  /// Rotates in f32, as a step of its own: quantisation does not round in
  /// between.
  static Value rotate(OpBuilder &builder, Location loc, Value source,
                      HadamardAttr rotation) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, loc, source);
    Value init =
        tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
    return PackedRotateOp::create(builder, loc, TypeRange{init.getType()},
                                  source, init, rotation, UnitAttr(),
                                  builder.getStringAttr("rotate_emulated"))
        ->getResult(0);
  }

  /// The given tensor scale, or the one computed from the data (N4.1, N3.4).
  static Value createTensorScale(OpBuilder &builder, QuantizeOp op,
                                 OneToNOpAdaptor adaptor, Value source,
                                 HadamardAttr rotation) {
    FormatAttr format = op.getResult().getType().getFormat();
    if (op.getTensorScale())
      return adaptor.getTensorScale().front();
    if (!format.getTensorScale())
      return {};
    Value init = createEmptyScalar(builder, op.getLoc());
    return PackedTensorScaleOp::create(
               builder, op.getLoc(), TypeRange{init.getType()}, source, init,
               format, op.getScaleRuleAttr(), op.getRoundingAttr(),
               op.getSatfiniteAttr(), rotation, op.getKernelAttr())
        ->getResult(0);
  }
};

struct PackDequantize : public OpConversionPattern<DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DequantizeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BlockTensorType type = op.getSource().getType();
    auto resultType = cast<RankedTensorType>(op.getResult().getType());
    int64_t rank = type.getRank(), axis = type.getAxis();
    PackedParts parts = PackedParts::fromValues(type, adaptor.getSource());
    BlockTensorType packedType = type;
    if (!type.isLastAxisBlocked())
      std::tie(packedType, parts) =
          transposeParts(rewriter, loc, type, parts, getAxisToEnd(rank, axis));
    Value init = tensor::EmptyOp::create(
        rewriter, loc, getMixedSizes(rewriter, loc, packedType, parts),
        resultType.getElementType());
    Value result = PackedDequantizeOp::create(
                       rewriter, loc, TypeRange{init.getType()}, parts.payload,
                       parts.scales, parts.tensorScale, init, type.getFormat(),
                       op.getKernelAttr())
                       ->getResult(0);
    if (!type.isLastAxisBlocked())
      result = transposeTensor(rewriter, loc, result, getEndToAxis(rank, axis));
    rewriter.replaceOp(
        op, castChecked(rewriter, loc, result, resultType, "the result"));
    return success();
  }
};

struct PackRotate : public OpConversionPattern<RotateOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RotateOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value source = adaptor.getSource().front();
    auto type = cast<RankedTensorType>(source.getType());
    int64_t rank = type.getRank(), axis = op.getAxis();
    bool isLast = axis == rank - 1;
    if (!isLast)
      source = transposeTensor(rewriter, loc, source, getAxisToEnd(rank, axis));
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, source);
    checkMultiple(rewriter, loc, sizes.back(), op.getRotation().getSize(),
                  "the rotated axis");
    Value init =
        tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
    Value result =
        PackedRotateOp::create(rewriter, loc, TypeRange{init.getType()}, source,
                               init, op.getRotation(), op.getInverseAttr(),
                               op.getKernelAttr())
            ->getResult(0);
    if (!isLast)
      result = transposeTensor(rewriter, loc, result, getEndToAxis(rank, axis));
    rewriter.replaceOp(op, castTo(rewriter, loc, result, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

struct PackTranspose : public OpConversionPattern<TransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TransposeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockTensorType type = op.getSource().getType();
    PackedParts parts = PackedParts::fromValues(type, adaptor.getSource());
    parts =
        transposeParts(rewriter, op.getLoc(), type, parts, op.getPermutation())
            .second;
    rewriter.replaceOpWithMultiple(op, {parts.toValues()});
    return success();
  }
};

/// Regroups the leading dimensions of a static tensor by way of a matrix.
Value regroupRows(OpBuilder &builder, Location loc, Value source,
                  RankedTensorType resultType) {
  auto type = cast<RankedTensorType>(source.getType());
  auto getGroups = [](int64_t rank) {
    SmallVector<ReassociationIndices> groups(2);
    for (int64_t dim = 0; dim < rank - 1; ++dim)
      groups[0].push_back(dim);
    groups[1].push_back(rank - 1);
    return groups;
  };
  if (type.getRank() == 1)
    source = tensor::ExpandShapeOp::create(
        builder, loc, type.clone({1, type.getDimSize(0)}), source,
        ArrayRef<ReassociationIndices>{{0, 1}});
  else if (type.getRank() > 2)
    source = tensor::CollapseShapeOp::create(builder, loc, source,
                                             getGroups(type.getRank()));
  if (resultType.getRank() == 1)
    return tensor::CollapseShapeOp::create(
        builder, loc, source, ArrayRef<ReassociationIndices>{{0, 1}});
  if (resultType.getRank() == 2)
    return source;
  return tensor::ExpandShapeOp::create(builder, loc, resultType, source,
                                       getGroups(resultType.getRank()));
}

struct PackReshape : public OpConversionPattern<ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ReshapeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockTensorType type = op.getResult().getType();
    PackedParts parts =
        PackedParts::fromValues(op.getSource().getType(), adaptor.getSource());
    parts.payload = regroupRows(rewriter, op.getLoc(), parts.payload,
                                type.getPackedPayloadType());
    parts.scales = regroupRows(rewriter, op.getLoc(), parts.scales,
                               type.getPackedScalesType());
    rewriter.replaceOpWithMultiple(op, {parts.toValues()});
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Choosing
//===----------------------------------------------------------------------===//

struct PackSelect : public OpConversionPattern<arith::SelectOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::SelectOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<BlockTensorType>(op.getType()))
      return rewriter.notifyMatchFailure(op, "selects no block-scaled tensor");
    SmallVector<Value> parts;
    for (auto [yes, no] :
         llvm::zip(adaptor.getTrueValue(), adaptor.getFalseValue()))
      parts.push_back(arith::SelectOp::create(
          rewriter, op.getLoc(), adaptor.getCondition().front(), yes, no));
    rewriter.replaceOpWithMultiple(op, {parts});
    return success();
  }
};

} // namespace

void mlir::mx::populatePackGraphOpsPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns
      .add<PackBundle, PackConstant, PackDequantize, PackQuantize, PackReshape,
           PackRotate, PackSelect, PackTranspose, PackUnbundle>(
          converter, patterns.getContext());
}
