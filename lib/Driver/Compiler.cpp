//===- Compiler.cpp - from a file to IR, objects and libraries ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Compiler.h"
#include "CodeGen.h"
#include "CudaToolkit.h"
#include "DeviceCode.h"
#include "DeviceImage.h"
#include "GpuSymbols.h"
#include "Linker.h"
#include "Nesting.h"
#include "ProtectedLoop.h"
#include "ReleasingStream.h"
#include "RuntimeSymbols.h"
#include "SeveralTargets.h"
#include "Simulation.h"
#include "TargetName.h"
#include "ThreadRuntime.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mx/Checkpoint/WholeFile.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Dialect/MX/Transforms/WeightLoop.h"
#include "mx/Pipelines/Pipelines.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;
using namespace mlir::mx;

std::optional<OutputKind> mlir::mx::lookupOutputKind(StringRef path) {
  return llvm::StringSwitch<std::optional<OutputKind>>(
             llvm::sys::path::extension(path))
      .Case(".mlir", OutputKind::MLIR)
      .Case(".mlirbc", OutputKind::Bytecode)
      .Case(".ll", OutputKind::LLVMIR)
      .Case(".o", OutputKind::Object)
      .Case(".so", OutputKind::SharedLibrary)
      .Case(".ptx", OutputKind::PTX)
      .Case(".cubin", OutputKind::Cubin)
      .Case(".fatbin", OutputKind::FatBinary)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Set-up and failure
//===----------------------------------------------------------------------===//

Compiler::Compiler(const DialectRegistry &registry, CompilerOptions options,
                   raw_ostream &errors)
    : options(std::move(options)), errors(errors),
      sources(std::make_shared<llvm::SourceMgr>()) {
  DialectRegistry all;
  registry.appendTo(all);
  registerTranslations(all);
  registerDeviceTranslations(all);
  // One thread for passes: the same diagnostics in the same order every time,
  // and a crash where runProtected can see it.
  context =
      std::make_unique<MLIRContext>(all, MLIRContext::Threading::DISABLED);
  // The message and its place say enough.
  context->printOpOnDiagnostic(false);
  printer = std::make_unique<SourceMgrDiagnosticHandler>(*sources,
                                                         context.get(), errors);
  counter = std::make_unique<ScopedDiagnosticHandler>(
      context.get(), [this](Diagnostic &diagnostic) {
        errorCount += diagnostic.getSeverity() == DiagnosticSeverity::Error;
        return failure(); // Let the printer have it.
      });
  startThreads();
}

Compiler::~Compiler() = default;

void Compiler::startThreads() {
  if (options.threads == 1)
    return;
  threads = std::make_unique<llvm::DefaultThreadPool>(
      llvm::hardware_concurrency(options.threads));
  context->getOrLoadDialect<MXDialect>()->addInterface<WeightLoop>(
      makeProtectedLoop(*threads));
}

LogicalResult Compiler::reportError(const Twine &text) {
  ++errorCount;
  errors << "error: " << text << '\n';
  return failure();
}

ExitCode Compiler::getFailureCode() {
  if (errorCount != 0)
    return ExitCode::UserError;
  writeReproducer();
  return ExitCode::Internal;
}

void Compiler::writeReproducer() {
  errors << "error: internal failure; this is a defect of mx\n";
  if (sources->getNumBuffers() == 0)
    return;
  SmallString<64> path;
  int file;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile(
          "mx-reproducer", "mlir", file, path)) {
    errors << "note: no reproducer written: " << error.message() << '\n';
    return;
  }
  llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
  os << sources->getMemoryBuffer(sources->getMainFileID())->getBuffer();
  os.close();
  if (std::error_code error = os.error()) {
    os.clear_error();
    errors << "note: no reproducer written: " << error.message() << '\n';
    return;
  }
  errors << "note: reproduce with: mx-compile " << path
         << " --stop-after=" << getPhaseName(options.stopAfter)
         << (options.threads ? " --threads=" + std::to_string(options.threads)
                             : "")
         << (options.target.empty() ? "" : " --target=") << options.target
         << (options.failOnEmulation ? " --fail-on-emulation" : "")
         << (options.openmp ? " --openmp" : "")
         << formatDecisionFlags(options.decisions)
         << (options.record.collect.empty() ? "" : " --record=")
         << options.record.collect << '\n';
}

