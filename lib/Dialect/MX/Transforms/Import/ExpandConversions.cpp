//===- ExpandConversions.cpp - conversions no folder may see --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Upstream folds arith.extf and arith.truncf of constant small floats to wrong
// numbers: infinity stays infinity in FP4, a negative number stays negative in
// E8M0, and E8M0's NaN becomes infinity. Whatever canonicalises must therefore
// not meet these operations; their expansions fold to the right bits.
//===----------------------------------------------------------------------===//

#include "Pack/ExpandSmallFloats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_EXPANDCONVERSIONSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

struct ExpandConversionsPass
    : public mx::impl::ExpandConversionsPassBase<ExpandConversionsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> conversions;
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
          !(isSmallFloat(op->getOperand(0).getType()) ||
            isSmallFloat(op->getResult(0).getType())))
        return WalkResult::advance();
      if (failed(verifyConversion(op)))
        return WalkResult::interrupt();
      conversions.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (Operation *op : conversions)
      expandConversion(rewriter, op);
  }
};

} // namespace
