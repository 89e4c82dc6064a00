//===- WeightExpression.cpp - weights that are still to be made -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every known operation makes its result from one weight, so an expression is a
// chain that ends in a constant.
//===----------------------------------------------------------------------===//

#include "Weights/WeightExpression.h"
#include "Weights/ChannelGather.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "mx/Dialect/MX/IR/ConstantData.h"

using namespace mlir;
using namespace mlir::mx;

/// Splats with more elements are no weights: nobody has written down so many
/// numbers, and to expand them may exhaust the memory.
static constexpr int64_t maxSplatElements = int64_t(1) << 30;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Attribute mlir::mx::getConstantValue(Operation *constant) {
  if (auto block = dyn_cast<ConstantOp>(constant))
    return block.getValue();
  return cast<arith::ConstantOp>(constant).getValue();
}

static bool isPlainFloat(Type type) {
  return isa<Float32Type, BFloat16Type, Float16Type>(type);
}

/// Whether `type` is a tensor of numbers whose size is known.
static bool isPlainTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         isPlainFloat(tensor.getElementType()) &&
         isSupportedShape(tensor.getShape());
}

/// Whether `attr` is data, and not a splat of more elements than anybody has.
static bool isReadable(Attribute attr) {
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return !dense.isSplat() || dense.getNumElements() <= maxSplatElements;
  return isa<DenseResourceElementsAttr>(attr);
}

/// The constant that `value` is, or that it is decoded from; else null.
static Operation *getConstant(Value value) {
  if (auto decode = value.getDefiningOp<DequantizeOp>()) {
    auto block = decode.getSource().getDefiningOp<ConstantOp>();
    bool fits = block && isReadable(block.getValue().getPayload()) &&
                isReadable(block.getValue().getScales());
    return fits ? block : nullptr;
  }
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant && isReadable(constant.getValue()) ? constant : nullptr;
}

//===----------------------------------------------------------------------===//
// Scaling
//===----------------------------------------------------------------------===//

/// Looks through conversions between float types.
static Value skipConversions(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
        !isPlainFloat(getElementTypeOrSelf(op->getOperand(0))))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The input of `op` that `value` stands for in its body; null if none.
static OpOperand *getInput(linalg::LinalgOp op, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= static_cast<unsigned>(op.getNumDpsInputs()))
    return nullptr;
  return op.getDpsInputOperand(argument.getArgNumber());
}

/// Matches a constant of one number repeated, a tensor or a scalar.
static Operation *matchSplat(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant || !isPlainFloat(getElementTypeOrSelf(constant.getType())))
    return nullptr;
  auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
  bool isOne = dense ? dense.isSplat() : isa<FloatAttr>(constant.getValue());
  return isOne ? constant : nullptr;
}

/// Matches a vector that `map` indexes by one loop, which becomes the axis.
static bool matchVector(Value value, AffineMap map, WeightStep &step) {
  // linalg.broadcast gives a vector the rank that linalg.mul wants.
  if (auto broadcast = value.getDefiningOp<linalg::BroadcastOp>()) {
    if (!map.isIdentity())
      return false;
    AffineMap inner = broadcast.getIndexingMapsArray().front();
    return matchVector(broadcast.getInput(), inner, step);
  }
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!constant || !type || !isPlainTensor(type) || type.getRank() > 1 ||
      map.getNumResults() != static_cast<unsigned>(type.getRank()))
    return false;
  step.factor = constant;
  if (type.getRank() == 0)
    return true;
  auto loop = dyn_cast<AffineDimExpr>(map.getResult(0));
  step.axis = loop ? loop.getPosition() : 0;
  return loop != nullptr;
}

/// Matches the factor of a product in the body of `op`.
static bool matchFactor(linalg::LinalgOp op, Value value, WeightStep &step) {
  if (OpOperand *input = getInput(op, value)) {
    if ((step.factor = matchSplat(input->get())))
      return true;
    return matchVector(input->get(), op.getMatchingIndexingMap(input), step);
  }
  step.factor = matchSplat(value);
  return step.factor != nullptr;
}

/// Matches the weight in the body of `op`: an input with the loops of the
/// output in any order.
static bool matchSource(linalg::LinalgOp op, Value value, WeightStep &step) {
  OpOperand *input = getInput(op, value);
  if (!input)
    return false;
  AffineMap map = op.getMatchingIndexingMap(input);
  if (!map.isPermutation())
    return false;
  step.source = input->get();
  // Result dimension d is loop d; the source has it at its own place.
  step.permutation.resize(map.getNumDims());
  for (auto [dim, result] : llvm::enumerate(map.getResults()))
    step.permutation[cast<AffineDimExpr>(result).getPosition()] = dim;
  return true;
}

/// Matches an operation on elements that yields its input, or its input times a
/// constant. Returns the steps, the last first.
static WeightSteps matchElementwise(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !op.getIndexingMapsArray().back().isIdentity())
    return {};
  Value yielded =
      skipConversions(op.getBlock()->getTerminator()->getOperand(0));
  WeightStep move;
  auto multiply = yielded.getDefiningOp<arith::MulFOp>();
  if (!multiply) {
    if (!matchSource(op, yielded, move))
      return {};
    return {move};
  }
  Value left = skipConversions(multiply.getLhs());
  Value right = skipConversions(multiply.getRhs());
  for (auto [weight, other] :
       {std::pair(left, right), std::pair(right, left)}) {
    WeightStep scale, source;
    if (!matchSource(op, weight, source) || !matchFactor(op, other, scale))
      continue;
    scale.source = source.source;
    return {scale, source};
  }
  return {};
}

