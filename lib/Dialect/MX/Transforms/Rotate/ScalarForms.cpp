//===- ScalarForms.cpp - how numbers depend on one dimension --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rules say what is true of real numbers: rounding between operations is
// not looked at, except that conversions to formats of 8 bits or less count as
// quantisation and nothing commutes with them.
//===----------------------------------------------------------------------===//

#include "Rotate/ScalarForms.h"
#include "Rotate/RotationAlgebra.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

/// How many operations isInvariantAlong looks back; each may have several
/// operands, so that more would take long.
static constexpr unsigned maxDepth = 4;

static ScalarForm makeOther(const Twine &reason) {
  ScalarForm form;
  form.form = Form::Other;
  form.reason = reason.str();
  return form;
}

static ScalarForm makeForm(Form form) {
  ScalarForm result;
  result.form = form;
  return result;
}

static std::string quoteName(Operation *op) {
  return ("'" + op->getName().getStringRef() + "'").str();
}

/// Whether a number is the same at every position.
static bool isSteady(const ScalarForm &form) {
  return form.form == Form::Zero || form.form == Form::Invariant ||
         form.form == Form::Uniform;
}

/// Whether a number is a linear function of inputs that can be rotated.
static bool isTurning(const ScalarForm &form) {
  return form.form == Form::Linear || form.form == Form::Uniform;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// `form`, where `steady` has a part that is not linear in what it depends on.
static ScalarForm fixInputs(ScalarForm form, const ScalarForm &steady) {
  form.fixed.insert_range(steady.inputs);
  form.fixed.insert_range(steady.fixed);
  return form;
}

/// A number that is computed from `operands` and the same at every position.
static ScalarForm makeInvariant(ArrayRef<ScalarForm> operands) {
  ScalarForm form = makeForm(Form::Invariant);
  for (const ScalarForm &operand : operands)
    form = fixInputs(std::move(form), operand);
  return form;
}

/// The form of a sum, and of a choice between two by an invariant condition.
static ScalarForm addForms(const ScalarForm &left, const ScalarForm &right) {
  if (left.form == Form::Zero)
    return right;
  if (right.form == Form::Zero)
    return left;
  bool isUniform = left.form == Form::Uniform && right.form == Form::Uniform;
  if (isSteady(left) && isSteady(right) && !isUniform)
    return makeInvariant({left, right});
  bool areProducts = left.form == Form::Product && right.form == Form::Product;
  if ((isTurning(left) && isTurning(right)) || areProducts) {
    ScalarForm sum = left;
    sum.form = areProducts ? Form::Product
               : isUniform ? Form::Uniform
                           : Form::Linear;
    sum.inputs.insert_range(right.inputs);
    sum.others.insert_range(right.others);
    sum.fixed.insert_range(right.fixed);
    sum.isSumOfProducts = areProducts;
    return sum;
  }
  if (left.form == Form::Product || right.form == Form::Product)
    return makeOther("a sum of a product and something else");
  return makeOther("the same number is added at every position");
}

static ScalarForm multiplyForms(const ScalarForm &left,
                                const ScalarForm &right) {
  if (left.form == Form::Zero || right.form == Form::Zero)
    return makeForm(Form::Zero);
  if (isSteady(left) && isSteady(right))
    return makeInvariant({left, right});
  if (isSteady(left))
    return fixInputs(right, left);
  if (isSteady(right))
    return fixInputs(left, right);
  if (left.form != Form::Linear || right.form != Form::Linear)
    return makeOther("a product of more than two tensors");
  ScalarForm product = makeForm(Form::Product);
  product.inputs = left.inputs;
  product.others = right.inputs;
  product.fixed = left.fixed;
  product.fixed.insert_range(right.fixed);
  return product;
}

/// Whether values of `type` may be intermediate results; smaller ones are
/// encodings.
static bool isWideFloat(Type type) {
  return isa<Float64Type, Float32Type, BFloat16Type, Float16Type>(
      getElementTypeOrSelf(type));
}

static ScalarForm convertForm(Operation *op, const ScalarForm &source) {
  if (isWideFloat(op->getOperand(0).getType()) &&
      isWideFloat(op->getResult(0).getType()))
    return source;
  return makeOther("quantisation: " + quoteName(op) +
                   " of a format of 8 bits or less");
}

/// Whether `op` squares its first operand.
static bool isSquare(Operation *op) {
  APFloat real(0.0);
  APInt integer;
  if (isa<math::PowFOp>(op))
    return matchPattern(op->getOperand(1), m_ConstantFloat(&real)) &&
           real.convertToDouble() == 2.0;
  return isa<math::FPowIOp>(op) &&
         matchPattern(op->getOperand(1), m_ConstantInt(&integer)) &&
         integer == 2;
}

ScalarForm mlir::mx::applyOperation(Operation *op,
                                    ArrayRef<ScalarForm> operands) {
  for (const ScalarForm &operand : operands)
    if (operand.form == Form::Other)
      return operand;
  auto isAt = [&](Form form) {
    return llvm::any_of(operands, [&](const ScalarForm &operand) {
      return operand.form == form;
    });
  };
  if (isAt(Form::Position))
    return makeOther(quoteName(op) + " of positions along the axis");
  if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    return convertForm(op, operands[0]);
  if (isAt(Form::Total))
    return makeOther(quoteName(op) + " of what has been summed so far");
  if (isa<arith::NegFOp>(op))
    return operands[0];
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return addForms(operands[0], operands[1]);
  if (isa<arith::MulFOp>(op))
    return multiplyForms(operands[0], operands[1]);
  if (isa<arith::DivFOp>(op) && isSteady(operands[1]))
    return multiplyForms(operands[0], makeInvariant(operands[1]));
  if (isa<math::FmaOp>(op))
    return addForms(multiplyForms(operands[0], operands[1]), operands[2]);
  if (isa<arith::SelectOp>(op) && isSteady(operands[0]))
    return fixInputs(addForms(operands[1], operands[2]), operands[0]);
  if (isSquare(op))
    return multiplyForms(operands[0], operands[0]);
  if (llvm::all_of(operands, isSteady) && op->getNumRegions() == 0)
    return makeInvariant(operands);
  return makeOther(quoteName(op) + ", which is not linear");
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// Whether `value` is a constant of one number repeated.
static bool isSplat(Value value) {
  DenseElementsAttr dense;
  return matchPattern(value, m_Constant(&dense)) && dense.isSplat();
}

bool mlir::mx::isInvariantAlong(Value value, int64_t axis, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > maxDepth)
    return false;
  if (isSplat(value) || isa<tensor::SplatOp>(op))
    return true;
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return isInvariantAlong(cast.getSource(), axis, depth + 1);
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (!linalgOp.hasPureTensorSemantics())
      return false;
    auto result = cast<OpResult>(value);
    AffineMap map = linalgOp.getIndexingMapMatchingResult(result);
    auto loop = dyn_cast<AffineDimExpr>(map.getResult(axis));
    if (!loop || linalgOp.getIteratorTypesArray()[loop.getPosition()] !=
                     utils::IteratorType::parallel)
      return false;
    BodyForms forms(linalgOp, loop.getPosition(), depth + 1);
    return isSteady(forms.getYielded(result.getResultNumber()));
  }
  return OpTrait::hasElementwiseMappableTraits(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return !isa<RankedTensorType>(operand.getType()) ||
                  isInvariantAlong(operand, axis, depth + 1);
         });
}

