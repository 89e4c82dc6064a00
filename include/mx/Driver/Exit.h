//===- Exit.h - exit codes and crashes --------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_EXIT_H
#define MX_DRIVER_EXIT_H

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::mx {

/// What a tool returns to its caller.
enum class ExitCode : int {
  Success = 0,
  /// The input, or something it refers to, is wrong; a message says what.
  UserError = 1,
  /// The command line is wrong.
  Usage = 2,
  /// We are wrong; a reproducer was written.
  Internal = 70,
};

/// Runs `body`. If it crashes, runs `onCrash` instead of the rest of it and
/// returns ExitCode::Internal; objects on the stack of `body` are leaked.
/// Several threads may be in it at once.
ExitCode runProtected(llvm::function_ref<ExitCode()> body,
                      llvm::function_ref<void()> onCrash);

} // namespace mlir::mx

#endif // MX_DRIVER_EXIT_H
