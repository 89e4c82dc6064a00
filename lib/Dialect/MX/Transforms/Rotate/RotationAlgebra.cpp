//===- RotationAlgebra.cpp - what commutes with a rotation ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Answers for values and for products of mx, which commute where they contract
// and along the rows and columns of their result; asks
// RotationAlgebraLinalg.cpp and RotationAlgebraMoves.cpp for the rest.
//===----------------------------------------------------------------------===//

#include "Rotate/RotationAlgebra.h"
#include "Weights/WeightExpression.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CallInterfaces.h"

using namespace mlir;
using namespace mlir::mx;

bool Tie::contains(const OpOperand &operand, int64_t axis) const {
  return llvm::any_of(uses, [&](const AxisUse &use) {
    return use.operand == &operand && use.axis == axis;
  });
}

bool Tie::contains(OpResult result, int64_t axis) const {
  return llvm::any_of(results, [&](const AxisResult &made) {
    return made.result == result && made.axis == axis;
  });
}

static Tie makeObstacle(const Twine &reason) {
  Tie tie;
  tie.obstacle = reason.str();
  return tie;
}

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

bool mlir::mx::isRotatable(Value value, int64_t axis, int64_t size) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && axis < type.getRank() && isSupportedShape(type.getShape()) &&
         type.getRank() <= 8 &&
         isa<Float32Type, BFloat16Type, Float16Type>(type.getElementType()) &&
         !type.isDynamicDim(axis) && type.getDimSize(axis) % size == 0;
}

bool mlir::mx::isPlainWeight(Value value) {
  std::optional<WeightExpression> weight = getWeightExpression(value);
  return weight && isa<arith::ConstantOp>(weight->constant);
}

bool mlir::mx::isDecodedWeight(Value value) {
  std::optional<WeightExpression> weight = getWeightExpression(value);
  return weight && isa<ConstantOp>(weight->constant);
}

bool mlir::mx::isRotationFree(Value value) {
  // Unreachable code may hold a cast of itself.
  for (unsigned step = 0; step < 4; ++step)
    if (auto cast = value.getDefiningOp<tensor::CastOp>())
      value = cast.getSource();
  Operation *op = value.getDefiningOp();
  if (!op || !isa<RankedTensorType>(value.getType()))
    return false;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return matchPattern(fill.value(), m_AnyZeroFloat());
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return matchPattern(splat.getInput(), m_AnyZeroFloat());
  return isa<tensor::EmptyOp>(op) || matchPattern(value, m_AnyZeroFloat());
}

/// A constant whose dimensions other than `axis` are 1, as a vector.
static TypedAttr flatten(arith::ConstantOp constant, int64_t axis) {
  auto type = cast<RankedTensorType>(constant.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != axis && type.getDimSize(dim) != 1)
      return {};
  if (type.getRank() == 1)
    return constant.getValue();
  auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
  return dense ? dense.reshape(RankedTensorType::get({type.getDimSize(axis)},
                                                     type.getElementType()))
               : TypedAttr();
}

TypedAttr mlir::mx::getConstantVector(Value value, int64_t axis) {
  if (!isa<RankedTensorType>(value.getType()))
    return {};
  if (auto broadcast = value.getDefiningOp<linalg::BroadcastOp>()) {
    AffineMap map = broadcast.getIndexingMapsArray().front();
    for (auto [dim, loop] : llvm::enumerate(map.getResults()))
      if (cast<AffineDimExpr>(loop).getPosition() == axis)
        return getConstantVector(broadcast.getInput(), dim);
    return {};
  }
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant || !isPlainWeight(value))
    return {};
  return flatten(constant, axis);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Why the contracted dimension of a product cannot be rotated.
static StringRef explainContraction(Operation *op) {
  if (op->hasAttr(kRotatedAttr))
    return "a product that is rotated already";
  auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr);
  return plan && !plan.isKeep() ? "a product whose plan asks for plain numbers"
                                : "";
}

/// What a dimension of a product's operands and result is for.
enum class ProductAxis { Contracted, Columns, Rows, Batch };

/// Classifies a dimension of an operand or, if `operand` is null, of the
/// result.
static ProductAxis classifyAxis(Operation *op, OpOperand *operand,
                                int64_t axis) {
  int64_t rank = getType(op->getResult(0)).getRank();
  bool isGrouped = isa<GroupedMatmulOp>(op);
  bool isLhs = operand == &op->getOpOperand(0);
  bool isRhs = operand == &op->getOpOperand(1);
  int64_t fromLast = (isGrouped && isRhs ? rank + 1 : rank) - 1 - axis;
  if (fromLast > 1 || (isGrouped && fromLast == 1 && !isRhs))
    return ProductAxis::Batch;
  if (isLhs || isRhs)
    return fromLast == 0 ? ProductAxis::Contracted
           : isLhs       ? ProductAxis::Rows
                         : ProductAxis::Columns;
  return fromLast == 0 ? ProductAxis::Columns : ProductAxis::Rows;
}

