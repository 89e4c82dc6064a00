//===- MXToLinalg.cpp - mx operations as 4-loop linalg.generic ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The way back to other compilers. The block is a loop of its own, so tiling
// cannot cut across a scale; the 3-loop form with k floordiv block tiles to
// wrong code upstream and is never made. Only what arith.scaling_extf expresses
// exactly has such a form, and mx-import gives it back.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTMXTOLINALGPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// Remarks why an operation stays.
static LogicalResult miss(Operation *op, const Twine &reason) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("export").category("mx-to-linalg"))
      << (op->getName().getStringRef() + ": " + reason).str();
  return failure();
}

static std::string quote(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << '\'' << type << '\'';
  return text;
}

//===----------------------------------------------------------------------===//
// What can be expressed
//===----------------------------------------------------------------------===//

/// Fails unless arith.scaling_extf of the parts gives the numbers of `type`,
/// and its blocked axis splits into whole blocks.
static LogicalResult matchExpressible(Operation *op, BlockTensorType type) {
  FormatAttr format = type.getFormat();
  if (format.getScale() != mxnum::ScaleType::E8M0)
    return miss(op, "expected E8M0 scales, because upstream leaves the meaning "
                    "of others open, got " +
                        quote(type));
  if (format.getTensorScale())
    return miss(op, "expected no tensor scale, got " + quote(type));
  if (type.getRotation())
    return miss(op, "expected no rotation, got " + quote(type));
  int64_t size = type.getShape()[type.getAxis()];
  if (ShapedType::isDynamic(size) || size % format.getBlock() != 0)
    return miss(op, "expected a blocked axis that is a static multiple of " +
                        Twine(format.getBlock()) + ", got " + quote(type));
  return success();
}

/// Finds the one block length of both sides.
static FailureOr<int64_t> matchBlock(MatmulOp op) {
  std::optional<int64_t> block;
  for (Value side : {op.getLhs(), op.getRhs()}) {
    auto type = dyn_cast<BlockTensorType>(side.getType());
    if (!type)
      continue;
    if (failed(matchExpressible(op, type)))
      return failure();
    int64_t length = type.getFormat().getBlock();
    if (block && *block != length)
      return miss(op, "expected the same block on both sides, got " +
                          Twine(*block) + " and " + Twine(length));
    block = length;
  }
  if (!block)
    return miss(op, "expected a block-scaled side, got " +
                        quote(op.getLhs().getType()) + " and " +
                        quote(op.getRhs().getType()));
  return *block;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

namespace {

/// An operand of the generic: numbers or payload with blocks apart, and scales.
struct Parts {
  Value payload;
  /// Null for a plain side.
  Value scales;
};

} // namespace

/// One group for each dimension, but one for `axis` and the next.
static SmallVector<ReassociationIndices> getSplit(int64_t rank, int64_t axis) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim == axis + 1)
      groups.back().push_back(dim);
    else
      groups.push_back({dim});
  }
  return groups;
}

/// Splits the static dimension `axis` into blocks, apart from their elements.
static Value splitBlocks(RewriterBase &rewriter, Location loc, Value value,
                         int64_t axis, int64_t block) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t blocks = type.getDimSize(axis) / block;
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = blocks;
  shape.insert(shape.begin() + axis + 1, block);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
  sizes[axis] = rewriter.getIndexAttr(blocks);
  sizes.insert(sizes.begin() + axis + 1, rewriter.getIndexAttr(block));
  return tensor::ExpandShapeOp::create(
      rewriter, loc, RankedTensorType::get(shape, type.getElementType()), value,
      getSplit(shape.size(), axis), sizes);
}

/// Takes a value apart, or takes plain numbers as they are.
static Parts buildParts(RewriterBase &rewriter, Location loc, Value value,
                        int64_t block) {
  auto type = dyn_cast<BlockTensorType>(value.getType());
  if (!type) {
    int64_t last = cast<RankedTensorType>(value.getType()).getRank() - 1;
    return {splitBlocks(rewriter, loc, value, last, block), Value()};
  }
  auto parts = UnbundleOp::create(rewriter, loc, type.getPayloadType(),
                                  type.getScalesType(), Type(), value);
  return {splitBlocks(rewriter, loc, parts.getPayload(), type.getAxis(), block),
          parts.getScales()};
}

//===----------------------------------------------------------------------===//
// mx.matmul
//===----------------------------------------------------------------------===//

namespace {

/// Loops of the product: batches, m, n, k-block, k-in-block.
struct ProductLoops {
  int64_t batches;
  MLIRContext *context;

  /// The map of an operand indexed by the batches and then by `others`, where m
  /// is 0, n 1, k-block 2 and k-in-block 3.
  AffineMap getMap(ArrayRef<int64_t> others) const {
    SmallVector<AffineExpr> results;
    for (int64_t batch = 0; batch < batches; ++batch)
      results.push_back(getAffineDimExpr(batch, context));
    for (int64_t loop : others)
      results.push_back(getAffineDimExpr(batches + loop, context));
    return AffineMap::get(batches + 4, 0, results, context);
  }
  SmallVector<utils::IteratorType> getIterators() const {
    SmallVector<utils::IteratorType> iterators(batches + 2,
                                               utils::IteratorType::parallel);
    iterators.append(2, utils::IteratorType::reduction);
    return iterators;
  }
};

} // namespace

