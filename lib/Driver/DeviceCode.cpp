//===- DeviceCode.cpp - from gpu.modules to PTX ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The one file that translates device code. As on the CPU, floating-point
// arithmetic is never contracted or reassociated: LLVM then writes roundings
// into the PTX, which ptxas respects.
//===----------------------------------------------------------------------===//

#include "DeviceCode.h"
#include "PassRun.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mx/Conversion/Passes.h"
#include "mx/DeviceCode/Passes.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::mx;

void mlir::mx::registerDeviceTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

static std::unique_ptr<llvm::TargetMachine>
createMachine(const DeviceTarget &device) {
  // Once, because LLVM's list of targets has no lock.
  [[maybe_unused]] static const bool isKnown = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string ignored;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, ignored);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, device.chip->name, printPtxFeature(device.ptx), options,
      std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  runPasses(module, machine, llvm::PipelineTuningOptions(),
            [](llvm::PassBuilder &passes, llvm::ModulePassManager &pipeline) {
              pipeline = passes.buildPerModuleDefaultPipeline(
                  llvm::OptimizationLevel::O3);
            });
}

static std::string printAssembly(llvm::Module &module,
                                 llvm::TargetMachine &machine) {
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr,
                                  llvm::CodeGenFileType::AssemblyFile))
    return "";
  passes.run(module);
  return text.str().str();
}

/// One PTX text has one target.
static LogicalResult verifyTargets(gpu::GPUModuleOp module,
                                   const DeviceTarget &device) {
  ArrayAttr attributes = module.getTargetsAttr();
  if (!attributes)
    return success();
  for (auto target : attributes.getAsRange<NVVM::NVVMTargetAttr>()) {
    StringRef chip(device.chip->name);
    if (target.getChip() != chip ||
        (!target.getFeatures().empty() &&
         target.getFeatures() != printPtxFeature(device.ptx)))
      return module.emitOpError("expected the target of the program ('")
             << chip << "' with '" << printPtxFeature(device.ptx) << "'), got '"
             << target.getChip() << "' with '" << target.getFeatures() << "'";
  }
  return success();
}

/// Kernels are found by name, and LLVM's linker ends the program where two
/// modules define one.
static LogicalResult verifyNames(ArrayRef<gpu::GPUModuleOp> modules) {
  llvm::StringMap<Operation *> definitions;
  for (gpu::GPUModuleOp module : modules)
    for (Operation &op : *module.getBody()) {
      auto linkage = op.getAttrOfType<LLVM::LinkageAttr>("linkage");
      auto variable = dyn_cast<LLVM::GlobalOp>(op);
      // Memory whose size is given at launch is declared wherever it is used.
      if (!linkage || linkage.getLinkage() != LLVM::Linkage::External ||
          (variable && !variable.getValueOrNull() &&
           variable.getInitializerRegion().empty()))
        continue;
      StringRef name = SymbolTable::getSymbolName(&op);
      auto [entry, isNew] = definitions.try_emplace(name, &op);
      if (isNew)
        continue;
      InFlightDiagnostic diagnostic = op.emitOpError(
          "expected another name than those of other modules, got '");
      diagnostic << name << "' twice";
      diagnostic.attachNote(entry->second->getLoc()) << "the other is here";
      return diagnostic;
    }
  return success();
}

/// A tensor map is passed by value, is never written, and must be read where
/// parameters are: the copy engine knows no copy in the thread's memory.
static void passTensorMaps(LLVM::LLVMFuncOp function) {
  constexpr int mapBytes = 128, mapAlignment = 128;
  OpBuilder b(function.getContext());
  auto bytes = LLVM::LLVMArrayType::get(b.getI8Type(), mapBytes);
  auto maps = function->getAttrOfType<DenseI32ArrayAttr>(kTensorMapsAttr);
  if (!maps)
    return;
  for (int32_t i = 0, e = int32_t(function.getNumArguments()); i < e; ++i) {
    if (!llvm::is_contained(maps.asArrayRef(), i) ||
        !isa<LLVM::LLVMPointerType>(function.getArgumentTypes()[i]))
      continue;
    function.setArgAttr(i, LLVM::LLVMDialect::getByValAttrName(),
                        TypeAttr::get(bytes));
    function.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                        b.getI64IntegerAttr(mapAlignment));
    function.setArgAttr(i, NVVM::NVVMDialect::getGridConstantAttrName(),
                        b.getUnitAttr());
  }
}

/// Checks a copy of the program and replaces in it what is inline PTX in the
/// end.
static LogicalResult prepare(ModuleOp program) {
  program.walk(passTensorMaps);
  PassManager passes(program.getContext(), ModuleOp::getOperationName());
  passes.addPass(createVerifyDeviceCodePass());
  passes.addNestedPass<gpu::GPUModuleOp>(createConvertNVVMToLLVMPass());
  return passes.run(program);
}

/// Inline PTX is made of operations that threads may have to execute together,
/// which LLVM must be told.
static void markConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::BasicBlock &block : function)
      for (llvm::Instruction &instruction : block)
        if (auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction);
            call && call->isInlineAsm())
          call->setConvergent();
}

static FailureOr<std::unique_ptr<llvm::Module>>
translate(ArrayRef<gpu::GPUModuleOp> modules, llvm::LLVMContext &context,
          llvm::TargetMachine &machine) {
  auto whole = std::make_unique<llvm::Module>("mx", context);
  whole->setTargetTriple(machine.getTargetTriple());
  whole->setDataLayout(machine.createDataLayout());
  llvm::Linker linker(*whole);
  for (gpu::GPUModuleOp module : modules) {
    std::unique_ptr<llvm::Module> part =
        translateModuleToLLVMIR(module, context);
    if (!part)
      return failure();
    part->setTargetTriple(machine.getTargetTriple());
    part->setDataLayout(machine.createDataLayout());
    if (linker.linkInModule(std::move(part)))
      return module.emitOpError("expected variables that agree with those of "
                                "other modules, got another one");
  }
  return whole;
}

FailureOr<std::string> mlir::mx::emitPtx(ModuleOp program) {
  std::optional<DeviceTarget> device = getDeviceTarget(getTarget(program));
  assert(device && "callers have checked the target");
  OwningOpRef<ModuleOp> copy = program.clone();
  if (failed(prepare(*copy)))
    return failure();
  auto modules = llvm::to_vector(copy->getOps<gpu::GPUModuleOp>());
  if (modules.empty())
    return program.emitError("expected a program with kernels, got none");
  for (gpu::GPUModuleOp module : modules)
    if (failed(verifyTargets(module, *device)))
      return failure();
  if (failed(verifyNames(modules)))
    return failure();
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(*device);
  if (!machine)
    return program.emitError("expected an LLVM with the NVPTX target, got one "
                             "without");
  llvm::LLVMContext context;
  auto module = translate(modules, context, *machine);
  if (failed(module))
    return failure();
  markConvergent(**module);
  optimize(**module, *machine);
  return printAssembly(**module, *machine);
}
