//===- Import.cpp - raise upstream block-scaled operations ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each operation that scales is looked at once, in order, and either replaced
// or left with its reason as a remark. Operands come first, so the bundle of a
// product finds the unbundle of its encoder and folds away. Nothing is
// rewritten greedily: there is nothing to converge, and nothing else is
// touched.
//===----------------------------------------------------------------------===//

#include "Import/Import.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::mx {
#define GEN_PASS_DEF_IMPORTPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// The operation that stands for `op` in the search: itself if it is one of
/// TOSA's, the enclosing generic if it scales, else null.
static Operation *getCandidate(Operation *op) {
  if (isTosaBlockScaled(op))
    return op;
  if (!isa<arith::ScalingExtFOp, arith::ScalingTruncFOp>(op))
    return nullptr;
  if (auto generic = op->getParentOfType<linalg::GenericOp>())
    return generic;
  return op;
}

static LogicalResult importOperation(Operation *op, RewriterBase &rewriter,
                                     ImportReport &report) {
  rewriter.setInsertionPoint(op);
  if (isTosaBlockScaled(op))
    return importTosa(op, rewriter, report);
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return report.miss("expected it in the body of a linalg.generic");
  if (generic.getNumReductionLoops() == 0)
    return importDequantize(generic, rewriter, report);
  return importContraction(generic, rewriter, report);
}

namespace {

struct ImportPass : public mx::impl::ImportPassBase<ImportPass> {
  void runOnOperation() override {
    llvm::SetVector<Operation *> candidates;
    getOperation()->walk([&](Operation *op) {
      if (Operation *candidate = getCandidate(op))
        candidates.insert(candidate);
    });
    IRRewriter rewriter(&getContext());
    auto options = remark::RemarkOpts::name("import").category("mx-import");
    for (Operation *op : candidates) {
      Location loc = op->getLoc();
      std::string name = op->getName().getStringRef().str();
      ImportReport report;
      if (succeeded(importOperation(op, rewriter, report)))
        remark::passed(loc, options)
            << (name + " became " + report.getText()).str();
      else
        remark::missed(loc, options) << name + ": " + report.getText().str();
    }
    // Those whose every part was bundled again.
    getOperation()->walk([&](UnbundleOp op) {
      if (isOpTriviallyDead(op))
        rewriter.eraseOp(op);
    });
  }
};

} // namespace
