//===- Exit.cpp - exit codes and crashes ----------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Exit.h"
#include "llvm/Support/CrashRecoveryContext.h"

using namespace mlir::mx;

ExitCode mlir::mx::runProtected(llvm::function_ref<ExitCode()> body,
                                llvm::function_ref<void()> onCrash) {
  // Never disabled again: another thread may be at work, and without a context
  // a signal goes where it went before.
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext context;
  context.DumpStackAndCleanupOnFailure = true;
  ExitCode code = ExitCode::Internal;
  bool finished = context.RunSafely([&] { code = body(); });
  if (finished)
    return code;
  onCrash();
  return ExitCode::Internal;
}