LogicalResult Compiler::enableRemarks() {
  if (options.remarksFilter.empty())
    return success();
  std::string problem;
  if (!llvm::Regex(options.remarksFilter).isValid(problem))
    return reportError("expected a regular expression for remarks, got '" +
                       options.remarksFilter + "': " + problem);
  // A kind without a filter of its own, even an empty one, would be silent.
  remark::RemarkCategories categories{options.remarksFilter, "", "", "", ""};
  return remark::enableOptimizationRemarks(
      *context, nullptr, std::make_unique<remark::RemarkEmittingPolicyAll>(),
      categories, /*printAsEmitRemarks=*/true);
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

LogicalResult Compiler::load(StringRef path) {
  std::string problem;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &problem);
  if (!buffer)
    return reportError(problem);
  return load(std::move(buffer));
}

LogicalResult Compiler::load(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  if (failed(enableRemarks()))
    return failure();
  StringRef bytes = buffer->getBuffer();
  bool isText = !isBytecode(*buffer);
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  if (const char *place = isText ? findTooDeep(bytes) : nullptr) {
    ++errorCount;
    sources->PrintMessage(errors, SMLoc::getFromPointer(place),
                          llvm::SourceMgr::DK_Error,
                          "expected at most " + Twine(kMostNested) +
                              " brackets or signs around each other, got more");
    return failure();
  }
  module = parseSourceFile<ModuleOp>(sources, context.get());
  if (!module || failed(setTarget()))
    return failure();
  FailureOr<ProgramSignature> recorded = recordSignatures(*module);
  if (failed(recorded))
    return failure();
  signatures = std::move(*recorded);
  return success();
}

/// A target that stands in the IR may be a processor that LLVM lacks.
static LogicalResult verifyProcessor(ModuleOp module, TargetAttr target) {
  if (target.getKind() == "nvvm" || target.getChip().empty() ||
      lookupProcessor(target.getChip()))
    return success();
  return module.emitError() << "expected 'mx.target' to name a processor of "
                               "this kind of machine, x86-64 or AArch64, got '"
                            << target.getChip() << "'";
}

LogicalResult Compiler::setTarget() {
  constexpr StringRef attribute = "mx.target";
  context->loadDialect<MXDialect>();
  if (options.target.empty() && (*module)->hasAttr(attribute)) {
    if (auto target = (*module)->getAttrOfType<TargetAttr>(attribute))
      return verifyProcessor(*module, target);
    return module->emitError() << "expected 'mx.target' to be a target, got '"
                               << (*module)->getAttr(attribute) << "'";
  }
  StringRef name = options.target.empty() ? StringRef("cpu") : options.target;
  if (name.contains(','))
    return reportError(
        "expected one target, or a shared library ('-o name.so') "
        "for several, got '" +
        name + "'");
  TargetAttr target = lookupTarget(*context, name);
  if (!target)
    return reportError("expected the target 'cpu', 'native', a processor of "
                       "this kind of machine, x86-64 or AArch64, or an NVIDIA "
                       "chip (" +
                       listChips() + "), got '" + name + "'");
  (*module)->setAttr(attribute, target);
  return success();
}

bool Compiler::usesThreads() {
  return options.openmp && !getDeviceTarget(getTarget(*module));
}

