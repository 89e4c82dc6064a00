//===- PassRun.h - running LLVM's passes ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_PASSRUN_H
#define MX_LIB_DRIVER_PASSRUN_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Passes/PassBuilder.h"

namespace mlir::mx {

/// Runs the passes that `build` adds on `module`, for `machine`.
void runPasses(
    llvm::Module &module, llvm::TargetMachine &machine,
    const llvm::PipelineTuningOptions &tuning,
    llvm::function_ref<void(llvm::PassBuilder &, llvm::ModulePassManager &)>
        build);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_PASSRUN_H
