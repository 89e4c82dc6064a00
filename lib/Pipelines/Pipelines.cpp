//===- Pipelines.cpp - from IR to the LLVM dialect ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The order of passes, with the reason wherever the order matters.
//===----------------------------------------------------------------------===//

#include "mx/Pipelines/Pipelines.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/BufferizationToMemRef/BufferizationToMemRef.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToFuncs/MathToFuncs.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/OpenMPToLLVM/ConvertOpenMPToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/SCFToOpenMP/SCFToOpenMP.h"
#include "mlir/Conversion/TensorToLinalg/TensorToLinalgPass.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToSCF/TosaToSCF.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/RequestCWrappers.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "mx/Conversion/Passes.h"
#include "mx/DeviceCode/Passes.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::mx;

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Matmuls become sites once everything else is simple.
static void addRaising(OpPassManager &pm, const DecisionOptions &decisions) {
  RaiseMatmulsPassOptions raise;
  raise.policy = decisions.policy;
  raise.functions = decisions.functions;
  raise.sites = decisions.sites;
  raise.minElements = decisions.minElements;
  pm.addPass(createRaiseMatmulsPass(raise));
  // Sites that use one weight or activation find it to be one value. Nothing
  // is folded any more: weights stay expressions.
  pm.addPass(createCSEPass());
}

void mlir::mx::buildImportPhase(OpPassManager &pm,
                                const PipelineOptions &options) {
  // Before TOSA's own lowering, which fails on the block-scaled operations.
  pm.addPass(createImportPass());
  // Before the first canonicalisation, whose folder gets constants wrong.
  pm.addPass(createExpandConversionsPass());
  tosa::addTosaToLinalgPasses(pm, TosaToLinalgOptions(),
                              TosaToLinalgNamedOptions(), std::nullopt);
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createTosaToArithPass());
  functions.addPass(createTosaToTensorPass());
  functions.addPass(createTosaToSCFPass());
  // And again for those that TOSA's casts have become.
  pm.addPass(createExpandConversionsPass());
  addCleanup(pm);
  const RecordOptions &record = options.record;
  if (!options.decisions.objective.empty() || !record.collect.empty())
    addRaising(pm, options.decisions);
  if (record.collect.empty())
    return;
  // Before rotations: a calibration file holds rows as the program has them.
  InstrumentPassOptions instrument;
  instrument.collect = record.collect;
  instrument.maxRows = record.maxRows;
  pm.addPass(createInstrumentPass(instrument));
}

void mlir::mx::buildFormatPhase(OpPassManager &pm,
                                const PipelineOptions &options) {
  const DecisionOptions &decisions = options.decisions;
  ChooseFormatsPassOptions choose;
  if (decisions.objective.empty()) {
    // Only what a hand wrote is decided.
    choose.formats.push_back("keep");
    pm.addPass(createChooseFormatsPass(choose));
    return;
  }
  choose.objective = decisions.objective;
  choose.bits = decisions.bits;
  choose.error = decisions.error;
  choose.activations = decisions.activations;
  for (const std::string &format : decisions.formats)
    choose.formats.push_back(format);
  choose.rotation = decisions.rotation;
  choose.method = decisions.method;
  choose.calibration = decisions.calibration;
  choose.report = decisions.report;
  pm.addPass(createChooseFormatsPass(choose));
}

void mlir::mx::buildRotatePhase(OpPassManager &pm,
                                const PipelineOptions &options) {
  FuseRotationsPassOptions rotate;
  rotate.seed = options.decisions.seed;
  // What a user wrote keeps its bits, unless decisions were asked for.
  rotate.plannedOnly = options.decisions.objective.empty();
  pm.addPass(createFuseRotationsPass(rotate));
}

void mlir::mx::buildQuantizePhase(OpPassManager &pm,
                                  const PipelineOptions &options) {
  QuantizePassOptions quantize;
  quantize.calibration = options.decisions.calibration;
  quantize.activationScale = options.decisions.activationScale;
  pm.addPass(createQuantizePass(quantize));
  if (!options.decisions.objective.empty())
    pm.addPass(createFoldTensorScalePass());
}

void mlir::mx::buildSelectPhase(OpPassManager &pm,
                                const PipelineOptions &options) {
  SelectKernelsPassOptions select;
  select.failOnEmulation = options.failOnEmulation;
  pm.addPass(createSelectKernelsPass(select));
}

