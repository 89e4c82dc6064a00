//===- FoldTensorScale.cpp - scalar factors into tensor scales ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A tensor scale multiplies every value of its tensor (N1.4), so a number that
// multiplies a product, or its other side, may go there and costs nothing at
// run time. Each product is looked at once; what it takes in is gone.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace mlir::mx {
#define GEN_PASS_DEF_FOLDTENSORSCALEPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

/// An operation that multiplies or divides a tensor by one constant number.
struct Scaling {
  Operation *op = nullptr;
  /// The tensor.
  Value source;
  /// The number, extended to f32.
  float factor = 1.0f;
  bool divides = false;

  /// What a tensor scale becomes: one operation in f32.
  float apply(float tensorScale) const {
    return divides ? tensorScale / factor : tensorScale * factor;
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static bool isPlainFloat(Type type) {
  return isa<Float32Type, BFloat16Type, Float16Type>(type);
}

/// The number that `value` holds everywhere: a scalar constant, a splat, or
/// what linalg.fill spreads.
static std::optional<float> matchNumber(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  if (!isPlainFloat(getElementTypeOrSelf(value.getType())))
    return std::nullopt;
  APFloat number(0.0f);
  if (!matchPattern(value, m_ConstantFloat(&number)))
    return std::nullopt;
  bool losesInfo;
  number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToFloat();
}

/// The operand of `op` that `value` stands for in its body; `value` itself if
/// it comes from outside.
static OpOperand *getInput(linalg::LinalgOp op, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner() == op.getBlock()
             ? op.getMatchingOpOperand(argument)
             : nullptr;
}

/// Matches `lhs · rhs` or `lhs / rhs` with a number on one side. The functions
/// give the tensor or the number that a side stands for, if it is one.
static std::optional<Scaling>
matchArithmetic(Operation *arithmetic, function_ref<Value(Value)> getTensor,
                function_ref<std::optional<float>(Value)> getNumber) {
  bool divides = isa<arith::DivFOp>(arithmetic);
  if (!divides && !isa<arith::MulFOp>(arithmetic))
    return std::nullopt;
  Value lhs = arithmetic->getOperand(0), rhs = arithmetic->getOperand(1);
  if (std::optional<float> number = getNumber(rhs))
    if (Value tensor = getTensor(lhs))
      return Scaling{nullptr, tensor, *number, divides};
  if (divides)
    return std::nullopt;
  if (std::optional<float> number = getNumber(lhs))
    if (Value tensor = getTensor(rhs))
      return Scaling{nullptr, tensor, *number, divides};
  return std::nullopt;
}

/// Matches an operation on elements in linalg whose body is one product.
static std::optional<Scaling> matchLinalg(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !op.getIndexingMapsArray().back().isIdentity())
    return std::nullopt;
  auto getTensor = [&](Value value) -> Value {
    OpOperand *input = getInput(op, value);
    bool isWhole = input && op.isDpsInput(input) &&
                   op.getMatchingIndexingMap(input).isIdentity();
    return isWhole ? input->get() : Value();
  };
  auto getNumber = [&](Value value) -> std::optional<float> {
    if (OpOperand *input = getInput(op, value))
      return op.isDpsInput(input) ? matchNumber(input->get()) : std::nullopt;
    return matchNumber(value);
  };
  Operation *yielded =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!yielded)
    return std::nullopt;
  return matchArithmetic(yielded, getTensor, getNumber);
}

