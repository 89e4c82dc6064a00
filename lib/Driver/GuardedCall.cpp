//===- GuardedCall.cpp - calls that may fault -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// LLVM's crash recovery leaves the call on the thread that makes it, so calls
// on several threads do not disturb each other.
//===----------------------------------------------------------------------===//

#include "GuardedCall.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// The guarded call that this thread is in. What a program prints has no other
/// way to it: `puts` takes a text and nothing else.
struct GuardedText {
  std::string text;
  GuardedText *outer;
};

} // namespace

static thread_local GuardedText *current = nullptr;

/// What a shell would return for a signal, less its number.
static constexpr int kFirstSignalCode = 128;
/// Not a signal: the program stopped itself.
static constexpr int kStoppedCode = 1;

llvm::Error mlir::mx::callGuarded(StringRef function,
                                  function_ref<void()> body) {
  GuardedText guarded{"", current};
  current = &guarded;
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext context;
  bool finished = context.RunSafely(body);
  current = guarded.outer;
  if (finished)
    return llvm::Error::success();
  std::string reason;
  if (context.RetCode == kStoppedCode) {
    StringRef text = StringRef(guarded.text).trim();
    reason = "a failed assertion" + (text.empty() ? "" : ": " + text.str());
  } else {
    int signal = context.RetCode - kFirstSignalCode;
    reason =
        "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return llvm::createStringError("expected '" + function + "' to return, got " +
                                 reason);
}

int mlir::mx::catchFault(function_ref<void()> body) {
  llvm::CrashRecoveryContext context;
  return context.RunSafely(body) ? 0 : context.RetCode;
}

void mlir::mx::leaveGuarded(int fault) {
  if (auto *context = llvm::CrashRecoveryContext::GetCurrent())
    context->HandleExit(fault);
  // Nobody guards this thread.
  std::raise(SIGABRT);
  std::_Exit(kFirstSignalCode + SIGABRT);
}

//===----------------------------------------------------------------------===//
// What programs call
//===----------------------------------------------------------------------===//

static int putsGuarded(const char *text) {
  if (!current)
    return std::puts(text);
  current->text += text;
  current->text += '\n';
  return 0;
}

[[noreturn]] static void stopGuarded() { leaveGuarded(kStoppedCode); }

ArrayRef<RuntimeSymbol> mlir::mx::getGuardedSymbols() {
  static const RuntimeSymbol symbols[] = {
      {"abort", reinterpret_cast<void *>(stopGuarded)},
      {"puts", reinterpret_cast<void *>(putsGuarded)},
  };
  return symbols;
}
