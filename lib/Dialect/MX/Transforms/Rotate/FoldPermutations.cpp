//===- FoldPermutations.cpp - channels in another order -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// x[π]·Wᵀ = x·(W[π⁻¹])ᵀ along the contracted dimension, and (x·Wᵀ)[π] =
// x·(W[π])ᵀ along the columns: an order of channels that the program changes at
// run time becomes an order of constants, before rotations are written.
//===----------------------------------------------------------------------===//

#include "Rotate/FusedProducts.h"
#include "Rotate/MoveRotations.h"
#include "Rotate/RotationGains.h"
#include "Weights/ChannelGather.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::mx;

/// Two orders of which the second undoes the first.
static bool cancels(Operation *op, const ChannelGather &outer) {
  Operation *source = outer.source.getDefiningOp();
  std::optional<ChannelGather> inner =
      source ? matchChannelOrder(source) : std::nullopt;
  if (!inner || inner->axis != outer.axis ||
      !isIdentityPermutation(applyPermutation(inner->indices, outer.indices)))
    return false;
  remarkPassed(op, "permutation",
               "cancelled two permutations of " + Twine(outer.indices.size()) +
                   " channels");
  op->getResult(0).replaceAllUsesWith(inner->source);
  return true;
}

/// Reorders the columns of the weights that contract the result.
static bool foldForward(OpBuilder &builder, Operation *op,
                        const ChannelGather &gather, std::string &reason) {
  std::optional<SmallVector<GainTarget>> targets = findContractions(
      op->getResult(0), gather.axis, gather.indices.size(), reason);
  if (!targets || targets->empty())
    return false;
  for (const GainTarget &target : *targets)
    if (target.isBelowRotation) {
      reason = "'mx.rotate' cannot take over";
      return false;
    }
  SmallVector<int64_t> inverse = invertPermutationVector(gather.indices);
  for (const GainTarget &target : *targets) {
    builder.setInsertionPoint(getUser(*target.weight));
    Value ordered =
        createGather(builder, target.weight->get(), target.axis, inverse);
    // Recorded rows have the old order.
    ordered.getDefiningOp()->setAttr(kMovedGainAttr, builder.getUnitAttr());
    target.weight->set(ordered);
  }
  op->getResult(0).replaceAllUsesWith(gather.source);
  remarkPassed(op, "permutation",
               "permutation of " + Twine(inverse.size()) +
                   " channels folded into the columns of " +
                   Twine(targets->size()) +
                   (targets->size() == 1 ? " weight" : " weights"));
  return true;
}

/// Reorders the rows of the weight that makes the source.
static bool foldBackward(OpBuilder &builder, Operation *op,
                         const ChannelGather &gather) {
  // The split of a split transpose is the one reader.
  if (!gather.source.hasOneUse())
    return false;
  SmallVector<AxisUse> constants =
      findColumnConstants(gather.source, gather.axis, gather.indices.size());
  if (constants.empty())
    return false;
  for (const AxisUse &use : constants) {
    builder.setInsertionPoint(getUser(*use.operand));
    use.operand->set(
        createGather(builder, use.operand->get(), use.axis, gather.indices));
  }
  op->getResult(0).replaceAllUsesWith(gather.source);
  remarkPassed(op, "permutation",
               "permutation of " + Twine(gather.indices.size()) +
                   " channels folded into the rows of a weight");
  return true;
}

/// Erases the operations that stand for an order, as far as nobody needs them;
/// not their source, which may be another order.
static void eraseOrder(Operation *op) {
  while (op && isOpTriviallyDead(op)) {
    bool isLast = !isa<tensor::CollapseShapeOp, linalg::TransposeOp>(op);
    Operation *source = op->getOperand(0).getDefiningOp();
    op->erase();
    op = isLast ? nullptr : source;
  }
}

void mlir::mx::foldPermutations(FunctionOpInterface function) {
  SmallVector<Operation *> orders;
  function->walk([&](Operation *op) {
    if (matchChannelOrder(op) && !isPlainWeight(op->getResult(0)))
      orders.push_back(op);
  });
  OpBuilder builder(function->getContext());
  // The last first: what it leaves is what the one before it is followed by.
  for (Operation *op : llvm::reverse(orders)) {
    std::optional<ChannelGather> gather = matchChannelOrder(op);
    std::string reason;
    if (op->use_empty() || cancels(op, *gather) ||
        foldForward(builder, op, *gather, reason) ||
        foldBackward(builder, op, *gather))
      eraseOrder(op);
    else
      remarkMissed(op, "permutation",
                   "a permutation of " + Twine(gather->indices.size()) +
                       " channels that " + reason + " stays at run time");
  }
}