LogicalResult Compiler::runPhases(bool kernelsOnly) {
  PipelineOptions pipelineOptions;
  pipelineOptions.stopAfter = options.stopAfter;
  pipelineOptions.failOnEmulation = options.failOnEmulation;
  pipelineOptions.insertChecks = options.insertChecks;
  pipelineOptions.decisions = options.decisions;
  pipelineOptions.record = options.record;
  pipelineOptions.openmp = usesThreads();
  if (TargetAttr target = getTarget(*module); getDeviceTarget(target)) {
    pipelineOptions.gpuChip = target.getChip().str();
    pipelineOptions.gpuFeatures = target.getFeatures().str();
    pipelineOptions.simulate = options.simulate;
    pipelineOptions.kernelsOnly = kernelsOnly;
    // Kernels that the program brings along were made after its buffers.
    pipelineOptions.isLowered =
        (*module)->hasAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
  PassManager passes(context.get(), ModuleOp::getOperationName());
  buildPipeline(passes, pipelineOptions);
  return passes.run(*module);
}

/// Whether `op` of the LLVM dialect declares a function or variable that is
/// defined elsewhere.
static bool isExternal(Operation *op) {
  if (auto function = dyn_cast<FunctionOpInterface>(op))
    return function.isExternal();
  return op->getName().getStringRef() == "llvm.mlir.global" &&
         !op->getAttr("value") && op->getRegion(0).empty();
}

/// S6: compiled code reaches nothing but the runtime symbols.
LogicalResult Compiler::checkExternalSymbols() {
  bool isGpu = getDeviceTarget(getTarget(*module)).has_value();
  auto isAllowed = [&](StringRef name) {
    return name.starts_with("llvm.") || isAllowedSymbol(name) ||
           (isGpu &&
            (options.simulate ? isSimulatorSymbol(name) : isGpuSymbol(name)));
  };
  WalkResult result = module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    // What kernels use is checked where they are translated.
    if (isa<gpu::GPUModuleOp>(op))
      return WalkResult::skip();
    if (op->getName().getStringRef() == "llvm.inline_asm" ||
        op->hasAttr("llvm.module_asm"))
      return WalkResult(
          op->emitError("expected code without inline assembly, got some"));
    if (!isExternal(op))
      return WalkResult::advance();
    StringRef name = SymbolTable::getSymbolName(op);
    if (isAllowed(name))
      return WalkResult::advance();
    return WalkResult(op->emitError("expected an external function to be one "
                                    "of memory management or libm, got '")
                      << name << "'");
  });
  return failure(result.wasInterrupted());
}

static bool isDeviceCode(OutputKind kind) {
  return kind == OutputKind::PTX || kind == OutputKind::Cubin ||
         kind == OutputKind::FatBinary;
}

LogicalResult Compiler::verifyOutput(OutputKind kind) {
  bool isGpu = getDeviceTarget(getTarget(*module)).has_value();
  if (options.simulate && !isGpu)
    return reportError("expected a GPU as the target to simulate (e.g. "
                       "--target=sm_120a), got a CPU");
  if (!isDeviceCode(kind) || (isGpu && !options.simulate))
    return success();
  return reportError("expected a GPU as the target of .ptx, .cubin and .fatbin "
                     "files (e.g. --target=sm_120a), got a CPU");
}

FailureOr<NativeCode> Compiler::generateCode() {
  TargetAttr target = getTarget(*module);
  // A GPU says nothing about this machine.
  if (getDeviceTarget(target)) {
    if (options.simulate)
      return NativeCode::create(*module, Processor(), signatures,
                                Optimization::Quick);
    auto image = makeImage(*module, CudaToolkit{options.cudaPath});
    if (failed(image))
      return failure();
    return NativeCode::create(*module, Processor(), signatures,
                              Optimization::Quick, &*image);
  }
  Processor processor;
  if (target)
    processor = {target.getChip().str(), target.getFeatures().str()};
  return NativeCode::create(*module, processor, signatures, Optimization::Full);
}

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
Compiler::compileObject(StringRef suffix) {
  if (failed(verifyOutput(OutputKind::Object)) ||
      failed(checkExternalSymbols()))
    return failure();
  FailureOr<NativeCode> code = generateCode();
  if (failed(code))
    return failure();
  if (!suffix.empty())
    code->renameEntries(signatures, suffix);
  auto object = code->emitObject();
  if (!object)
    return reportError(llvm::toString(object.takeError()));
  return std::move(*object);
}

