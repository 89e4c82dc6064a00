//===- UnifyViews.cpp - one view for all its readers ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Raising gives each product a view of its activation. As long as these are
// different values, a rotation that all products want would stand before the
// views, where no quantisation can take it over. Only what moves numbers is
// unified: whatever computes stays as it was written.
//===----------------------------------------------------------------------===//

#include "Rotate/MoveRotations.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Operations that make the same of the same operands are equal.
struct SameResult : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *op) {
    return OperationEquivalence::computeHash(
        const_cast<Operation *>(op), OperationEquivalence::directHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
  }
  static bool isEqual(const Operation *left, const Operation *right) {
    if (left == right)
      return true;
    if (left == getTombstoneKey() || left == getEmptyKey() ||
        right == getTombstoneKey() || right == getEmptyKey())
      return false;
    return OperationEquivalence::isEquivalentTo(
        const_cast<Operation *>(left), const_cast<Operation *>(right),
        OperationEquivalence::IgnoreLocations);
  }
};

} // namespace

/// Whether `op` moves numbers, or tells a view how large it is.
static bool isView(Operation *op) {
  return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp,
             tensor::ExtractSliceOp, tensor::EmptyOp, tensor::DimOp,
             linalg::TransposeOp>(op) ||
         (isa<arith::ConstantOp>(op) && op->getResult(0).getType().isIndex());
}

void mlir::mx::unifyViews(FunctionOpInterface function) {
  SmallVector<Operation *> repeated;
  function->walk([&](Block *block) {
    llvm::DenseSet<Operation *, SameResult> known;
    for (Operation &op : *block) {
      if (!isView(&op) || op.getNumResults() != 1)
        continue;
      auto [first, isNew] = known.insert(&op);
      if (isNew)
        continue;
      op.getResult(0).replaceAllUsesWith((*first)->getResult(0));
      repeated.push_back(&op);
    }
  });
  for (Operation *op : repeated)
    op->erase();
}
