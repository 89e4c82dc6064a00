//===- GuardedCall.h - calls that may fault ---------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_GUARDEDCALL_H
#define MX_LIB_DRIVER_GUARDEDCALL_H

#include "RuntimeSymbols.h"
#include "llvm/Support/Error.h"

namespace mlir::mx {

/// Runs `body`, which calls `function` of a program. A fault in it is the
/// program's, which may divide by zero or leave its buffers, and becomes an
/// error; what the program had allocated is lost.
llvm::Error callGuarded(StringRef function, function_ref<void()> body);

/// Runs `body` on a thread that a program in a guarded call began. Returns 0,
/// or how it faulted.
int catchFault(function_ref<void()> body);

/// Leaves the guarded call of this thread with what `catchFault` returned on
/// another one.
[[noreturn]] void leaveGuarded(int fault);

/// What a failed assertion of a program calls, for programs that are linked
/// into a process which must go on: the text becomes the error of callGuarded.
ArrayRef<RuntimeSymbol> getGuardedSymbols();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_GUARDEDCALL_H