FailureOr<std::string> Compiler::compileDevice(OutputKind kind) {
  FailureOr<std::string> ptx = emitPtx(*module);
  if (failed(ptx) || kind == OutputKind::PTX)
    return ptx;
  CudaToolkit toolkit{options.cudaPath};
  StringRef chip = getTarget(*module).getChip();
  auto code = assemblePtx(toolkit, *ptx, chip);
  if (!code)
    return reportError(llvm::toString(code.takeError()));
  if (failed(reportLog(*module, *ptx, *code)))
    return failure();
  if (kind == OutputKind::Cubin)
    return std::move(code->bytes);
  auto bundle = bundleCode(toolkit, code->bytes, *ptx, chip);
  if (!bundle)
    return reportError(llvm::toString(bundle.takeError()));
  return std::move(*bundle);
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

/// Writes by way of a temporary file.
static LogicalResult writeBytes(Compiler &compiler, StringRef path,
                                function_ref<void(raw_ostream &)> write) {
  if (llvm::Error error = writeWholeFile(path, write))
    return compiler.reportError(llvm::toString(std::move(error)));
  return success();
}

LogicalResult Compiler::emit(OutputKind kind, StringRef path) {
  if (kind == OutputKind::MLIR || kind == OutputKind::Bytecode)
    return writeBytes(*this, path, [&](raw_ostream &os) {
      ReleasingStream stream(os, *module);
      if (kind == OutputKind::MLIR)
        module->print(stream);
      else // Fails only if an old version of the format is asked for.
        (void)writeBytecodeToFile(*module, stream);
    });
  if (isDeviceCode(kind)) {
    FailureOr<std::string> bytes = compileDevice(kind);
    if (failed(bytes))
      return failure();
    return writeBytes(*this, path, [&](raw_ostream &os) { os << *bytes; });
  }
  if (kind == OutputKind::LLVMIR) {
    FailureOr<NativeCode> code = generateCode();
    if (failed(code))
      return failure();
    return writeBytes(*this, path, [&](raw_ostream &os) { code->printIR(os); });
  }
  auto object = compileObject();
  if (failed(object))
    return failure();
  if (kind == OutputKind::Object)
    return writeBytes(*this, path,
                      [&](raw_ostream &os) { os << (*object)->getBuffer(); });
  return link(*object, path);
}

LogicalResult
Compiler::link(ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects,
               StringRef path) {
  LinkInputs inputs;
  for (const std::unique_ptr<llvm::MemoryBuffer> &object : objects)
    inputs.objects.push_back(*object);
  if (getDeviceTarget(getTarget(*module)))
    inputs.archive = getRuntimeArchive();
  if (usesThreads()) {
    llvm::Expected<ThreadRuntime> runtime = loadThreadRuntime();
    if (!runtime)
      return reportError(llvm::toString(runtime.takeError()));
    inputs.library = std::move(runtime->path);
  }
  if (llvm::Error error = linkSharedLibrary(inputs, path))
    return reportError(llvm::toString(std::move(error)));
  return success();
}

LogicalResult Compiler::compileTo(OutputKind kind, StringRef path) {
  return failure(failed(verifyOutput(kind)) ||
                 failed(runPhases(isDeviceCode(kind))) ||
                 failed(emit(kind, path)));
}

static ExitCode runSteps(Compiler &compiler, StringRef input, OutputKind kind,
                         StringRef output) {
  if (input != "-" && llvm::sys::fs::equivalent(input, output)) {
    (void)compiler.reportError("expected an output that is not the input, got "
                               "'" +
                               output + "' twice");
    return ExitCode::UserError;
  }
  if (failed(compiler.load(input)) || failed(compiler.compileTo(kind, output)))
    return compiler.getFailureCode();
  return ExitCode::Success;
}

ExitCode mlir::mx::compileFile(const DialectRegistry &registry,
                               const CompilerOptions &options, StringRef input,
                               OutputKind kind, StringRef output,
                               raw_ostream &errors) {
  if (StringRef(options.target).contains(',') &&
      kind == OutputKind::SharedLibrary)
    return compileForTargets(registry, options, input, output, errors);
  Compiler compiler(registry, options, errors);
  return runProtected([&] { return runSteps(compiler, input, kind, output); },
                      [&] { compiler.writeReproducer(); });
}