static ScalarForm getElementForm(OpOperand &operand, int64_t axis,
                                 unsigned depth) {
  Value value = operand.get();
  if (isRotationFree(value))
    return makeForm(Form::Zero);
  if (isSplat(value) && isWideFloat(value.getType())) {
    ScalarForm uniform = makeForm(Form::Uniform);
    uniform.inputs.insert(&operand);
    return uniform;
  }
  if (isInvariantAlong(value, axis, depth))
    return makeForm(Form::Invariant);
  ScalarForm linear = makeForm(Form::Linear);
  linear.inputs.insert(&operand);
  return linear;
}

ScalarForm mlir::mx::getElementForm(OpOperand &operand, int64_t axis) {
  return ::getElementForm(operand, axis, 0);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

BodyForms::BodyForms(linalg::LinalgOp op, unsigned loop, unsigned depth)
    : op(op), loop(loop) {
  for (OpOperand &operand : op->getOpOperands())
    if (operand.getOperandNumber() < op.getBlock()->getNumArguments())
      forms[op.getMatchingBlockArgument(&operand)] =
          getArgumentForm(operand, depth);
  for (Operation &inner : op.getBlock()->without_terminator()) {
    ScalarForm form;
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      form =
          makeForm(index.getDim() == loop ? Form::Position : Form::Invariant);
    } else if (isa<tensor::ExtractOp>(inner)) {
      form = getReadForm(&inner);
    } else {
      SmallVector<ScalarForm> operands;
      for (Value operand : inner.getOperands())
        operands.push_back(getForm(operand));
      form = applyOperation(&inner, operands);
    }
    for (Value result : inner.getResults())
      forms[result] = form;
  }
}