void mlir::mx::buildPackPhase(OpPassManager &pm, const PipelineOptions &) {
  pm.addPass(createPackLayoutsPass());
  // The bodies of named operations, which linalg knows by heart, must not be
  // changed: what computes in bf16 or f16 needs a body of its own.
  pm.addNestedPass<func::FuncOp>(createDecomposeLinalgPass());
  pm.addNestedPass<func::FuncOp>(createLinalgGeneralizeNamedOpsPass());
  // bf16 arithmetic becomes f32 arithmetic between conversions, and the
  // conversions become integer code, so that no processor feature and no
  // library call is needed.
  math::MathExtendToSupportedTypesOptions math;
  pm.addPass(math::createMathExtendToSupportedTypes(math));
  arith::ArithEmulateUnsupportedFloatsOptions floats;
  floats.sourceTypeStrs = {"bf16", "f16"};
  pm.addPass(arith::createArithEmulateUnsupportedFloats(floats));
  pm.addPass(createExpandSmallFloatsPass());
  addCleanup(pm);
}

/// Tensors to buffers, each freed where its last use ends.
static void addBufferization(OpPassManager &pm) {
  pm.addPass(createProtectArgumentsPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // Bufferisation makes globals in an order that differs from run to run.
  pm.addPass(createOrderGlobalsPass());
  addCleanup(pm);
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
}

/// Loops of a CPU: of one thread, or of OpenMP's.
static void addProcessorLoops(OpPassManager &pm, bool openmp) {
  if (!openmp) {
    pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
    pm.addNestedPass<func::FuncOp>(createParallelForToNestedForsPass());
    return;
  }
  pm.addPass(createConvertLinalgToParallelLoopsPass());
  // Sizes that are known decide which loops are worth it.
  addCleanup(pm);
  pm.addPass(createConvertLoopsToThreadsPass());
  pm.addPass(createConvertSCFToOpenMPPass());
}

void mlir::mx::buildLowerPhase(OpPassManager &pm,
                               const PipelineOptions &options) {
  pm.addPass(createConvertTensorToLinalgPass());
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createConvertElementwiseToLinalgPass());
  functions.addPass(createLinalgElementwiseOpFusionPass());
  addBufferization(pm);
  // After deallocation, so that the copies made for checking are not part of
  // the program's own buffers.
  if (options.insertChecks)
    pm.addPass(createInsertChecksPass());
  pm.addPass(createLowerRecordsPass());
  if (!options.gpuChip.empty()) {
    ConvertMXToNVVMPassOptions kernels;
    kernels.tensorCopies = true;
    pm.addPass(createConvertMXToNVVMPass(kernels));
  }
  pm.addPass(createConvertMXToLoopsPass());
  pm.addNestedPass<func::FuncOp>(createExpandCopiesPass());
  if (options.gpuChip.empty()) {
    addProcessorLoops(pm, options.openmp);
  } else {
    pm.addPass(createConvertLinalgToParallelLoopsPass());
    pm.addNestedPass<func::FuncOp>(createExpandViewsPass());
    addCleanup(pm);
    pm.addPass(createConvertLoopsToKernelsPass());
  }
  addCleanup(pm);
  pm.addPass(createLoopInvariantCodeMotionPass());
}

/// Device code to llvm and nvvm operations, of which the chip has all.
static void buildDevicePhase(OpPassManager &pm) {
  OpPassManager &device = pm.nest<gpu::GPUModuleOp>();
  device.addPass(memref::createExpandStridedMetadataPass());
  device.addPass(createLowerAffinePass());
  device.addPass(createExpandDeviceMathPass());
  device.addPass(createConvertVectorToSCFPass());
  device.addPass(arith::createArithExpandOpsPass());
  addCleanup(device);
  device.addPass(createSCFToControlFlowPass());
  device.addPass(createConvertVectorToLLVMPass());
  // Kernels take bare pointers and numbers, and index is i64 as on the host.
  device.addPass(createConvertDeviceCodePass());
  device.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(device);
  pm.addPass(createVerifyDeviceCodePass());
}

