//===- RotationGains.cpp - gains of normalisations ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights become expressions (a product with the constant vector), which
// mx-quantize evaluates; the operation that multiplied loses an input.
//===----------------------------------------------------------------------===//

#include "Rotate/RotationGains.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Finding
//===----------------------------------------------------------------------===//

namespace {

/// A tensor that is multiplied by the gain along a dimension.
struct Gained {
  Value value;
  int64_t axis;
};

/// Follows a gained tensor to the products that read it.
class GainSearch {
public:
  GainSearch(int64_t size) : size(size) {}

  bool run(Gained start) {
    worklist.push_back(start);
    llvm::DenseSet<std::pair<Value, int64_t>> seen;
    while (!worklist.empty()) {
      Gained next = worklist.pop_back_val();
      // Unreachable code may hold cycles.
      if (!seen.insert({next.value, next.axis}).second)
        return false;
      for (OpOperand &use : next.value.getUses())
        if (!visit(use, next.axis))
          return false;
    }
    return true;
  }

  SmallVector<GainTarget> targets;
  std::string reason;

private:
  bool fail(Operation *op) {
    reason = ("'" + op->getName().getStringRef() + "' cannot take over").str();
    return false;
  }

  /// Adds the constant side of a product of which `use` is the other side.
  bool addTarget(OpOperand &use, int64_t axis, RotateOp rotation) {
    Tie tie = getTie(use, axis, size);
    if (!tie.isContraction || !tie.contains(use, axis))
      return fail(use.getOwner());
    const AxisUse &other = tie.uses[tie.uses[0].operand == &use ? 1 : 0];
    Value weight = other.operand->get();
    if (rotation) {
      auto same = weight.getDefiningOp<RotateOp>();
      if (!same || same.getRotation() != rotation.getRotation() ||
          same.getInverse() != rotation.getInverse() ||
          static_cast<int64_t>(same.getAxis()) != other.axis)
        return fail(use.getOwner());
      weight = same.getSource();
    }
    if (!isPlainWeight(weight))
      return fail(use.getOwner());
    targets.push_back({other.operand, other.axis, rotation != nullptr});
    return true;
  }

  bool visit(OpOperand &use, int64_t axis) {
    auto rotate = dyn_cast<RotateOp>(use.getOwner());
    if (rotate && static_cast<int64_t>(rotate.getAxis()) == axis)
      return llvm::all_of(rotate->getUses(), [&](OpOperand &rotated) {
        return addTarget(rotated, axis, rotate);
      });
    Tie tie = getTie(use, axis, size);
    if (tie.isContraction)
      return addTarget(use, axis, nullptr);
    // What is linear along an axis commutes with diag(γ) as with R, if it keeps
    // channels where they are.
    if (!tie.obstacle.empty() || tie.gain || tie.uses.size() != 1 ||
        tie.results.size() != 1)
      return fail(use.getOwner());
    Gained next{tie.results[0].result, tie.results[0].axis};
    auto getLength = [](Value value, int64_t dim) {
      return cast<RankedTensorType>(value.getType()).getDimSize(dim);
    };
    if (getLength(next.value, next.axis) != getLength(use.get(), axis))
      return fail(use.getOwner());
    worklist.push_back(next);
    return true;
  }

  int64_t size;
  SmallVector<Gained> worklist;
};

} // namespace

std::optional<SmallVector<GainTarget>>
mlir::mx::findGainTargets(const Tie &tie, int64_t size, std::string &reason) {
  Operation *op = tie.gain->getOwner();
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (linalgOp ? !linalgOp.isDpsInput(tie.gain) : !isa<arith::MulFOp>(op)) {
    reason = "a gain that is not an input of its own";
    return std::nullopt;
  }
  GainSearch search(size);
  if (search.run({tie.results[0].result, tie.results[0].axis}))
    return search.targets;
  reason = "a gain that " + search.reason;
  return std::nullopt;
}

std::optional<SmallVector<GainTarget>>
mlir::mx::findContractions(Value value, int64_t axis, int64_t size,
                           std::string &reason) {
  GainSearch search(size);
  if (search.run({value, axis}))
    return search.targets;
  reason = search.reason;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Scaling weights
//===----------------------------------------------------------------------===//

/// The product of two numbers in the type of the first, computed in f32 unless
/// both have that type.
static Value multiplyNumbers(OpBuilder &builder, Location loc, Value number,
                             Value factor) {
  Type type = number.getType();
  if (type == factor.getType())
    return arith::MulFOp::create(builder, loc, number, factor);
  auto extend = [&](Value value) -> Value {
    if (value.getType().isF32())
      return value;
    return arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
  };
  Value product =
      arith::MulFOp::create(builder, loc, extend(number), extend(factor));
  if (type.isF32())
    return product;
  return arith::TruncFOp::create(builder, loc, type, product);
}

Operation *mlir::mx::getUser(OpOperand &use) {
  if (linalg::LinalgOp reader = getReadingOp(use))
    return reader;
  return use.getOwner();
}

linalg::GenericOp mlir::mx::scaleWeight(OpBuilder &builder, Operation *user,
                                        Value weight, TypedAttr vector,
                                        int64_t axis) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(user);
  Location loc = weight.getLoc();
  auto type = cast<RankedTensorType>(weight.getType());
  Value factor = arith::ConstantOp::create(builder, loc, vector);
  Value init = tensor::EmptyOp::create(
      builder, loc, type.getShape(), type.getElementType(), type.getEncoding());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  AffineMap channel =
      AffineMap::get(type.getRank(), 0, builder.getAffineDimExpr(axis));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, loc, TypeRange(type), ValueRange{weight, factor},
      ValueRange(init), ArrayRef<AffineMap>{identity, channel, identity}, loops,
      [](OpBuilder &inner, Location loc, ValueRange numbers) {
        Value product = multiplyNumbers(inner, loc, numbers[0], numbers[1]);
        linalg::YieldOp::create(inner, loc, product);
      });
}

