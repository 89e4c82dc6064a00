//===- SelectKernels.cpp - name the kernel of each operation --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Chooses a row of Target/Kernels.def for every operation that computes and
// writes its name into the IR. Choosing and lowering are tested apart: this
// pass looks at features only, later ones obey the attribute.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

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
static LogicalResult verifyNamedKernel(Operation *op, StringRef name,
                                       const Machine &machine) {
  llvm::SetVector<StringRef> names;
  for (const KernelRow &row : getKernels())
    if (toRef(row.operation) == op->getName().getStringRef() &&
        row.machine == machine.kind)
      names.insert(toRef(row.name));
  if (names.contains(name))
    return success();
  InFlightDiagnostic diagnostic =
      op->emitOpError("expected a kernel of this operation (");
  llvm::interleaveComma(names, diagnostic);
  return diagnostic << "), got '" << name << "'";
}

/// What rows ask for: both sides of a product, or the block-scaled value. Rows
/// of a format that encode do so to nearest: none is for random bits (N5).
static OperandFormats getFormats(Operation *op) {
  auto getFormat = [](Type type) -> OperandFormat {
    if (auto tensor = dyn_cast<BlockTensorType>(type))
      return tensor.getFormat().getBlockFormat();
    Type element = getElementTypeOrSelf(type);
    return element.isBF16()  ? PlainType::BF16
           : element.isF16() ? PlainType::F16
                             : PlainType::F32;
  };
  if (isa<MatmulOp, GroupedMatmulOp>(op))
    return {getFormat(op->getOperand(0).getType()),
            getFormat(op->getOperand(1).getType())};
  if (auto quantize = dyn_cast<QuantizeOp>(op)) {
    if (quantize.getRounding() == Rounding::Stochastic)
      return {getFormat(quantize.getSource().getType())};
    return {getFormat(quantize.getType())};
  }
  return {getFormat(op->getOperand(0).getType())};
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

/// No row fits, or only one that emulates and may not.
static LogicalResult reportObstacle(Operation *op, const KernelChoice &choice,
                                    StringRef chip) {
  InFlightDiagnostic diagnostic =
      op->emitOpError("expected a kernel for the target");
  if (!chip.empty())
    diagnostic << " '" << chip << "'";
  if (choice.row)
    diagnostic << ", got only '" << toRef(choice.row->name) << "'";
  else
    diagnostic << ", got none";
  return diagnostic << ", because " << choice.obstacle;
}

/// Says which row was chosen, and why when it is a slow one.
static void remarkChoice(Operation *op, const KernelChoice &choice) {
  auto options = remark::RemarkOpts::name("kernel").category("mx-select");
  const KernelRow &row = *choice.row;
  std::string chose = ("chose " + toRef(row.name)).str();
  if (row.emulated)
    remark::missed(op->getLoc(), options)
        << chose + ": emulated, because " + choice.obstacle;
  else if (row.machine == MachineKind::Nvvm)
    remark::passed(op->getLoc(), options)
        << chose + ": native, by " + std::string(row.needs);
  else if (row.needs.empty())
    remark::passed(op->getLoc(), options) << chose;
  else
    remark::passed(op->getLoc(), options)
        << chose + ": fastest, by " + std::string(row.needs);
}

namespace {

struct SelectKernelsPass
    : public mx::impl::SelectKernelsPassBase<SelectKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    Machine machine = getMachine(getTarget(getOperation()));
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa<QuantizeOp, DequantizeOp, RotateOp, MatmulOp, GroupedMatmulOp>(
              op))
        return WalkResult::advance();
      return failed(select(op, machine)) ? WalkResult::interrupt()
                                         : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult select(Operation *op, const Machine &machine) {
    if (failed(verifyDecided(op)))
      return failure();
    if (auto named = op->getAttrOfType<StringAttr>(kernelAttr))
      return verifyNamedKernel(op, named, machine);
    KernelChoice choice = selectKernel(toView(op->getName().getStringRef()),
                                       machine, getFormats(op));
    if (!choice.row || (choice.row->emulated && failOnEmulation))
      return reportObstacle(op, choice, toRef(machine.chip));
    op->setAttr(kernelAttr,
                StringAttr::get(op->getContext(), toRef(choice.row->name)));
    remarkChoice(op, choice);
    return success();
  }
};

} // namespace