/// Matches an operation that multiplies one tensor by one number.
static std::optional<Scaling> matchScaling(Operation *op) {
  std::optional<Scaling> scaling;
  if (auto generic = dyn_cast<linalg::LinalgOp>(op))
    scaling = matchLinalg(generic);
  else if (op->getNumResults() == 1 &&
           isa<RankedTensorType>(op->getResult(0).getType()))
    scaling =
        matchArithmetic(op, [](Value value) { return value; }, matchNumber);
  if (!scaling || scaling->source.getType() != op->getResult(0).getType() ||
      !isPlainFloat(getElementTypeOrSelf(scaling->source.getType())))
    return std::nullopt;
  scaling->op = op;
  return scaling;
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

/// The constant with a tensor scale on one of the sides of a product, the right
/// one first; null if there is none.
static OpOperand *findConstant(Operation *product) {
  for (unsigned side : {1, 0}) {
    auto constant = product->getOperand(side).getDefiningOp<mx::ConstantOp>();
    if (constant && constant.getValue().getTensorScale())
      return &product->getOpOperand(side);
  }
  return nullptr;
}

static void remarkFold(const Scaling &scaling, const std::string &text,
                       bool isFolded) {
  auto options =
      remark::RemarkOpts::name("factor").category("mx-fold-tensor-scale");
  Location loc = scaling.op->getLoc();
  if (isFolded)
    remark::passed(loc, options) << text;
  else
    remark::missed(loc, options) << text;
}

static bool miss(const Scaling &scaling, const std::string &reason) {
  remarkFold(scaling, "factor stays: " + reason, /*isFolded=*/false);
  return false;
}

/// Replaces the tensor scale of the constant by what the factor makes of it, or
/// says why not. Other users of the constant keep theirs.
static bool foldFactor(const Scaling &scaling, OpOperand &side) {
  if (!(scaling.factor > 0.0f))
    return miss(scaling, "expected a positive factor");
  auto constant = side.get().getDefiningOp<mx::ConstantOp>();
  BlockElementsAttr value = constant.getValue();
  float before = value.getTensorScale().getValue().convertToFloat();
  float after = scaling.apply(before);
  if (!(after > 0.0f) || !std::isnormal(after))
    return miss(scaling, "expected a tensor scale that is positive, finite and "
                         "not subnormal");
  OpBuilder builder(constant);
  auto folded =
      BlockElementsAttr::get(constant.getContext(), value.getPayload(),
                             value.getScales(), builder.getF32FloatAttr(after));
  builder.setInsertionPointAfter(constant);
  side.set(mx::ConstantOp::create(builder, constant.getLoc(),
                                  constant.getType(), folded));
  if (constant->use_empty())
    constant->erase();
  std::string text;
  llvm::raw_string_ostream(text)
      << "tensor scale " << llvm::format("%.9g", before) << " became "
      << llvm::format("%.9g", after);
  remarkFold(scaling, text, /*isFolded=*/true);
  return true;
}

/// Whether the initial value of a product is 0.
static bool startsAtZero(Operation *product) {
  Value init = cast<DestinationStyleOpInterface>(product).getDpsInits()[0];
  std::optional<float> number = matchNumber(init);
  return number && *number == 0.0f;
}

/// α · (A · Bᵀ) ⇒ A · (α · B)ᵀ, if nothing else uses the product.
static bool foldResult(Operation *product) {
  Value result = product->getResult(0);
  std::optional<Scaling> scaling;
  for (Operation *user : result.getUsers()) {
    scaling = matchScaling(user);
    if (scaling && scaling->source == result)
      break;
    scaling.reset();
  }
  if (!scaling)
    return false;
  if (!result.hasOneUse())
    return miss(*scaling, "the product has other uses");
  OpOperand *side = findConstant(product);
  if (!side)
    return miss(*scaling, "no side is a constant with a tensor scale");
  if (!startsAtZero(product))
    return miss(*scaling, "expected an initial value of zero");
  if (!foldFactor(*scaling, *side))
    return false;
  scaling->op->getResult(0).replaceAllUsesWith(result);
  scaling->op->erase();
  return true;
}

/// (α · A) · Bᵀ ⇒ A · (α · B)ᵀ, where A is a plain side.
static bool foldOperand(Operation *product) {
  OpOperand *constant = findConstant(product);
  if (!constant)
    return false;
  OpOperand &other =
      product->getOpOperand(constant->getOperandNumber() == 0 ? 1 : 0);
  Operation *op = other.get().getDefiningOp();
  std::optional<Scaling> scaling =
      op ? matchScaling(op) : std::optional<Scaling>();
  if (!scaling || !foldFactor(*scaling, *constant))
    return false;
  other.set(scaling->source);
  if (isOpTriviallyDead(op))
    op->erase();
  return true;
}

namespace {

struct FoldTensorScalePass
    : public mx::impl::FoldTensorScalePassBase<FoldTensorScalePass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> products;
    getOperation()->walk([&](Operation *op) {
      if (isa<MatmulOp, GroupedMatmulOp>(op))
        products.push_back(op);
    });
    for (Operation *product : products) {
      while (foldResult(product) || foldOperand(product)) {
      }
    }
  }
};

} // namespace
