//===- FuseRotations.cpp - insert and move rotations ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A rotation of both sides of a product changes nothing but what quantisation
// makes of them. On the constant side it is done at compile time; on the other
// it costs time, unless the numbers can be made rotated by what makes them.
// This file inserts rotations and fuses what stays with the quantisation that
// follows; in between, MoveRotations.cpp moves them as RotationGraph.cpp
// decides by the rules of RotationAlgebra.cpp.
//===----------------------------------------------------------------------===//

#include "Rotate/FuseRotations.h"
#include "Rotate/MoveRotations.h"
#include "Rotate/RotationSigns.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/RotationSigns.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::mx {
#define GEN_PASS_DEF_FUSEROTATIONSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Inserting
//===----------------------------------------------------------------------===//

/// Signs depend on seed and size alone: products that share an activation, or
/// whose rotations meet, have the same.
static HadamardAttr drawSigns(HadamardAttr rotation, uint64_t seed) {
  int64_t size = rotation.getSize();
  if (seed == 0 || !rotation.getSigns().empty())
    return rotation;
  SmallVector<int8_t> signs(size);
  mxnum::drawRotationSigns(seed, size, signs.data());
  // Without a -1 there is only one spelling, which has no signs.
  if (!llvm::is_contained(signs, -1))
    return rotation;
  return HadamardAttr::get(rotation.getContext(), size, signs);
}

/// Why the operands of a product cannot be rotated; empty if they can.
static std::string explainRefusal(Operation *op, HadamardAttr rotation) {
  if (op->hasAttr(kRotatedAttr))
    return "it is rotated already";
  for (Value operand : op->getOperands().take_front(2)) {
    if (isa<BlockTensorType>(operand.getType()) ||
        operand.getDefiningOp<DequantizeOp>() || isDecodedWeight(operand))
      return "an operand is quantised already and would be quantised again";
    int64_t axis = cast<RankedTensorType>(operand.getType()).getRank() - 1;
    int64_t length = cast<RankedTensorType>(operand.getType()).getDimSize(axis);
    if (ShapedType::isDynamic(length))
      return "the contracted size is not known";
    if (!isRotatable(operand, axis, rotation.getSize()))
      return "the contracted size " + std::to_string(length) +
             " is not a multiple of " + std::to_string(rotation.getSize());
  }
  return "";
}

/// Rotates both operands of a product.
static void insertRotation(Operation *op, HadamardAttr rotation,
                           RotationBuilder &builder) {
  std::string refusal = explainRefusal(op, rotation);
  if (!refusal.empty())
    return remarkMissed(op, "insert",
                        getName(op) + " is not rotated by " +
                            getName(rotation) + ": " + refusal);
  for (OpOperand &operand : op->getOpOperands().take_front(2)) {
    int64_t rank = cast<RankedTensorType>(operand.get().getType()).getRank();
    operand.set(builder.rotate(operand.get(), rotation, rank - 1));
  }
  op->setAttr(kRotatedAttr, rotation);
  remarkPassed(op, "insert",
               getName(op) + " is rotated by " + getName(rotation));
}

//===----------------------------------------------------------------------===//
// Quantisation
//===----------------------------------------------------------------------===//

/// mx.quantize x rotate  ⇒  mx.quantize(mx.rotate(x)), so that the rotation can
/// be moved.
static void splitQuantize(QuantizeOp op, RotationBuilder &builder) {
  BlockTensorType type = op.getResult().getType();
  if (!op.getRotate() || !type.isLastAxisBlocked() ||
      !isRotatable(op.getSource(), type.getAxis(),
                   type.getRotation().getSize()))
    return;
  op.getSourceMutable().assign(
      builder.rotate(op.getSource(), type.getRotation(), type.getAxis()));
  op.setRotate(false);
}

void mlir::mx::fuseRotationIntoQuantize(QuantizeOp op, RewriterBase &rewriter) {
  BlockTensorType type = op.getResult().getType();
  auto rotate = op.getSource().getDefiningOp<RotateOp>();
  if (!rotate || rotate.getInverse() || op.getRotate() ||
      !type.isLastAxisBlocked() || rotate.getRotation() != type.getRotation() ||
      static_cast<int64_t>(rotate.getAxis()) != type.getAxis())
    return;
  rewriter.modifyOpInPlace(op, [&] {
    op.getSourceMutable().assign(rotate.getSource());
    op.setRotate(true);
  });
}

//===----------------------------------------------------------------------===//
// Reporting
//===----------------------------------------------------------------------===//

/// Where the rotation of one side of a product ended up.
static std::string describeSide(OpOperand &side, const LateUses &lateUses) {
  if (isPlainWeight(side.get()))
    return "constant";
  auto rotate = side.get().getDefiningOp<RotateOp>();
  if (!rotate)
    return lateUses.contains(&side) ? "online further back" : "offline";
  int64_t readers = std::distance(rotate->user_begin(), rotate->user_end());
  return readers == 1 ? "online"
                      : "online, shared by " + std::to_string(readers);
}

