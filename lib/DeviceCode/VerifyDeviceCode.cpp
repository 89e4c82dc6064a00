//===- VerifyDeviceCode.cpp - does a chip have what kernels use -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass that stands before translation to PTX, so that LLVM meets nothing it
// cannot select. It refuses what it does not know.
//===----------------------------------------------------------------------===//

#include "DeviceInstructions.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Remarks.h"
#include "mx/DeviceCode/Passes.h"
#include "mx/DeviceCode/WarpgroupInstructions.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Target/Legality.h"

namespace mlir::mx {
#define GEN_PASS_DEF_VERIFYDEVICECODEPASS
#include "mx/DeviceCode/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

static std::string_view toView(StringRef text) {
  return {text.data(), text.size()};
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

/// What an `#nvvm.target` says, if that is something we translate for.
static FailureOr<DeviceTarget> readTarget(gpu::GPUModuleOp module,
                                          NVVM::NVVMTargetAttr target) {
  const Chip *chip = lookupChip(toView(target.getChip()));
  if (!chip)
    return module.emitOpError("expected a chip (")
           << listChips() << "), got '" << target.getChip() << "'";
  std::optional<unsigned> ptx = parsePtx(*chip, toView(target.getFeatures()));
  if (!ptx)
    return module.emitOpError("expected the features of '")
           << target.getChip() << "' to be " << listPtxFeatures(*chip)
           << ", got '" << target.getFeatures() << "'";
  // Flags would change numerics, and libraries are code that was not looked at.
  if (target.getFlags() || target.getLink())
    return module.emitOpError("expected a target without 'flags' and 'link', "
                              "got ")
           << target;
  return DeviceTarget{chip, *ptx};
}

/// The targets of a module: its own, or else the program's.
static FailureOr<SmallVector<DeviceTarget>>
collectTargets(gpu::GPUModuleOp module, std::optional<DeviceTarget> program) {
  SmallVector<DeviceTarget> targets;
  if (ArrayAttr attributes = module.getTargetsAttr())
    for (auto attribute : attributes.getAsRange<NVVM::NVVMTargetAttr>()) {
      FailureOr<DeviceTarget> target = readTarget(module, attribute);
      if (failed(target))
        return failure();
      targets.push_back(*target);
    }
  if (targets.empty() && program)
    targets.push_back(*program);
  if (targets.empty())
    return module.emitOpError("expected an '#nvvm.target', or 'mx.target' of "
                              "the program to be a GPU, got neither");
  return targets;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

static LogicalResult verifyLegality(Operation *op, const DeviceTarget &target) {
  std::string name = getInstructionName(op);
  Legality legality = checkInstruction(name, *target.chip, target.ptx);
  switch (legality.support) {
  case Support::Native:
    return success();
  case Support::Expanded:
    remark::missed(
        op->getLoc(),
        remark::RemarkOpts::name("instruction").category("mx-device"))
        << "'" + name + "' is an instruction that " + legality.reason;
    return success();
  case Support::Impossible:
    return op->emitError("expected an instruction of '")
           << StringRef(target.chip->name) << "' with PTX "
           << printPtxVersion(target.ptx) << ", got '" << name << "', which "
           << legality.reason;
  }
  llvm_unreachable("all cases are handled");
}

/// Types that no chip has end in the same way as instructions.
static bool isDeviceType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return !vector.isScalable() && vector.getRank() == 1 &&
           isDeviceType(vector.getElementType());
  if (auto array = dyn_cast<LLVM::LLVMArrayType>(type))
    return isDeviceType(array.getElementType());
  if (auto structure = dyn_cast<LLVM::LLVMStructType>(type))
    return llvm::all_of(structure.getBody(), isDeviceType);
  if (auto pointer = dyn_cast<LLVM::LLVMPointerType>(type))
    return NVVM::symbolizeNVVMMemorySpace(pointer.getAddressSpace())
        .has_value();
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() <= 128;
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type,
             LLVM::LLVMVoidType, LLVM::LLVMFunctionType>(type);
}

static LogicalResult verifyTypes(Operation *op) {
  auto verify = [&](Type type) -> LogicalResult {
    if (isDeviceType(type))
      return success();
    return op->emitError("expected types that a GPU has, got ") << type;
  };
  for (Type type : op->getOperandTypes())
    if (failed(verify(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(verify(type)))
      return failure();
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
    for (Type type : function.getArgumentTypes())
      if (failed(verify(type)))
        return failure();
  if (auto variable = dyn_cast<LLVM::GlobalOp>(op))
    return verify(variable.getType());
  return success();
}

static LogicalResult verifyOperation(Operation *op,
                                     ArrayRef<DeviceTarget> targets) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (dialect != "llvm" && dialect != "nvvm")
    return op->emitError("expected device code of the llvm and nvvm dialects, "
                         "got '")
           << op->getName() << "'";
  if (failed(verifyTypes(op)))
    return failure();
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
      function && function.isExternal())
    return op->emitError("expected device code to be complete, got a "
                         "declaration of '")
           << function.getSymName() << "'";
  auto assembly = dyn_cast<LLVM::InlineAsmOp>(op);
  bool isInstruction = dialect == "nvvm" || isa<LLVM::CallIntrinsicOp>(op) ||
                       (assembly && matchWarpgroupInstruction(assembly));
  if (!isInstruction && isOrdinary(op))
    return success();
  if (!isInstruction)
    return op->emitError("expected an operation that is translated for GPUs, "
                         "got '")
           << op->getName() << "'";
  for (const DeviceTarget &target : targets)
    if (failed(verifyLegality(op, target)))
      return failure();
  return verifyInstruction(op);
}

/// ptxas does not assemble a kernel that uses tensor cores of one block and of
/// pairs of blocks.
static LogicalResult verifyGroups(LLVM::LLVMFuncOp function) {
  Operation *first = nullptr;
  std::optional<NVVM::CTAGroupKind> group;
  WalkResult result = function.walk([&](Operation *op) {
    for (StringRef name : {"group", "ctaGroup"}) {
      auto attribute = op->getAttrOfType<NVVM::CTAGroupKindAttr>(name);
      if (!attribute)
        continue;
      if (group && *group != attribute.getValue()) {
        InFlightDiagnostic diagnostic =
            op->emitOpError("expected one CTA group in a kernel, got ")
            << attribute;
        diagnostic.attachNote(first->getLoc()) << "another is here";
        return WalkResult::interrupt();
      }
      group = attribute.getValue();
      first = op;
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static LogicalResult verifyModule(gpu::GPUModuleOp module,
                                  ArrayRef<DeviceTarget> targets) {
  WalkResult result = module.walk([&](Operation *op) {
    if (op == module.getOperation())
      return WalkResult::advance();
    if (failed(verifyOperation(op, targets)))
      return WalkResult::interrupt();
    if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
      return WalkResult(verifyGroups(function));
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

namespace {

struct VerifyDeviceCodePass
    : public mx::impl::VerifyDeviceCodePassBase<VerifyDeviceCodePass> {
  using Base::Base;

  void runOnOperation() override {
    auto program = getDeviceTarget(getTarget(getOperation()));
    for (auto module : getOperation().getOps<gpu::GPUModuleOp>()) {
      auto targets = collectTargets(module, program);
      if (failed(targets) || failed(verifyModule(module, *targets)))
        return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};

} // namespace