void mlir::mx::scaleWeights(OpBuilder &builder, const Tie &tie,
                            ArrayRef<GainTarget> targets) {
  TypedAttr vector = getConstantVector(tie.gain->get(), tie.gainAxis);
  for (const GainTarget &target : targets) {
    Operation *user = getUser(*target.weight);
    Value weight = target.weight->get();
    auto rotate = weight.getDefiningOp<RotateOp>();
    if (target.isBelowRotation)
      weight = rotate.getSource();
    linalg::GenericOp scaled =
        scaleWeight(builder, user, weight, vector, target.axis);
    scaled->setAttr(kMovedGainAttr, builder.getUnitAttr());
    weight = scaled.getResult(0);
    if (target.isBelowRotation) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(user);
      IRMapping mapping;
      mapping.map(rotate.getSource(), weight);
      weight = builder.clone(*rotate, mapping)->getResult(0);
    }
    target.weight->set(weight);
  }
}

//===----------------------------------------------------------------------===//
// Dropping the gain
//===----------------------------------------------------------------------===//

static Value makeOne(OpBuilder &builder, Location loc, Type type) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, 1.0));
}

/// Copies a body in which some arguments were mapped to 1. Factors and
/// conversions of 1 disappear.
static void cloneWithOne(OpBuilder &builder, Block &body, IRMapping &mapping) {
  for (Operation &op : body.without_terminator()) {
    auto isOne = [&](Value value) {
      return matchPattern(mapping.lookupOrDefault(value), m_OneFloat());
    };
    if (isa<arith::ExtFOp, arith::TruncFOp>(op) && isOne(op.getOperand(0))) {
      mapping.map(op.getResult(0),
                  makeOne(builder, op.getLoc(), op.getResult(0).getType()));
      continue;
    }
    if (auto multiply = dyn_cast<arith::MulFOp>(op)) {
      Value left = multiply.getLhs(), right = multiply.getRhs();
      if (isOne(left) || isOne(right)) {
        Value other = isOne(left) ? right : left;
        mapping.map(multiply.getResult(), mapping.lookupOrDefault(other));
        continue;
      }
    }
    builder.clone(op, mapping);
  }
  builder.clone(*body.getTerminator(), mapping);
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(*builder.getBlock())))
    if (isa<arith::ConstantOp>(op) && op.use_empty())
      op.erase();
}

/// The operation without some of its inputs, as a linalg.generic.
static linalg::GenericOp cloneWithoutGains(RewriterBase &rewriter,
                                           linalg::LinalgOp op,
                                           ArrayRef<OpOperand *> gains) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    if (llvm::is_contained(gains, &operand))
      continue;
    maps.push_back(op.getMatchingIndexingMap(&operand));
    if (op.isDpsInput(&operand))
      inputs.push_back(operand.get());
  }
  auto buildBody = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    IRMapping mapping;
    unsigned next = 0;
    for (BlockArgument argument : op.getBlock()->getArguments()) {
      bool isGain =
          llvm::is_contained(gains, op.getMatchingOpOperand(argument));
      mapping.map(argument, isGain ? makeOne(builder, loc, argument.getType())
                                   : arguments[next++]);
    }
    cloneWithOne(builder, *op.getBlock(), mapping);
  };
  return linalg::GenericOp::create(rewriter, op.getLoc(), op->getResultTypes(),
                                   inputs, op.getDpsInits(), maps,
                                   op.getIteratorTypesArray(), buildBody);
}

/// The input that `op` copies as it is, or null.
static Value getCopied(linalg::GenericOp op) {
  auto yielded =
      dyn_cast<BlockArgument>(op.getBody()->getTerminator()->getOperand(0));
  if (!yielded || yielded.getOwner() != op.getBody())
    return nullptr;
  OpOperand *source = op.getMatchingOpOperand(yielded);
  bool isCopy =
      op.isDpsInput(source) &&
      op.getMatchingIndexingMap(source) == op.getIndexingMapsArray().back() &&
      source->get().getType() == op.getResult(0).getType();
  return isCopy ? source->get() : nullptr;
}

void mlir::mx::dropGains(RewriterBase &rewriter, Operation *op,
                         ArrayRef<OpOperand *> gains) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  if (auto multiply = dyn_cast<arith::MulFOp>(op)) {
    assert(gains.size() == 1 && "a product of constants has no gain");
    bool isLeft = gains.front()->getOperandNumber() == 0;
    rewriter.replaceOp(op, isLeft ? multiply.getRhs() : multiply.getLhs());
    return;
  }
  linalg::GenericOp without =
      cloneWithoutGains(rewriter, cast<linalg::LinalgOp>(op), gains);
  Value copied = getCopied(without);
  rewriter.replaceOp(op, copied ? ValueRange(copied) : without.getResults());
  if (copied)
    rewriter.eraseOp(without);
}
