//===- SelectKernels.cpp - name the kernel of each operation --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Chooses a row of Target/Kernels.def for every operation that computes and
// writes its name into the IR. Choosing and lowering are tested apart: this
// pass looks at features only, later ones obey the attribute.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Target/KernelRegistry.h"

namespace mlir::mx {
#define GEN_PASS_DEF_SELECTKERNELSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kernelAttr = "kernel";

static std::string_view toView(StringRef text) {
  return {text.data(), text.size()};
}
static StringRef toRef(std::string_view text) {
  return {text.data(), text.size()};
}

/// Checks a kernel that the input names already.
static LogicalResult verifyNamedKernel(Operation *op, StringRef name) {
  const KernelRow *row = lookupKernel(toView(name));
  if (row && toRef(row->operation) == op->getName().getStringRef())
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError("expected a kernel of this "
                                                  "operation (");
  bool first = true;
  for (const KernelRow &candidate : getKernels()) {
    if (toRef(candidate.operation) != op->getName().getStringRef())
      continue;
    diagnostic << (first ? "" : ", ") << toRef(candidate.name);
    first = false;
  }
  return diagnostic << "), got '" << name << "'";
}

/// No kernel multiplies two plain operands: such a product is still to be
/// decided on.
static LogicalResult verifyDecided(Operation *op) {
  if (!isa<MatmulOp, GroupedMatmulOp>(op))
    return success();
  Type lhs = op->getOperand(0).getType(), rhs = op->getOperand(1).getType();
  if (isa<BlockTensorType>(lhs) || isa<BlockTensorType>(rhs))
    return success();
  return op->emitOpError("expected a block-scaled operand (mx-quantize decides "
                         "on products of plain ones), got ")
         << lhs << " and " << rhs;
}

/// Says which row was chosen, and why when it is the slow one.
static LogicalResult reportChoice(Operation *op, const KernelRow &row,
                                  bool failOnEmulation) {
  if (!row.emulated) {
    remark::passed(op->getLoc(),
                   remark::RemarkOpts::name("kernel").category("mx-select"))
        << "chose " << toRef(row.name);
    return success();
  }
  if (failOnEmulation)
    return op->emitOpError("expected a kernel for the target, got only '")
           << toRef(row.name)
           << "', because no other row of this operation fits the target";
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("kernel").category("mx-select"))
      << "chose " << toRef(row.name)
      << ": no other row of this operation fits the target";
  return success();
}

namespace {

struct SelectKernelsPass
    : public mx::impl::SelectKernelsPassBase<SelectKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    auto target = getOperation()->getAttrOfType<TargetAttr>("mx.target");
    StringRef features = target ? target.getFeatures() : "";
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa<QuantizeOp, DequantizeOp, RotateOp, MatmulOp, GroupedMatmulOp>(
              op))
        return WalkResult::advance();
      return failed(select(op, features)) ? WalkResult::interrupt()
                                          : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult select(Operation *op, StringRef features) {
    if (failed(verifyDecided(op)))
      return failure();
    if (auto named = op->getAttrOfType<StringAttr>(kernelAttr))
      return verifyNamedKernel(op, named);
    const KernelRow *row =
        selectKernel(toView(op->getName().getStringRef()), toView(features));
    assert(row && "every operation has an emulated row");
    op->setAttr(kernelAttr,
                StringAttr::get(op->getContext(), toRef(row->name)));
    return reportChoice(op, *row, failOnEmulation);
  }
};

} // namespace
