//===- SmallFloatConversions.cpp - exact conversions of small floats ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// arith's conversions as integer arithmetic (SmallFloatArith.h): decoding is
// exact (N1.1, N1.2), encoding rounds once, ties to even, and saturates (N2).
// Scaled conversions multiply or divide by the value of the scale, whatever its
// type, and round once at the end. Scalars and vectors are expanded in place,
// tensors in the body of a linalg.generic.
//===----------------------------------------------------------------------===//

#include "Pack/ExpandSmallFloats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

using namespace mlir;
using namespace mlir::mx;

bool mlir::mx::isSmallFloat(Type type) {
  return getSmallFloatBits(getElementTypeOrSelf(type)).has_value();
}

Type mlir::mx::getCodeType(Type type) {
  Type byte = IntegerType::get(type.getContext(), 8);
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(byte);
  return byte;
}

//===----------------------------------------------------------------------===//
// Which conversions there are
//===----------------------------------------------------------------------===//

static bool isHalf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isBF16() || element.isF16();
}

/// Types that extend to f32 or f64 exactly.
static bool isKnownFloat(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isSmallFloat(element) || isHalf(element) || element.isF32() ||
         element.isF64();
}

static bool roundsToNearest(std::optional<arith::RoundingMode> mode) {
  return !mode || *mode == arith::RoundingMode::to_nearest_even;
}

static std::optional<arith::RoundingMode> getRoundingMode(Operation *op) {
  if (auto truncate = dyn_cast<arith::TruncFOp>(op))
    return truncate.getRoundingmode();
  if (auto truncate = dyn_cast<arith::ScalingTruncFOp>(op))
    return truncate.getRoundingmode();
  return std::nullopt;
}

bool mlir::mx::isHalfConversion(Operation *op) {
  return isa<arith::ExtFOp, arith::TruncFOp>(op) &&
         (isHalf(op->getOperand(0).getType()) ||
          isHalf(op->getResult(0).getType())) &&
         isKnownFloat(op->getOperand(0).getType()) &&
         isKnownFloat(op->getResult(0).getType()) &&
         roundsToNearest(getRoundingMode(op));
}

bool mlir::mx::isConversion(Operation *op) {
  return isa<arith::BitcastOp, arith::ConstantOp, arith::ExtFOp,
             arith::ScalingExtFOp, arith::ScalingTruncFOp, arith::TruncFOp,
             tensor::BitcastOp, vector::BitCastOp>(op);
}

/// Fails if a constant is not dense, or its resource not one byte per element.
static LogicalResult verifyConstant(arith::ConstantOp op) {
  if (isa<FloatAttr, DenseElementsAttr>(op.getValue()))
    return success();
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  if (!resource)
    return op.emitOpError("expected a dense constant, got ") << op.getValue();
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  int64_t expected = resource.getType().getNumElements();
  int64_t got = blob ? blob->getData().size() : 0;
  if (got == expected)
    return success();
  return op.emitOpError("expected a resource of ")
         << expected << " bytes, one for each element of " << op.getType()
         << ", got " << got;
}

/// Fails if codes change their number, which one byte for each cannot follow.
static LogicalResult verifyBitcast(Operation *op) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  auto getWidth = [](Type type) {
    return getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  };
  if (getElementTypeOrSelf(from).isIntOrFloat() &&
      getElementTypeOrSelf(to).isIntOrFloat() && getWidth(from) == getWidth(to))
    return success();
  return op->emitOpError("expected elements of the same width on both sides, "
                         "got ")
         << from << " and " << to;
}

LogicalResult mlir::mx::verifyConversion(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return verifyConstant(constant);
  if (isa<arith::BitcastOp, tensor::BitcastOp, vector::BitCastOp>(op))
    return verifyBitcast(op);
  for (Type type :
       llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                SmallVector<Type>(op->getResultTypes()))) {
    if (!isKnownFloat(type))
      return op->emitOpError("expected f64, f32, f16, bf16 or small floats, "
                             "got ")
             << type;
  }
  if (auto truncate = dyn_cast<arith::ScalingTruncFOp>(op))
    if (getElementTypeOrSelf(truncate.getScale().getType()).isF64())
      return op->emitOpError("expected a scale of f32 or a narrower type, got ")
             << truncate.getScale().getType();
  if (std::optional<arith::RoundingMode> mode = getRoundingMode(op))
    if (!roundsToNearest(mode))
      return op->emitOpError("expected rounding to_nearest_even, got ")
             << arith::stringifyRoundingMode(*mode);
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Extends small floats (as codes), bf16, f16 and f32 to f32.
static Value toF32(OpBuilder &builder, Location loc, Type type, Value value) {
  Type element = getElementTypeOrSelf(type);
  if (auto small = getElementType(element))
    return decodeElement(builder, loc, *small, value);
  if (isSmallFloat(element))
    return decodeScale(builder, loc, mxnum::ScaleType::E8M0, value);
  return widenToF32(builder, loc, value);
}

