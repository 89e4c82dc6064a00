//===- RotationAlgebraLinalg.cpp - structured operations and rotations ----===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Along a parallel loop an operation commutes if its body is linear in what
// varies along the loop; along a reduction it does if the body sums products of
// two such numbers (lengths and inner products are invariant). This covers
// residuals, biases, normalisation, gathers, attention's values and unmarked
// matmuls without knowing any of them by name.
//===----------------------------------------------------------------------===//

#include "Rotate/RotationAlgebra.h"
#include "Rotate/ScalarForms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Loops and dimensions
//===----------------------------------------------------------------------===//

linalg::LinalgOp mlir::mx::getReadingOp(OpOperand &use) {
  auto extract = dyn_cast<tensor::ExtractOp>(use.getOwner());
  if (!extract)
    return nullptr;
  auto reader = dyn_cast_or_null<linalg::LinalgOp>(extract->getParentOp());
  return reader && reader.hasPureTensorSemantics() ? reader : nullptr;
}

std::optional<unsigned> mlir::mx::getLoop(OpOperand &use, int64_t axis) {
  if (getReadingOp(use)) {
    auto extract = cast<tensor::ExtractOp>(use.getOwner());
    auto index = extract.getIndices()[axis].getDefiningOp<linalg::IndexOp>();
    if (!index || index->getBlock() != extract->getBlock())
      return std::nullopt;
    return index.getDim();
  }
  auto op = cast<linalg::LinalgOp>(use.getOwner());
  auto loop =
      dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&use).getResult(axis));
  if (!loop)
    return std::nullopt;
  return loop.getPosition();
}

/// The dimension of an input that a loop indexes; the forms have checked that
/// there is one.
static int64_t getAxis(OpOperand &use, unsigned loop) {
  int64_t rank = cast<RankedTensorType>(use.get().getType()).getRank();
  for (int64_t axis = 0; axis < rank; ++axis)
    if (getLoop(use, axis) == loop)
      return axis;
  llvm_unreachable("an input varies along a loop that indexes it");
}

/// The dimension of result `index` that a loop indexes, if it does nothing but
/// that.
static std::optional<int64_t> getResultAxis(linalg::LinalgOp op, unsigned index,
                                            unsigned loop) {
  AffineMap map = op.getIndexingMapMatchingResult(op->getResult(index));
  std::optional<int64_t> axis;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    if (axis || !isa<AffineDimExpr>(expr))
      return std::nullopt;
    axis = dim;
  }
  return axis;
}

//===----------------------------------------------------------------------===//
// Products along the axis
//===----------------------------------------------------------------------===//

/// Whether `use` does nothing but sum its tensor over dimension `axis`, with
/// invariant factors.
static bool isPlainSum(OpOperand &use, int64_t axis) {
  auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
  if (!op || !op.hasPureTensorSemantics())
    return false;
  std::optional<unsigned> loop = getLoop(use, axis);
  if (!loop ||
      op.getIteratorTypesArray()[*loop] != utils::IteratorType::reduction)
    return false;
  BodyForms forms(op, *loop);
  for (unsigned index = 0; index < op->getNumResults(); ++index) {
    ScalarForm summand = forms.getSummand(index);
    if (summand.form == Form::Zero)
      continue;
    if (summand.form != Form::Linear || summand.inputs.size() != 1 ||
        !summand.inputs.contains(&use))
      return false;
  }
  return true;
}

/// Whether products along `axis` are made only to be summed, as in a mean
/// square that is written as two operations.
static bool isOnlySummed(OpResult result, int64_t axis) {
  return !result.use_empty() &&
         llvm::all_of(result.getUses(),
                      [&](OpOperand &use) { return isPlainSum(use, axis); });
}

/// Finds the factor of a product that is a constant vector along the axis.
static OpOperand *findGain(const ScalarForm &product,
                           function_ref<int64_t(OpOperand &)> getAxis) {
  if (product.isSumOfProducts)
    return nullptr;
  auto match = [&](const InputSet &factor) -> OpOperand * {
    if (factor.size() != 1)
      return nullptr;
    OpOperand *operand = factor.front();
    bool isGain = !getReadingOp(*operand) &&
                  getConstantVector(operand->get(), getAxis(*operand));
    return isGain ? operand : nullptr;
  };
  OpOperand *left = match(product.inputs);
  OpOperand *right = match(product.others);
  if ((left && right) || product.inputs.contains(right) ||
      product.others.contains(left))
    return nullptr;
  return left ? left : right;
}

/// Whether `value` is, up to conversions, a product of two tensors.
static bool isProductOfTensors(Value value) {
  Operation *op = value.getDefiningOp();
  while (op && isa<arith::ExtFOp, arith::TruncFOp>(op))
    op = op->getOperand(0).getDefiningOp();
  if (auto linalgOp = dyn_cast_or_null<linalg::LinalgOp>(op))
    return linalgOp->getNumResults() == 1 &&
           linalgOp.getBlock()
               ->getTerminator()
               ->getOperand(0)
               .getDefiningOp<arith::MulFOp>();
  return op && isa<arith::MulFOp>(op);
}

