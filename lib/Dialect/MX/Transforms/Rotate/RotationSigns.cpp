//===- RotationSigns.cpp - signs of rotations -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Goes back from the rotation to the constants that decide the signs of what it
// reads: in silu(x·Gᵀ) ⊙ (x·Uᵀ), for instance, the rows of U. On the way nobody
// else may read the numbers.
//===----------------------------------------------------------------------===//

#include "Rotate/RotationSigns.h"
#include "Rotate/MoveRotations.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Parity
//===----------------------------------------------------------------------===//

namespace {

/// What becomes of a number if the flipped inputs change their sign.
enum class Parity { Even, Odd, Neither };

} // namespace

static Parity addParities(Parity left, Parity right) {
  return left == right ? left : Parity::Neither;
}

static Parity multiplyParities(Parity left, Parity right) {
  if (left == Parity::Neither || right == Parity::Neither)
    return Parity::Neither;
  return left == right ? Parity::Even : Parity::Odd;
}

/// Returns the parity of what `op` computes from numbers of the given parities.
static Parity applyOperation(Operation *op, ArrayRef<Parity> operands) {
  if (isa<arith::MulFOp, arith::DivFOp>(op))
    return multiplyParities(operands[0], operands[1]);
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return addParities(operands[0], operands[1]);
  if (isa<arith::NegFOp, arith::ExtFOp, arith::TruncFOp, math::TanhOp,
          math::ErfOp, math::SinOp, math::AtanOp>(op))
    return operands[0];
  if (isa<arith::SelectOp>(op) && operands[0] == Parity::Even)
    return addParities(operands[1], operands[2]);
  bool isEven =
      op->getNumRegions() == 0 && llvm::all_of(operands, [](Parity parity) {
        return parity == Parity::Even;
      });
  return isEven ? Parity::Even : Parity::Neither;
}

/// The parity of the result of an elementwise or structured operation if
/// `flipped` changes its sign.
static Parity getParity(OpOperand &flipped) {
  Operation *op = flipped.getOwner();
  auto getFlipped = [&](OpOperand &operand) {
    return &operand == &flipped ? Parity::Odd : Parity::Even;
  };
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp) {
    SmallVector<Parity> operands;
    for (OpOperand &operand : op->getOpOperands())
      operands.push_back(getFlipped(operand));
    return applyOperation(op, operands);
  }
  llvm::DenseMap<Value, Parity> parities;
  for (OpOperand &operand : op->getOpOperands())
    parities[linalgOp.getMatchingBlockArgument(&operand)] =
        isRotationFree(operand.get()) && linalgOp.isDpsInit(&operand)
            ? Parity::Odd
            : getFlipped(operand);
  auto lookup = [&](Value value) {
    auto found = parities.find(value);
    return found == parities.end() ? Parity::Even : found->second;
  };
  for (Operation &inner : linalgOp.getBlock()->without_terminator()) {
    SmallVector<Parity> operands;
    for (Value operand : inner.getOperands())
      operands.push_back(lookup(operand));
    for (Value result : inner.getResults())
      parities[result] = applyOperation(&inner, operands);
  }
  return lookup(linalgOp.getBlock()->getTerminator()->getOperand(0));
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

namespace {

/// Finds constants whose signs decide those of a tensor.
class SignSearch {
public:
  SignSearch(int64_t size) : size(size) {}

  /// Whether constants can be found for `value`, which only one operation may
  /// read. Adds them to `targets`.
  bool visit(Value value, int64_t axis) {
    auto result = dyn_cast<OpResult>(value);
    if (!result || !value.hasOneUse() || --budget < 0)
      return false;
    Tie tie = getTie(result, axis, size);
    size_t before = targets.size();
    if (tie.obstacle.empty() && visitAll(tie.uses))
      return true;
    targets.resize(before);
    if (tie.gain && visitUse({tie.gain, tie.gainAxis}))
      return true;
    return tie.obstacle.empty() ? false : visitProduct(result, axis);
  }

  SmallVector<AxisUse> targets;

private:
  /// Whether a constant is found for one operand.
  bool visitUse(AxisUse use) {
    Value value = use.operand->get();
    if (isRotationFree(value))
      return true;
    if (!isPlainWeight(value))
      return visit(value, use.axis);
    targets.push_back(use);
    return true;
  }

  bool visitAll(ArrayRef<AxisUse> uses) {
    return !uses.empty() &&
           llvm::all_of(uses, [&](AxisUse use) { return visitUse(use); });
  }

  /// Whether a constant is found for one factor of a product along the axis.
  bool visitProduct(OpResult result, int64_t axis) {
    Operation *op = result.getOwner();
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    bool isStructured = linalgOp && linalgOp.hasPureTensorSemantics() &&
                        op->getNumResults() == 1;
    if (!isStructured && !OpTrait::hasElementwiseMappableTraits(op))
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      std::optional<int64_t> operandAxis =
          isStructured ? getOperandAxis(operand, result, axis) : axis;
      size_t before = targets.size();
      if (operandAxis && isRotatable(operand.get(), *operandAxis, size) &&
          getParity(operand) == Parity::Odd &&
          visitUse({&operand, *operandAxis}))
        return true;
      targets.resize(before);
    }
    return false;
  }