static Value toF64(OpBuilder &builder, Location loc, Type type, Value value) {
  if (getElementTypeOrSelf(type).isF64())
    return value;
  Value narrow = toF32(builder, loc, type, value);
  Type wide = LaneBuilder(builder, loc, narrow).getType(builder.getF64Type());
  return arith::ExtFOp::create(builder, loc, wide, narrow);
}

/// Rounds f32 to a small float (as codes), bf16, f16 or f32, or extends to f64.
static Value fromF32(OpBuilder &builder, Location loc, Type type, Value value) {
  Type element = getElementTypeOrSelf(type);
  if (auto small = getElementType(element))
    return encodeElement(builder, loc, *small, value);
  if (isSmallFloat(element))
    return encodeE8M0(builder, loc, value);
  if (!element.isF64())
    return narrowFromF32(builder, loc, value, cast<FloatType>(element));
  return arith::ExtFOp::create(
      builder, loc, LaneBuilder(builder, loc, value).getType(element), value);
}

static Value fromF64(OpBuilder &builder, Location loc, Type type, Value value) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF64())
    return value;
  if (!isSmallFloat(element))
    return narrowFromF64(builder, loc, value, cast<FloatType>(element));
  return fromF32(builder, loc, type, roundToOddF32(builder, loc, value));
}

namespace {

/// What an operation computes on one element, or on vectors of them. `inputs`
/// are small floats as codes; `op` tells their types.
using ElementBody = Value (*)(OpBuilder &, Location, Operation *op,
                              ValueRange inputs);

} // namespace

static Value convertElement(OpBuilder &builder, Location loc, Operation *op,
                            ValueRange inputs) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  if (getElementTypeOrSelf(from).isF64())
    return fromF64(builder, loc, to, inputs[0]);
  return fromF32(builder, loc, to, toF32(builder, loc, from, inputs[0]));
}

/// element · scale. In f32 the product of two small floats is exact but for
/// overflow, and with a wider scale it rounds once; other results need f64.
static Value multiplyByScale(OpBuilder &builder, Location loc, Operation *op,
                             ValueRange inputs) {
  Type element = op->getOperand(0).getType();
  Type scale = op->getOperand(1).getType();
  Type result = op->getResult(0).getType();
  Type resultElement = getElementTypeOrSelf(result);
  LaneBuilder lanes(builder, loc, inputs[0]);
  bool isExactInF32 = isSmallFloat(scale) && !resultElement.isF64();
  bool roundsToF32 =
      resultElement.isF32() && !getElementTypeOrSelf(scale).isF64();
  if (isExactInF32 || roundsToF32)
    return fromF32(
        builder, loc, result,
        lanes.multiplyNumbers(toF32(builder, loc, element, inputs[0]),
                              toF32(builder, loc, scale, inputs[1])));
  return fromF64(builder, loc, result,
                 lanes.multiplyNumbers(toF64(builder, loc, element, inputs[0]),
                                       toF64(builder, loc, scale, inputs[1])));
}

/// x / scale. By a power of two an f32 quotient is exact, or so small that
/// every element type rounds it to zero (not so E8M0, whose least values are
/// subnormal in f32). An f64 quotient of f32 numbers is never
/// moved onto a tie of a narrower type by its own rounding.
static Value divideByScale(OpBuilder &builder, Location loc, Operation *op,
                           ValueRange inputs) {
  Type number = op->getOperand(0).getType();
  Type scale = op->getOperand(1).getType();
  Type result = op->getResult(0).getType();
  LaneBuilder lanes(builder, loc, inputs[0]);
  bool isPowerOfTwo = isa<Float8E8M0FNUType>(getElementTypeOrSelf(scale));
  if (isPowerOfTwo && getElementType(getElementTypeOrSelf(result)) &&
      !getElementTypeOrSelf(number).isF64())
    return fromF32(builder, loc, result,
                   lanes.divideNumbers(toF32(builder, loc, number, inputs[0]),
                                       toF32(builder, loc, scale, inputs[1])));
  return fromF64(builder, loc, result,
                 lanes.divideNumbers(toF64(builder, loc, number, inputs[0]),
                                     toF64(builder, loc, scale, inputs[1])));
}

