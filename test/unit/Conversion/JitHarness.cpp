//===- JitHarness.cpp - compile and call packed operations ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The shortest road from `mx.packed` operations to machine code: our loops,
// then upstream's conversions, one dialect each.
//===----------------------------------------------------------------------===//

#include "JitHarness.h"
#include "NVVMToSimulator/NVVMToSimulator.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Simulator/Launch.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mxtest;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Argument::Argument(void *data, std::vector<int64_t> shape,
                   std::vector<int64_t> strides, int64_t offset) {
  if (strides.empty()) {
    strides.resize(shape.size());
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0; stride *= shape[i])
      strides[i] = stride;
  }
  auto address = static_cast<int64_t>(reinterpret_cast<intptr_t>(data));
  words = {address, address, offset};
  words.insert(words.end(), shape.begin(), shape.end());
  words.insert(words.end(), strides.begin(), strides.end());
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// Operations of NVVM become calls of the simulator.
static LogicalResult convertDeviceOperations(ModuleOp module) {
  mlir::mx::LocationTable locations;
  mlir::mx::SimulatorCalls calls(module, locations);
  for (auto function :
       llvm::make_early_inc_range(module.getOps<LLVM::LLVMFuncOp>()))
    if (!function.isExternal() &&
        failed(mlir::mx::convertDeviceOperations(function, calls)))
      return failure();
  return success();
}

static LogicalResult lowerToLLVM(ModuleOp module, const JitOptions &options) {
  module.walk([](func::FuncOp function) {
    function->setAttr("llvm.emit_c_interface",
                      UnitAttr::get(function.getContext()));
  });
  PassManager passes(module.getContext());
  passes.addPass(mlir::mx::createConvertMXToLoopsPass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(module)))
    return failure();
  return success(!options.simulatesConversions ||
                 succeeded(convertDeviceOperations(module)));
}

static llvm::orc::SymbolMap
getSimulatorSymbols(llvm::orc::MangleAndInterner interner) {
  llvm::orc::SymbolMap symbols;
  for (const mxsim::Symbol &symbol : mxsim::getSymbols())
    symbols[interner(symbol.name)] = {
        llvm::orc::ExecutorAddr::fromPtr(symbol.address),
        llvm::JITSymbolFlags::Exported};
  return symbols;
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const JitOptions &options) {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  if (options.chip != "native") {
    builder->setCPU(options.chip);
    builder->getFeatures() = llvm::SubtargetFeatures();
  }
  if (!options.features.empty())
    builder->addFeatures({options.features});
  return builder->createTargetMachine();
}

static llvm::Expected<std::unique_ptr<ExecutionEngine>>
createEngine(ModuleOp module, const JitOptions &options) {
  auto machine = createTargetMachine(options);
  if (!machine)
    return machine.takeError();
  // The functions that translate must also carry the processor's features.
  auto transformer =
      makeOptimizingTransformer(options.level, 0, machine->get());
  ExecutionEngineOptions engineOptions;
  engineOptions.transformer = transformer;
  engineOptions.jitCodeGenOptLevel =
      static_cast<llvm::CodeGenOptLevel>(options.level);
  return ExecutionEngine::create(module, engineOptions, std::move(*machine));
}

JitModule::JitModule() = default;
JitModule::~JitModule() = default;

std::unique_ptr<JitModule> JitModule::compile(llvm::StringRef text,
                                              const JitOptions &options) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect,
              scf::SCFDialect, vector::VectorDialect, mlir::mx::MXDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);

  std::unique_ptr<JitModule> result(new JitModule());
  result->context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  auto module = parseSourceString<ModuleOp>(text, result->context.get());
  if (!module || failed(lowerToLLVM(*module, options))) {
    llvm::errs() << "cannot lower\n" << text << "\n";
    return nullptr;
  }
  auto engine = createEngine(*module, options);
  if (!engine) {
    llvm::errs() << "cannot compile: " << engine.takeError() << "\n";
    return nullptr;
  }
  result->engine = std::move(*engine);
  if (options.simulatesConversions)
    result->engine->registerSymbols(getSimulatorSymbols);
  return result;
}

bool JitModule::call(llvm::StringRef name,
                     std::vector<Argument> arguments) const {
  std::vector<void *> pointers, packed;
  for (Argument &argument : arguments)
    pointers.push_back(argument.words.data());
  for (size_t i = 0; i < arguments.size(); ++i)
    packed.push_back(arguments[i].isScalar ? pointers[i] : &pointers[i]);
  llvm::Error error =
      engine->invokePacked(("_mlir_ciface_" + name).str(), packed);
  if (!error)
    return true;
  llvm::errs() << std::move(error) << "\n";
  return false;
}