  /// The dimension of an operand that has the loop of dimension `axis` of the
  /// result.
  std::optional<int64_t> getOperandAxis(OpOperand &operand, OpResult result,
                                        int64_t axis) {
    auto op = cast<linalg::LinalgOp>(operand.getOwner());
    auto loop = dyn_cast<AffineDimExpr>(
        op.getIndexingMapMatchingResult(result).getResult(axis));
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!loop || !type)
      return std::nullopt;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (getLoop(operand, dim) == loop.getPosition())
        return dim;
    return std::nullopt;
  }

  int64_t size;
  int64_t budget = 1000;
};

} // namespace

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// The signs of all positions along a dimension of a constant, as f32; 1
/// outside of the part that is meant.
static TypedAttr repeatSigns(ArrayRef<int8_t> signs, const AxisUse &use) {
  Value value = use.operand->get();
  int64_t length = cast<RankedTensorType>(value.getType()).getDimSize(use.axis);
  auto [begin, count] = use.part.value_or(std::pair(int64_t(0), length));
  SmallVector<float> repeated(length, 1.0f);
  for (int64_t i = 0; i < count; ++i)
    repeated[begin + i] = signs[i % signs.size()];
  Builder builder(value.getContext());
  return DenseElementsAttr::get(
      RankedTensorType::get({length}, builder.getF32Type()),
      ArrayRef<float>(repeated));
}

/// The other side of a product that `use` is rotated for, if it is a constant
/// rotated in the same way.
static OpOperand *getRotatedConstant(OpOperand &use, RotateOp op) {
  Operation *product = use.getOwner();
  if (!isa<MatmulOp, GroupedMatmulOp>(product) ||
      product->getAttr(kRotatedAttr) != op.getRotation() ||
      use.getOperandNumber() > 1)
    return nullptr;
  OpOperand &other = product->getOpOperand(1 - use.getOperandNumber());
  auto rotate = other.get().getDefiningOp<RotateOp>();
  auto getLast = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getRank() - 1;
  };
  bool isSame = rotate && rotate.getRotation() == op.getRotation() &&
                !rotate.getInverse() && isPlainWeight(rotate.getSource()) &&
                static_cast<int64_t>(rotate.getAxis()) == getLast(rotate) &&
                static_cast<int64_t>(op.getAxis()) == getLast(op);
  return isSame ? &other : nullptr;
}

/// mx.rotate(w) by R  ⇒  mx.rotate(w · diag(s)) by H/√h
static void splitSigns(OpBuilder &builder, OpOperand &weight,
                       HadamardAttr plain) {
  auto rotate = weight.get().getDefiningOp<RotateOp>();
  Value source = rotate.getSource();
  int64_t axis = rotate.getAxis();
  linalg::GenericOp scaled = scaleWeight(
      builder, weight.getOwner(), source,
      repeatSigns(rotate.getRotation().getSigns(), {&weight, axis}), axis);
  // Recorded rows do not have the signs; a sign is its own inverse.
  scaled->setAttr(kMovedGainAttr, builder.getUnitAttr());
  builder.setInsertionPoint(weight.getOwner());
  weight.set(RotateOp::create(
      builder, rotate.getLoc(), source.getType(), scaled.getResult(0), plain,
      builder.getI64IntegerAttr(axis), UnitAttr(), StringAttr()));
  weight.getOwner()->setAttr(kRotatedAttr, plain);
}

bool mlir::mx::mergeSigns(RotateOp op) {
  HadamardAttr rotation = op.getRotation();
  ArrayRef<int8_t> signs = rotation.getSigns();
  if (signs.empty() || op.getInverse() || op.use_empty())
    return false;
  SmallVector<OpOperand *> constants;
  for (OpOperand &use : op->getUses()) {
    constants.push_back(getRotatedConstant(use, op));
    if (!constants.back())
      return false;
  }
  SignSearch search(rotation.getSize());
  if (!search.visit(op.getSource(), op.getAxis()))
    return false;
  OpBuilder builder(op);
  for (const AxisUse &target : search.targets) {
    Value weight = target.operand->get();
    target.operand->set(scaleWeight(builder, getUser(*target.operand), weight,
                                    repeatSigns(signs, target), target.axis)
                            .getResult(0));
  }
  auto plain = HadamardAttr::get(op.getContext(), rotation.getSize());
  for (OpOperand *constant : constants)
    splitSigns(builder, *constant, plain);
  op.setRotationAttr(plain);
  remarkPassed(op, "signs",
               "signs of " + getName(rotation) + " merged into constants");
  return true;
}
