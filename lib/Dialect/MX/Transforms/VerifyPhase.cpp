//===- VerifyPhase.cpp - check the contract of a phase --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A phase's sentence (Phases.h) as a predicate on operations and types, so that
// a broken contract is reported where it broke and not three phases later.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Dialect/MX/Transforms/Phases.h"

namespace mlir::mx {
#define GEN_PASS_DEF_VERIFYPHASEPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// Whether `type` is, or contains as its element, a type that satisfies `test`.
template <typename Test>
static bool mentions(Type type, Test test) {
  if (test(type))
    return true;
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && test(shaped.getElementType());
}

template <typename Test>
static bool usesType(Operation *op, Test test) {
  auto isBad = [&](Type type) { return mentions(type, test); };
  if (llvm::any_of(op->getOperandTypes(), isBad) ||
      llvm::any_of(op->getResultTypes(), isBad))
    return true;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (llvm::any_of(block.getArgumentTypes(), isBad))
        return true;
  return false;
}

static bool isFrom(Operation *op, StringRef dialect) {
  return op->getName().getDialectNamespace() == dialect;
}

static bool isProduct(Operation *op) {
  return isa<MatmulOp, GroupedMatmulOp>(op);
}

/// Whether `type` is a float that nothing here can compute with: tf32, or one
/// of a byte or less that is not in N1.1.
static bool isUnknownFloat(Type type) {
  return isa<FloatTF32Type>(type) ||
         (isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8 &&
          !getSmallFloatBits(type));
}

/// The phases that decide on sites.
static StringRef findUndecided(Operation *op, Phase phase) {
  if (!isProduct(op))
    return "";
  auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr);
  if (phase == Phase::Format)
    return isSite(op) && !plan ? "a plan of each product of plain operands"
                               : "";
  if (phase == Phase::Rotate)
    return plan && plan.getRotation() ? "no plan with a rotation" : "";
  if (isSite(op))
    return "no product of two plain operands";
  return plan || op->hasAttr(kRotatedAttr) ? "no plan" : "";
}

/// The code of a CPU is all LLVM, but for the loops of OpenMP. Kernels of a GPU
/// are LLVM and NVVM; where only they are wanted, the host code around them
/// still launches them.
static StringRef findUntranslated(Operation *op) {
  if (isa<ModuleOp>(op) || isFrom(op, "llvm"))
    return "";
  constexpr StringRef deviceModule = "gpu.module";
  Operation *program = op;
  bool isDevice = false;
  while (Operation *parent = program->getParentOp()) {
    program = parent;
    isDevice |= program->getName().getStringRef() == deviceModule;
  }
  if (!getDeviceTarget(getTarget(program)))
    return isFrom(op, "omp") ? "" : "only the LLVM dialect";
  return isDevice && !isFrom(op, "nvvm")
             ? "only the LLVM and NVVM dialects in device code"
             : "";
}

/// Returns what must hold after `phase` and does not for `op`, or an empty
/// string.
static StringRef findViolation(Operation *op, Phase phase) {
  auto isTensor = [](Type type) { return isa<BlockTensorType>(type); };
  auto isSmallFloat = [](Type type) {
    return getSmallFloatBits(type).has_value();
  };
  auto isBuiltinTensor = [](Type type) { return isa<TensorType>(type); };
  switch (phase) {
  case Phase::Import:
    if (isFrom(op, "tosa"))
      return "no tosa operation";
    return usesType(op, isUnknownFloat)
               ? "no float of fewer than 16 bits that is not in N1.1, nor tf32,"
               : "";
  case Phase::Format:
  case Phase::Rotate:
  case Phase::Quantize:
    return findUndecided(op, phase);
  case Phase::Select:
    if (isa<QuantizeOp, DequantizeOp, RotateOp, MatmulOp, GroupedMatmulOp>(op))
      return op->hasAttr("kernel") ? "" : "a kernel";
    return "";
  case Phase::Pack:
    if (usesType(op, isTensor))
      return "no block-scaled tensor";
    return usesType(op, isSmallFloat) ? "no FP4, FP6, FP8 or E8M0 type" : "";
  case Phase::Lower:
    if (isFrom(op, "mx"))
      return "no mx operation";
    return usesType(op, isBuiltinTensor) ? "no tensor" : "";
  case Phase::LLVM:
    return findUntranslated(op);
  }
  llvm_unreachable("all phases are handled");
}

namespace {

struct VerifyPhasePass : public mx::impl::VerifyPhasePassBase<VerifyPhasePass> {
  using Base::Base;

  void runOnOperation() override {
    std::optional<Phase> parsed = lookupPhase(phase);
    if (!parsed) {
      getOperation().emitError()
          << "expected a phase (import, format, rotate, quantize, select, "
             "pack, lower, llvm), got '"
          << phase << "'";
      return signalPassFailure();
    }
    WalkResult result = getOperation().walk([&](Operation *op) {
      StringRef expected = findViolation(op, *parsed);
      if (expected.empty())
        return WalkResult::advance();
      op->emitError() << "expected " << expected << " after the "
                      << getPhaseName(*parsed) << " phase, got '"
                      << op->getName() << "'";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