/// Extends an element to f32, by its scale if it has one.
static Value extend(OpBuilder &builder, Location loc, Value element,
                    Value scale) {
  Type f32 = builder.getF32Type();
  if (scale)
    return arith::ScalingExtFOp::create(builder, loc, f32, element, scale,
                                        arith::FastMathFlagsAttr());
  if (element.getType().isF32())
    return element;
  return arith::ExtFOp::create(builder, loc, f32, element);
}

/// mx.matmul ⇒ linalg.generic over (batches, m, n, k-block, k-in-block).
static void convertMatmul(MatmulOp op, int64_t block, RewriterBase &rewriter) {
  Location loc = op.getLoc();
  Parts lhs = buildParts(rewriter, loc, op.getLhs(), block);
  Parts rhs = buildParts(rewriter, loc, op.getRhs(), block);
  ProductLoops loops{cast<RankedTensorType>(op.getType()).getRank() - 2,
                     op.getContext()};
  SmallVector<Value> inputs = {lhs.payload, rhs.payload};
  SmallVector<AffineMap> maps = {loops.getMap({0, 2, 3}),
                                 loops.getMap({1, 2, 3})};
  if (lhs.scales) {
    inputs.push_back(lhs.scales);
    maps.push_back(loops.getMap({0, 2}));
  }
  if (rhs.scales) {
    inputs.push_back(rhs.scales);
    maps.push_back(loops.getMap({1, 2}));
  }
  maps.push_back(loops.getMap({0, 1}));
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      op, op.getType(), inputs, op.getInit(), maps, loops.getIterators(),
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value lhsScale = lhs.scales ? arguments[2] : Value();
        Value rhsScale = rhs.scales ? arguments[arguments.size() - 2] : Value();
        Value product = arith::MulFOp::create(
            builder, loc, extend(builder, loc, arguments[0], lhsScale),
            extend(builder, loc, arguments[1], rhsScale));
        Value sum =
            arith::AddFOp::create(builder, loc, arguments.back(), product);
        linalg::YieldOp::create(builder, loc, sum);
      });
}

//===----------------------------------------------------------------------===//
// mx.dequantize
//===----------------------------------------------------------------------===//

/// mx.dequantize ⇒ element-wise linalg.generic, the blocked axis being two
/// loops.
static void convertDequantize(DequantizeOp op, RewriterBase &rewriter) {
  Location loc = op.getLoc();
  BlockTensorType type = op.getSource().getType();
  Parts parts =
      buildParts(rewriter, loc, op.getSource(), type.getFormat().getBlock());
  int64_t rank = type.getRank() + 1;
  Type element = getElementTypeOrSelf(op.getType());
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, parts.payload),
      element);
  AffineMap whole = rewriter.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps = {whole, whole.dropResult(type.getAxis() + 1),
                                 whole};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      rewriter, loc, empty.getType(), ValueRange{parts.payload, parts.scales},
      empty, maps, iterators,
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value number = arith::ScalingExtFOp::create(builder, loc, element,
                                                    arguments[0], arguments[1],
                                                    arith::FastMathFlagsAttr());
        linalg::YieldOp::create(builder, loc, number);
      });
  Value joined = tensor::CollapseShapeOp::create(
      rewriter, loc, generic.getResult(0), getSplit(rank, type.getAxis()));
  if (joined.getType() != op.getType())
    joined = tensor::CastOp::create(rewriter, loc, op.getType(), joined);
  rewriter.replaceOp(op, joined);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// The size of k, of which a plain side may know more than the other.
static LogicalResult matchMatmul(MatmulOp op, RewriterBase &rewriter) {
  FailureOr<int64_t> block = matchBlock(op);
  if (failed(block))
    return failure();
  for (Value side : {op.getLhs(), op.getRhs()})
    if (auto plain = dyn_cast<RankedTensorType>(side.getType()))
      if (ShapedType::isDynamic(plain.getShape().back()))
        return miss(op,
                    "expected a static contracted size, got " + quote(plain));
  Type element = getElementTypeOrSelf(op.getType());
  if (!element.isF32())
    return miss(op, "expected a result of f32, because the body would round "
                    "every partial sum, got " +
                        quote(element));
  convertMatmul(op, *block, rewriter);
  return success();
}

static LogicalResult matchDequantize(DequantizeOp op, RewriterBase &rewriter) {
  if (failed(matchExpressible(op, op.getSource().getType())))
    return failure();
  if (getElementTypeOrSelf(op.getType()).isF16())
    return miss(op, "expected a result of f32 or bf16, because f16 cannot hold "
                    "the scales, got 'f16'");
  convertDequantize(op, rewriter);
  return success();
}

namespace {

struct ConvertMXToLinalgPass
    : public mx::impl::ConvertMXToLinalgPassBase<ConvertMXToLinalgPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](Operation *op) {
      rewriter.setInsertionPoint(op);
      // A failure has been remarked, and the operation stays.
      (void)TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](MatmulOp op) { return matchMatmul(op, rewriter); })
          .Case([&](DequantizeOp op) { return matchDequantize(op, rewriter); })
          .Case<GroupedMatmulOp, QuantizeOp, RotateOp>([&](Operation *op) {
            return miss(op,
                        "there is no linalg.generic with arith.scaling_extf "
                        "for it");
          })
          .Default([](Operation *) { return success(); });
    });
  }
};

} // namespace