static Tie getProductTie(Operation *op, ProductAxis axis) {
  OpOperand &lhs = op->getOpOperand(0), &rhs = op->getOpOperand(1);
  OpOperand &init =
      cast<DestinationStyleOpInterface>(op).getDpsInitsMutable()[0];
  if (axis == ProductAxis::Batch)
    return makeObstacle(isa<GroupedMatmulOp>(op) ? "the boundary of an expert"
                                                 : "the boundary of a batch");
  for (OpOperand *side : {&lhs, &rhs})
    if (isa<BlockTensorType>(side->get().getType()))
      return makeObstacle("quantisation: an operand is block-scaled");
  auto getLast = [](OpOperand &operand) {
    return getType(operand.get()).getRank() - 1;
  };
  Tie tie;
  if (axis == ProductAxis::Contracted) {
    tie.uses = {{&lhs, getLast(lhs)}, {&rhs, getLast(rhs)}};
    tie.isContraction = true;
    tie.obstacle = explainContraction(op).str();
    return tie;
  }
  bool isColumns = axis == ProductAxis::Columns;
  int64_t made = getLast(init) - (isColumns ? 0 : 1);
  OpOperand &side = isColumns ? rhs : lhs;
  tie.uses.push_back({&side, getLast(side) - 1});
  if (!isRotationFree(init.get()))
    tie.uses.push_back({&init, made});
  tie.results.push_back({op->getResult(0), made});
  return tie;
}

//===----------------------------------------------------------------------===//
// All operations
//===----------------------------------------------------------------------===//

/// Why an operation that nothing is known about does not commute.
static std::string explainUnknown(Operation *op) {
  std::string name = ("'" + op->getName().getStringRef() + "'").str();
  if (isa<QuantizeOp, DequantizeOp>(op))
    return "quantisation";
  if (isa<linalg::SoftmaxOp>(op))
    return name + ", which is not linear";
  if (isa<CallOpInterface>(op))
    return "a call (" + name + "), whose function would have to change";
  if (op->hasTrait<OpTrait::ReturnLike>())
    return "the end of a region or function (" + name + ")";
  if (op->getNumRegions() != 0)
    return "the boundary of " + name;
  return name + " is not known to commute";
}

static bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

/// Refuses a tie with a member whose groups cannot be rotated.
static Tie checkMembers(Tie tie, int64_t size) {
  bool isGood = tie.obstacle.empty();
  for (const AxisUse &use : tie.uses) {
    if (isDecodedWeight(use.operand->get()) && tie.obstacle.empty())
      tie.obstacle = "quantisation: a weight that is encoded already";
    isGood &= isRotatable(use.operand->get(), use.axis, size);
  }
  for (const AxisResult &made : tie.results)
    isGood &= isRotatable(made.result, made.axis, size);
  if (!isGood && tie.obstacle.empty())
    tie.obstacle =
        "a tensor whose type cannot be rotated by " + std::to_string(size);
  return tie;
}

/// The tie of a structured operation for a use, which its body may ignore.
static Tie getStructuredTie(linalg::LinalgOp op, OpOperand &use, int64_t axis) {
  bool isOperand = use.getOwner() == op.getOperation();
  if (isOperand && !op.payloadUsesValueFromOperand(&use)) {
    Tie tie;
    tie.uses.push_back({&use, axis});
    return tie;
  }
  std::optional<unsigned> loop = getLoop(use, axis);
  if (!loop)
    return makeObstacle("positions along the axis are computed");
  Tie tie = getLoopTie(op, *loop);
  if (tie.obstacle.empty() && !tie.contains(use, axis))
    tie.obstacle = "a factor that must be the same along the axis";
  return tie;
}

static Tie computeTie(OpOperand &use, int64_t axis, int64_t size) {
  Operation *op = use.getOwner();
  if (linalg::LinalgOp reader = getReadingOp(use))
    return getStructuredTie(reader, use, axis);
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (!linalgOp.hasPureTensorSemantics())
      return makeObstacle(explainUnknown(op));
    return getStructuredTie(linalgOp, use, axis);
  }
  if (std::optional<Tie> moved = getMoveTie(use, axis, size))
    return *moved;
  if (isa<MatmulOp, GroupedMatmulOp>(op))
    return getProductTie(op, classifyAxis(op, &use, axis));
  if (isElementwise(op))
    return getElementwiseTie(op, axis);
  return makeObstacle(explainUnknown(op));
}

Tie mlir::mx::getTie(OpOperand &use, int64_t axis, int64_t size) {
  Tie tie = checkMembers(computeTie(use, axis, size), size);
  if (tie.obstacle.empty() && !tie.contains(use, axis))
    tie.obstacle = "a factor that must be the same along the axis";
  return tie;
}

static Tie computeTie(OpResult result, int64_t axis, int64_t size) {
  Operation *op = result.getOwner();
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (!linalgOp.hasPureTensorSemantics())
      return makeObstacle(explainUnknown(op));
    AffineMap map = linalgOp.getIndexingMapMatchingResult(result);
    if (auto loop = dyn_cast<AffineDimExpr>(map.getResult(axis)))
      return getLoopTie(linalgOp, loop.getPosition());
    return makeObstacle("positions along the axis are computed");
  }
  if (std::optional<Tie> moved = getMoveTie(result, axis, size))
    return *moved;
  if (isa<MatmulOp, GroupedMatmulOp>(op))
    return getProductTie(op, classifyAxis(op, nullptr, axis));
  if (isElementwise(op))
    return getElementwiseTie(op, axis);
  return makeObstacle(explainUnknown(op));
}

Tie mlir::mx::getTie(OpResult result, int64_t axis, int64_t size) {
  Tie tie = checkMembers(computeTie(result, axis, size), size);
  if (tie.obstacle.empty() && !tie.contains(result, axis))
    tie.obstacle = "products along the axis";
  return tie;
}