void mlir::mx::buildLLVMPhase(OpPassManager &pm,
                              const PipelineOptions &options) {
  if (!options.gpuChip.empty()) {
    buildDevicePhase(pm);
    if (options.kernelsOnly)
      return;
    // While host code still says how large buffers are.
    pm.addPass(options.simulate ? createConvertNVVMToSimulatorPass()
                                : createConvertGPUToRuntimePass());
  }
  pm.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass());
  pm.addPass(createLowerAffinePass());
  // First, for views that the next one cannot expand.
  pm.addNestedPass<func::FuncOp>(createExpandViewsPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  // Expanding strided metadata makes affine operations again.
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  addCleanup(pm);
  pm.addPass(createSCFToControlFlowPass());
  // Powers with a whole exponent become functions, of blocks and vectors of
  // one; LLVM knows them for one width only, and as calls to its own runtime.
  pm.addPass(createConvertMathToFuncs());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  // Public functions get the C interface that callers and the runner use;
  // before those of libm are declared, which have none.
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  if (options.openmp)
    pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::mx::buildPipeline(OpPassManager &pm,
                             const PipelineOptions &options) {
  using Builder = void (*)(OpPassManager &, const PipelineOptions &);
  static constexpr std::pair<Phase, Builder> builders[] = {
      {Phase::Import, buildImportPhase}, {Phase::Format, buildFormatPhase},
      {Phase::Rotate, buildRotatePhase}, {Phase::Quantize, buildQuantizePhase},
      {Phase::Select, buildSelectPhase}, {Phase::Pack, buildPackPhase},
      {Phase::Lower, buildLowerPhase},   {Phase::LLVM, buildLLVMPhase},
  };
  if (!options.gpuChip.empty()) {
    AttachTargetPassOptions target;
    target.kind = "nvvm";
    target.chip = options.gpuChip;
    target.features = options.gpuFeatures;
    pm.addPass(createAttachTargetPass(target));
  }
  for (auto [phase, build] : builders) {
    if (options.isLowered && phase < Phase::Lower)
      continue;
    if (!options.isLowered || phase > Phase::Lower)
      build(pm, options);
    VerifyPhasePassOptions verify;
    verify.phase = getPhaseName(phase).str();
    pm.addPass(createVerifyPhasePass(verify));
    if (phase == options.stopAfter)
      return;
  }
}

//===----------------------------------------------------------------------===//
// mx-pipeline
//===----------------------------------------------------------------------===//

namespace {

/// The options of `mx-pipeline` in their textual form.
struct PipelineTextOptions : public PassPipelineOptions<PipelineTextOptions> {
  PassOptions::Option<std::string> stopAfter{
      *this, "stop-after",
      llvm::cl::desc("Last phase: import, format, rotate, quantize, select, "
                     "pack, lower or llvm"),
      llvm::cl::init("llvm")};
  PassOptions::Option<std::string> target{
      *this, "target",
      llvm::cl::desc("NVIDIA chip, e.g. sm_120a (default: any CPU)"),
      llvm::cl::init("")};
  PassOptions::Option<bool> simulate{
      *this, "simulate",
      llvm::cl::desc("Make kernels of a GPU host code that a simulator runs"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> openmp{
      *this, "openmp",
      llvm::cl::desc("Let threads of OpenMP divide the loops of a CPU program"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> failOnEmulation{
      *this, "fail-on-emulation",
      llvm::cl::desc("Make the choice of an emulated kernel an error"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> insertChecks{
      *this, "insert-checks",
      llvm::cl::desc("Compare every packed operation with the reference"),
      llvm::cl::init(false)};
  PassOptions::Option<std::string> record{
      *this, "record",
      llvm::cl::desc("Record the activations of matmuls: hessian or rows"),
      llvm::cl::init("")};

  PipelineTextOptions() {
    for (const DecisionFlag &flag : getDecisionFlags())
      std::visit([&](auto member) { add(flag, member); }, flag.member);
  }

  DecisionOptions getDecisions() const {
    DecisionOptions options;
    for (const auto &read : readers)
      read(options);
    return options;
  }

private:
  template <typename T>
  void add(const DecisionFlag &flag, T DecisionOptions::*member) {
    auto option = std::make_shared<PassOptions::Option<T>>(
        *this, flag.name, llvm::cl::desc(flag.description),
        llvm::cl::init(DecisionOptions().*member));
    readers.push_back(
        [=](DecisionOptions &options) { options.*member = *option; });
  }
  void add(const DecisionFlag &flag,
           std::vector<std::string> DecisionOptions::*member) {
    auto option = std::make_shared<PassOptions::ListOption<std::string>>(
        *this, flag.name, llvm::cl::desc(flag.description));
    readers.push_back([=](DecisionOptions &options) {
      (options.*member).assign(option->begin(), option->end());
    });
  }

  /// One for each of getDecisionFlags, which keeps its option alive.
  std::vector<std::function<void(DecisionOptions &)>> readers;
};

} // namespace

void mlir::mx::registerPipelines() {
  PassPipelineRegistration<PipelineTextOptions>(
      "mx-pipeline", "Run the phases from IR to the LLVM dialect",
      [](OpPassManager &pm, const PipelineTextOptions &text) {
        PipelineOptions options;
        options.gpuChip = text.target;
        options.simulate = text.simulate;
        options.openmp = text.openmp;
        options.failOnEmulation = text.failOnEmulation;
        options.insertChecks = text.insertChecks;
        options.record.collect = text.record;
        options.decisions = text.getDecisions();
        std::optional<Phase> phase = lookupPhase(text.stopAfter);
        if (!phase) {
          // Reports the name where passes report: when the pipeline runs.
          VerifyPhasePassOptions verify;
          verify.phase = text.stopAfter;
          pm.addPass(createVerifyPhasePass(verify));
          return;
        }
        options.stopAfter = *phase;
        buildPipeline(pm, options);
      });
}