/// Why a product of two tensors that vary along the axis does not commute. The
/// shape x · cos + rotated(x) · sin, in one operation or in three, gets its
/// name.
static std::string explainProduct(OpResult result, const ScalarForm &product) {
  bool isSum = product.isSumOfProducts;
  if (result && result.hasOneUse()) {
    Operation *user = *result.user_begin();
    isSum |= llvm::count_if(user->getOperands(), isProductOfTensors) == 2;
  }
  if (isSum)
    return "rotary embedding: a sum of elementwise products along the axis";
  return "elementwise product of two tensors along the axis";
}

//===----------------------------------------------------------------------===//
// Ties
//===----------------------------------------------------------------------===//

static Tie makeObstacle(std::string reason) {
  Tie tie;
  tie.obstacle = std::move(reason);
  return tie;
}

using AxisOfInput = function_ref<int64_t(OpOperand &)>;

static void addUses(Tie &tie, const InputSet &inputs, AxisOfInput getAxis) {
  for (OpOperand *input : inputs)
    if (int64_t axis = getAxis(*input); !tie.contains(*input, axis))
      tie.uses.push_back({input, axis});
}

/// Adds what a result computed along a parallel loop is tied to.
static void addParallelResult(Tie &tie, const ScalarForm &form,
                              AxisResult result, bool isOnlyResult,
                              AxisOfInput getAxis) {
  switch (form.form) {
  case Form::Zero:
  case Form::Linear:
  case Form::Uniform:
    addUses(tie, form.inputs, getAxis);
    tie.results.push_back(result);
    return;
  case Form::Product:
    if (OpOperand *gain = isOnlyResult ? findGain(form, getAxis) : nullptr) {
      tie.gain = gain;
      tie.gainAxis = getAxis(*gain);
      bool isLeft = form.inputs.contains(gain);
      addUses(tie, isLeft ? form.others : form.inputs, getAxis);
      tie.results.push_back(result);
      return;
    }
    if (!isOnlySummed(result.result, result.axis)) {
      tie.obstacle = explainProduct(result.result, form);
      return;
    }
    addUses(tie, form.inputs, getAxis);
    addUses(tie, form.others, getAxis);
    return;
  case Form::Other:
    tie.obstacle = form.reason;
    return;
  case Form::Invariant:
  case Form::Position:
  case Form::Total:
    tie.obstacle = "the same number at every position along the axis";
    return;
  }
}

/// Adds what a sum over the loop is tied to: nothing but its factors.
static void addSum(Tie &tie, const ScalarForm &form, AxisOfInput getAxis) {
  if (form.form == Form::Zero || form.form == Form::Invariant)
    return;
  if (form.form != Form::Product) {
    tie.obstacle = form.form == Form::Other
                       ? form.reason
                       : "a sum over the axis, as of a mean";
    return;
  }
  tie.isContraction = tie.uses.empty() && !form.isSumOfProducts &&
                      form.inputs.size() == 1 && form.others.size() == 1 &&
                      form.inputs.front() != form.others.front();
  addUses(tie, form.inputs, getAxis);
  addUses(tie, form.others, getAxis);
}

Tie mlir::mx::getLoopTie(linalg::LinalgOp op, unsigned loop) {
  BodyForms forms(op, loop);
  auto getInputAxis = [&](OpOperand &use) { return getAxis(use, loop); };
  bool isParallel =
      op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel;
  Tie tie;
  InputSet fixed;
  for (unsigned index = 0; index < op->getNumResults(); ++index) {
    std::optional<int64_t> axis = getResultAxis(op, index, loop);
    if (isParallel != axis.has_value())
      return makeObstacle("positions along the axis are computed");
    ScalarForm form =
        isParallel ? forms.getYielded(index) : forms.getSummand(index);
    if (isParallel)
      addParallelResult(tie, form, {op->getResult(index), *axis},
                        op->getNumResults() == 1, getInputAxis);
    else
      addSum(tie, form, getInputAxis);
    if (!tie.obstacle.empty())
      return makeObstacle(tie.obstacle);
    fixed.insert_range(form.fixed);
  }
  if (llvm::any_of(tie.uses, [&](const AxisUse &use) {
        return fixed.contains(use.operand);
      }))
    return makeObstacle("a repeated constant that is a factor as well");
  if (op->getNumResults() != 1)
    tie.isContraction = false;
  return tie;
}

Tie mlir::mx::getElementwiseTie(Operation *op, int64_t axis) {
  SmallVector<ScalarForm> forms;
  for (OpOperand &operand : op->getOpOperands())
    forms.push_back(isa<RankedTensorType>(operand.get().getType())
                        ? getElementForm(operand, axis)
                        : ScalarForm());
  Tie tie;
  addParallelResult(tie, applyOperation(op, forms), {op->getResult(0), axis},
                    /*isOnlyResult=*/true,
                    [axis](OpOperand &) { return axis; });
  return tie;
}