/// Applies `body` to scalars or vectors, or to each element of tensors.
static Value applyToElements(OpBuilder &builder, Location loc, Operation *op,
                             ValueRange inputs, Type resultType,
                             ElementBody body) {
  auto tensorType = dyn_cast<RankedTensorType>(resultType);
  if (!tensorType)
    return body(builder, loc, op, inputs);
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, inputs[0]),
      tensorType.getElementType());
  if (init.getType() != resultType)
    init = tensor::CastOp::create(builder, loc, resultType, init);
  int64_t rank = tensorType.getRank();
  SmallVector<AffineMap> maps(inputs.size() + 1,
                              builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, resultType, inputs, init, maps, iterators,
             [&](OpBuilder &inner, Location, ValueRange elements) {
               Value result = body(inner, loc, op, elements.drop_back());
               linalg::YieldOp::create(inner, loc, result);
             })
      .getResult(0);
}

void mlir::mx::expandConversion(RewriterBase &rewriter, Operation *op) {
  auto castTo = [&](Type type, Value value) -> Value {
    if (value.getType() == type)
      return value;
    return UnrealizedConversionCastOp::create(rewriter, op->getLoc(), type,
                                              value)
        .getResult(0);
  };
  auto getCodes = [](Type type) {
    return isSmallFloat(type) ? getCodeType(type) : type;
  };
  rewriter.setInsertionPoint(op);
  Value input = op->getOperand(0);
  Type resultType = op->getResult(0).getType();
  Value result = applyToElements(rewriter, op->getLoc(), op,
                                 castTo(getCodes(input.getType()), input),
                                 getCodes(resultType), convertElement);
  rewriter.replaceOp(op, castTo(resultType, result));
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

/// extf, truncf, scaling_extf or scaling_truncf ⇒ what `body` makes of it.
template <typename OpTy, ElementBody body>
struct ExpandConversion : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = this->getTypeConverter()->convertType(op.getType());
    rewriter.replaceOp(op, applyToElements(rewriter, op.getLoc(), op,
                                           adaptor.getOperands(), type, body));
    return success();
  }
};

/// bitcast between elements of equal width ⇒ nothing between bytes, and an
/// extension or truncation of i4 and i6 (codes stand in the low bits).
template <typename OpTy>
struct ExpandBitcast : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value source = adaptor.getOperands()[0];
    Type type =
        this->getTypeConverter()->convertType(op->getResult(0).getType());
    Type from = getElementTypeOrSelf(source.getType());
    Type to = getElementTypeOrSelf(type);
    if (source.getType() == type)
      rewriter.replaceOp(op, source);
    else if (from == to)
      rewriter.replaceOpWithNewOp<tensor::CastOp>(op, type, source);
    else if (isa<TensorType>(type) && from.isInteger() && to.isInteger() &&
             from.getIntOrFloatBitWidth() == to.getIntOrFloatBitWidth())
      rewriter.replaceOpWithNewOp<tensor::BitcastOp>(op, type, source);
    else if (!from.isInteger() || !to.isInteger())
      rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, type, source);
    else if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
      rewriter.replaceOpWithNewOp<arith::ExtUIOp>(op, type, source);
    else
      rewriter.replaceOpWithNewOp<arith::TruncIOp>(op, type, source);
    return success();
  }
};

/// A constant keeps its bits: dense elements and resources already have one
/// byte for each.
struct ExpandConstant : public OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    TypedAttr codes;
    if (auto number = dyn_cast<FloatAttr>(op.getValue()))
      codes = rewriter.getIntegerAttr(
          type, number.getValue().bitcastToAPInt().zextOrTrunc(8));
    else if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue()))
      codes = cast<TypedAttr>(DenseElementsAttr::getFromRawBuffer(
          cast<ShapedType>(type), dense.getRawData()));
    else if (auto dense = dyn_cast<DenseResourceElementsAttr>(op.getValue()))
      codes = DenseResourceElementsAttr::get(cast<ShapedType>(type),
                                             dense.getRawHandle());
    if (!codes)
      return rewriter.notifyMatchFailure(op, "not a dense constant");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, codes);
    return success();
  }
};

} // namespace

void mlir::mx::populateSmallFloatConversionPatterns(
    const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns
      .add<ExpandConversion<arith::ExtFOp, convertElement>,
           ExpandConversion<arith::TruncFOp, convertElement>,
           ExpandConversion<arith::ScalingExtFOp, multiplyByScale>,
           ExpandConversion<arith::ScalingTruncFOp, divideByScale>,
           ExpandBitcast<arith::BitcastOp>, ExpandBitcast<tensor::BitcastOp>,
           ExpandBitcast<vector::BitCastOp>, ExpandConstant>(
          converter, patterns.getContext());
}
