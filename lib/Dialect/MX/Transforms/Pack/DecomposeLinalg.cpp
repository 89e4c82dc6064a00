//===- DecomposeLinalg.cpp - linalg operations without loops --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Upstream offers these decompositions to the transform dialect only; programs
// that mix mx operations with softmax or packed layouts need them as a pass.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_DECOMPOSELINALGPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;

/// Replaces one operation by its steps. Fails with a diagnostic if upstream
/// cannot.
static LogicalResult decompose(IRRewriter &rewriter, Operation *op) {
  rewriter.setInsertionPoint(op);
  if (auto pack = dyn_cast<linalg::PackOp>(op)) {
    if (succeeded(linalg::lowerPack(rewriter, pack)))
      return success();
  } else if (auto unpack = dyn_cast<linalg::UnPackOp>(op)) {
    if (succeeded(linalg::lowerUnPack(rewriter, unpack)))
      return success();
  } else if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op)) {
    FailureOr<SmallVector<Value>> results =
        softmax.decomposeOperation(rewriter);
    if (succeeded(results)) {
      rewriter.replaceOp(op, *results);
      return success();
    }
  }
  return op->emitError("expected an operation with static tiles that can be "
                       "decomposed, got one that upstream cannot lower");
}

namespace {

struct DecomposeLinalgPass
    : public mx::impl::DecomposeLinalgPassBase<DecomposeLinalgPass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isa<linalg::PackOp, linalg::UnPackOp, linalg::SoftmaxOp>(op))
        found.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : found)
      if (failed(decompose(rewriter, op)))
        return signalPassFailure();
  }
};

} // namespace