static void reportSite(Operation *op, const LateUses &lateUses) {
  auto rotation = op->getAttrOfType<HadamardAttr>(kRotatedAttr);
  if (!rotation)
    return;
  remarkPassed(op, "site",
               getName(op) + " by " + getName(rotation) + ": lhs " +
                   describeSide(op->getOpOperand(0), lateUses) + "; rhs " +
                   describeSide(op->getOpOperand(1), lateUses));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Drops the rotations of plans outside functions, whose regions may mean
/// anything.
static void refuseOutsideFunctions(ModuleOp module) {
  module.walk<WalkOrder::PreOrder>([](Operation *op) {
    if (isa<FunctionOpInterface>(op))
      return WalkResult::skip();
    auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr);
    if (!plan || !plan.getRotation())
      return WalkResult::advance();
    op->setAttr(kPlanAttr, plan.withRotation({}));
    remarkMissed(op, "insert",
                 getName(op) + " is not rotated by " +
                     getName(plan.getRotation()) + ": it is in no function");
    return WalkResult::advance();
  });
}

static bool hasPlannedRotation(FunctionOpInterface function) {
  return function
      ->walk([](Operation *op) {
        auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr);
        return plan && plan.getRotation() ? WalkResult::interrupt()
                                          : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {

struct FuseRotationsPass
    : public mx::impl::FuseRotationsPassBase<FuseRotationsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (insert != 0 && !mxnum::isHadamardSize(insert)) {
      getOperation().emitError()
          << "expected 'insert' to be 0 or a power of two from "
          << mxnum::kMinHadamard << " to " << mxnum::kMaxHadamard << ", got "
          << int64_t(insert);
      return signalPassFailure();
    }
    refuseOutsideFunctions(getOperation());
    getOperation()->walk([&](FunctionOpInterface function) {
      if (!plannedOnly || hasPlannedRotation(function))
        runOnFunction(function);
    });
  }

private:
  /// The rotation that a product is to get, or null.
  HadamardAttr getWanted(Operation *op) {
    if (!isa<MatmulOp, GroupedMatmulOp>(op))
      return {};
    if (auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr))
      return plan.getRotation();
    if (insert == 0 || op->hasAttr(kRotatedAttr) || !isSite(op))
      return {};
    return HadamardAttr::get(op->getContext(), insert);
  }

  void insertAll(FunctionOpInterface function, RotationBuilder &builder) {
    function->walk([&](Operation *op) {
      HadamardAttr wanted = getWanted(op);
      if (!wanted)
        return;
      if (auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr))
        op->setAttr(kPlanAttr, plan.withRotation({}));
      insertRotation(op, drawSigns(wanted, seed), builder);
    });
    function->walk([&](QuantizeOp op) { splitQuantize(op, builder); });
  }

  /// The rotations of numbers that are not known before the program runs, those
  /// of most elements first.
  SmallVector<SmallVector<RotateOp>> collect(FunctionOpInterface function) {
    llvm::MapVector<HadamardAttr, SmallVector<RotateOp>> groups;
    function->walk([&](RotateOp op) {
      int64_t size = op.getRotation().getSize();
      if (!op.use_empty() && !isPlainWeight(op.getSource()) &&
          isRotatable(op.getSource(), op.getAxis(), size))
        groups[op.getRotation()].push_back(op);
    });
    // The position breaks ties.
    SmallVector<std::pair<int64_t, size_t>> order;
    for (auto [position, group] : llvm::enumerate(groups)) {
      int64_t elements = 0;
      for (RotateOp op : group.second)
        elements += countElements(op.getSource());
      order.push_back({-elements, position});
    }
    llvm::sort(order);
    SmallVector<SmallVector<RotateOp>> sorted;
    for (auto [elements, position] : order)
      sorted.push_back(std::next(groups.begin(), position)->second);
    return sorted;
  }

  static void eraseUnused(FunctionOpInterface function) {
    function->walk<WalkOrder::PostOrder, mlir::ReverseIterator>(
        [](RotateOp op) {
          if (op.use_empty())
            op.erase();
        });
  }

  void runOnFunction(FunctionOpInterface function) {
    unifyViews(function);
    foldPermutations(function);
    RotationBuilder builder(&getContext());
    insertAll(function, builder);
    cancelRotations(function);
    LateUses lateUses;
    for (ArrayRef<RotateOp> rotates : collect(function))
      moveRotations(rotates, lateUses);
    eraseUnused(function);
    SmallVector<RotateOp> remaining;
    function->walk([&](RotateOp op) { remaining.push_back(op); });
    for (RotateOp op : remaining)
      mergeSigns(op);
    IRRewriter rewriter(&getContext());
    function->walk(
        [&](QuantizeOp op) { fuseRotationIntoQuantize(op, rewriter); });
    eraseUnused(function);
    function->walk([&](Operation *op) {
      if (isSite(op))
        reportSite(op, lateUses);
    });
  }
};

} // namespace