ScalarForm BodyForms::getForm(Value scalar) const {
  if (matchPattern(scalar, m_AnyZeroFloat()))
    return makeForm(Form::Zero);
  auto found = forms.find(scalar);
  return found == forms.end() ? makeForm(Form::Invariant) : found->second;
}

ScalarForm BodyForms::getArgumentForm(OpOperand &operand,
                                      unsigned depth) const {
  // getMatchingIndexingMap is not const.
  linalg::LinalgOp linalgOp = op;
  AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
  if (!map.isFunctionOfDim(loop)) {
    bool isTotal = linalgOp.isDpsInit(&operand) &&
                   linalgOp.getIteratorTypesArray()[loop] ==
                       utils::IteratorType::reduction;
    if (isRotationFree(operand.get()) && !isTotal)
      return makeForm(Form::Zero);
    return makeForm(isTotal ? Form::Total : Form::Invariant);
  }
  std::optional<unsigned> axis;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    if (axis || !isa<AffineDimExpr>(expr))
      return makeOther("positions along the axis are computed");
    axis = dim;
  }
  return ::getElementForm(operand, *axis, depth);
}

/// The form of an element that the body reads from a tensor outside: a row
/// that is read along the loop varies as the row does.
ScalarForm BodyForms::getReadForm(Operation *op) const {
  auto extract = cast<tensor::ExtractOp>(op);
  std::optional<unsigned> axis;
  for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
    ScalarForm form = getForm(index);
    if (isSteady(form))
      continue;
    if (form.form != Form::Position || axis)
      return makeOther("positions along the axis are computed");
    axis = dim;
  }
  return axis ? ::mlir::mx::getElementForm(extract.getTensorMutable(), *axis)
              : makeForm(Form::Invariant);
}

ScalarForm BodyForms::getYielded(unsigned index) const {
  linalg::LinalgOp linalgOp = op;
  return getForm(linalgOp.getBlock()->getTerminator()->getOperand(index));
}

/// Looks through conversions between float types.
static Value skipConversions(Value scalar) {
  while (Operation *op = scalar.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(op))
      break;
    scalar = op->getOperand(0);
  }
  return scalar;
}

ScalarForm BodyForms::getSummand(unsigned index) const {
  linalg::LinalgOp linalgOp = op;
  // The total of another result does not count.
  auto isTotal = [&](Value scalar) {
    return getForm(scalar).form == Form::Total &&
           skipConversions(scalar) == linalgOp.getRegionOutputArgs()[index];
  };
  Value yielded =
      skipConversions(linalgOp.getBlock()->getTerminator()->getOperand(index));
  if (isTotal(yielded))
    return makeForm(Form::Zero);
  Operation *sum = yielded.getDefiningOp();
  if (!sum)
    return makeOther("one of many positions is kept");
  if (auto add = dyn_cast<arith::AddFOp>(sum))
    for (auto [total, other] : {std::pair(add.getLhs(), add.getRhs()),
                                std::pair(add.getRhs(), add.getLhs())}) {
      ScalarForm form = getForm(other);
      if (isTotal(total) && form.form != Form::Total)
        return form;
    }
  return makeOther(quoteName(sum) + " along the axis");
}
