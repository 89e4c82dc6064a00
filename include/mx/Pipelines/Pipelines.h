//===- Pipelines.h - from IR to the LLVM dialect ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One function for each phase (Phases.h), and one that runs them in order.
// Tools call these; nothing else builds pipelines.
//===----------------------------------------------------------------------===//

#ifndef MX_PIPELINES_PIPELINES_H
#define MX_PIPELINES_PIPELINES_H

#include "mx/Dialect/MX/Transforms/Phases.h"
#include "mx/Pipelines/Decisions.h"

namespace mlir {
class OpPassManager;
namespace mx {

struct PipelineOptions {
  /// The last phase to run.
  Phase stopAfter = Phase::LLVM;
  /// Make the choice of an emulated kernel an error.
  bool failOnEmulation = false;
  /// Compare every packed operation with lib/Numerics at run time.
  bool insertChecks = false;
  DecisionOptions decisions;
  RecordOptions record;
  /// The NVIDIA chip, and its PTX version as LLVM's feature string ("" for the
  /// usual one), that kernels are made for; without a chip, CPUs. Becomes the
  /// module's `mx.target` if it has none.
  std::string gpuChip, gpuFeatures;
  /// Let the threads of OpenMP divide the loops of a CPU program.
  bool openmp = false;
  /// Make kernels host code that calls the simulator (mx/Simulator/Launch.h).
  bool simulate = false;
  /// Only kernels are wanted: leave the host code around them as it is.
  bool kernelsOnly = false;
  /// The program is what the lower phase leaves: run only what comes after it.
  bool isLowered = false;
};

/// Afterwards: no TOSA operation and no narrow float outside N1.1; block-scaled
/// upstream operations are mx ones, and the matmuls that the policy chose are
/// sites, recorded if that is wanted.
void buildImportPhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: every site has a plan.
void buildFormatPhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: no plan asks for a rotation.
void buildRotatePhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: no product of two plain operands, and no plan.
void buildQuantizePhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: every mx operation that computes names a kernel.
void buildSelectPhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: no !mx.tensor and no small float type; parts are bytes.
void buildPackPhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: no mx operation and no tensor; loops work on buffers.
void buildLowerPhase(OpPassManager &pm, const PipelineOptions &options);

/// Afterwards: only the LLVM dialect. For a GPU, what is in gpu.modules is llvm
/// and nvvm operations that the chip has, and the host code around them, unless
/// it is not wanted, calls the runtime (mx/Runtime/GpuRuntime.h); simulated,
/// only the LLVM dialect again.
void buildLLVMPhase(OpPassManager &pm, const PipelineOptions &options);

/// Runs the phases up to `options.stopAfter`, each followed by
/// `mx-verify-phase`.
void buildPipeline(OpPassManager &pm, const PipelineOptions &options);

/// Registers `mx-pipeline{stop-after=… fail-on-emulation insert-checks
/// record=…}` and the options of decisions.
void registerPipelines();

} // namespace mx
} // namespace mlir

#endif // MX_PIPELINES_PIPELINES_H