/// Matches arith.mulf of a tensor and a repeated number.
static WeightSteps matchMultiply(arith::MulFOp op) {
  for (auto [weight, other] : {std::pair(op.getLhs(), op.getRhs()),
                               std::pair(op.getRhs(), op.getLhs())}) {
    WeightStep step;
    step.source = weight;
    if ((step.factor = matchSplat(other)))
      return {step};
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

SliceView SliceView::getWhole(ArrayRef<int64_t> shape) {
  return {SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape),
          SmallVector<int64_t>(shape.size(), 1),
          llvm::to_vector(llvm::seq<int64_t>(0, shape.size()))};
}

SliceView SliceView::getTransposed(ArrayRef<int64_t> transpose) const {
  SliceView view = *this;
  for (auto [dim, source] : llvm::enumerate(transpose)) {
    view.offsets[source] = offsets[dim];
    view.sizes[source] = sizes[dim];
    view.strides[source] = strides[dim];
  }
  view.permutation = applyPermutation(transpose, permutation);
  return view;
}

/// Matches a slice whose place is known.
static WeightSteps matchSlice(tensor::ExtractSliceOp op) {
  ArrayRef<int64_t> shape = op.getSourceType().getShape();
  WeightStep step;
  step.source = op.getSource();
  step.slice = SliceView{SmallVector<int64_t>(op.getStaticOffsets()),
                         SmallVector<int64_t>(op.getStaticSizes()),
                         SmallVector<int64_t>(op.getStaticStrides()),
                         {}};
  const SliceView &view = *step.slice;
  for (int64_t dim = 0; dim < op.getSourceType().getRank(); ++dim) {
    int64_t offset = view.offsets[dim], size = view.sizes[dim];
    int64_t stride = view.strides[dim];
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(size) ||
        ShapedType::isDynamic(stride) || offset < 0 || stride < 1 ||
        (size > 0 &&
         (offset >= shape[dim] || stride * (size - 1) >= shape[dim] - offset)))
      return {};
  }
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (bool isDropped : {true, false})
    for (int64_t dim = 0; dim < op.getSourceType().getRank(); ++dim)
      if (dropped.test(dim) == isDropped)
        step.slice->permutation.push_back(dim);
  return {step};
}

/// Matches insert_slice(mx.rotate(extract_slice(w)), w), where the slice is
/// whole but for the axis.
static WeightSteps matchRotatedPart(tensor::InsertSliceOp op) {
  auto rotate = op.getSource().getDefiningOp<RotateOp>();
  auto part = rotate
                  ? rotate.getSource().getDefiningOp<tensor::ExtractSliceOp>()
                  : tensor::ExtractSliceOp();
  if (!part || part.getSource() != op.getDest() ||
      part.getType().getRank() != part.getSourceType().getRank() ||
      part.getMixedOffsets() != op.getMixedOffsets() ||
      part.getMixedSizes() != op.getMixedSizes() ||
      part.getMixedStrides() != op.getMixedStrides() ||
      matchSlice(part).empty())
    return {};
  int64_t axis = rotate.getAxis();
  ArrayRef<int64_t> offsets = part.getStaticOffsets();
  ArrayRef<int64_t> sizes = part.getStaticSizes();
  for (int64_t dim = 0; dim < part.getType().getRank(); ++dim)
    if (part.getStaticStrides()[dim] != 1 ||
        (dim != axis && sizes[dim] != part.getSourceType().getDimSize(dim)))
      return {};
  WeightStep step;
  step.source = op.getDest();
  step.rotate = rotate;
  step.rotated = {offsets[axis], sizes[axis]};
  return {step};
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// Returns the steps that `op` stands for, the last first; none if it is not
/// known.
static WeightSteps matchSteps(Operation *op) {
  WeightStep step;
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    step.source = transpose.getInput();
    step.permutation.assign(transpose.getPermutation().begin(),
                            transpose.getPermutation().end());
    return {step};
  }
  if (auto rotate = dyn_cast<RotateOp>(op)) {
    step.source = rotate.getSource();
    step.rotate = rotate;
    return {step};
  }
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
    step.source = op->getOperand(0);
    step.reshapes = true;
    return {step};
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return matchSlice(slice);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return matchRotatedPart(insert);
  if (auto extend = dyn_cast<arith::ExtFOp>(op)) {
    step.source = extend.getIn();
    return {step};
  }
  if (auto multiply = dyn_cast<arith::MulFOp>(op))
    return matchMultiply(multiply);
  if (std::optional<ChannelGather> gather = matchGather(op)) {
    step.source = gather->source;
    step.axis = gather->axis;
    step.gather = gather->indices;
    return {step};
  }
  if (auto generic = dyn_cast<linalg::LinalgOp>(op))
    return matchElementwise(generic);
  return {};
}

std::optional<WeightExpression> mlir::mx::getWeightExpression(Value value) {
  WeightExpression expression;
  // Unreachable code may hold cycles.
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (isPlainTensor(value.getType())) {
    if ((expression.constant = getConstant(value)))
      return expression;
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(op).second)
      return std::nullopt;
    WeightSteps steps = matchSteps(op);
    if (steps.empty())
      return std::nullopt;
    llvm::append_range(expression.steps, steps);
    value = steps.back().source;
  }
  return std::nullopt;
}
