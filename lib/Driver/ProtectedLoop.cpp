//===- ProtectedLoop.cpp - threads that may crash -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every thread is protected for itself and leaves a note of its crash. The
// caller is back on its own thread, with nobody else at work, before it fails.
//===----------------------------------------------------------------------===//

#include "ProtectedLoop.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ThreadPool.h"
#include <algorithm>
#include <atomic>

using namespace mlir::mx;

namespace {

/// One run of a loop.
class LoopRun {
public:
  LoopRun(int64_t count, const std::function<void(int64_t)> &body)
      : count(count), body(body) {}

  /// Does iterations until there are none left.
  void work();
  /// Fails if a thread has failed.
  void repeatCrash() const;

private:
  const int64_t count;
  const std::function<void(int64_t)> &body;
  std::atomic<int64_t> next{0};
  /// How the last thread that crashed did so; 0 if none has.
  std::atomic<int> crash{0};
};

} // namespace

void LoopRun::work() {
  llvm::CrashRecoveryContext context;
  context.DumpStackAndCleanupOnFailure = true;
  bool finished = context.RunSafely([this] {
    for (int64_t i = next++; i < count && crash == 0; i = next++)
      body(i);
  });
  if (!finished)
    crash = context.RetCode;
}

void LoopRun::repeatCrash() const {
  if (crash == 0)
    return;
  if (llvm::CrashRecoveryContext *outer =
          llvm::CrashRecoveryContext::GetCurrent())
    outer->HandleExit(crash);
  // Nobody protects the caller.
  llvm::CrashRecoveryContext::throwIfCrash(crash);
}

mxquant::ParallelFor
mlir::mx::makeProtectedLoop(llvm::ThreadPoolInterface &pool) {
  return [&pool](int64_t count, const std::function<void(int64_t)> &body) {
    LoopRun run(count, body);
    {
      llvm::ThreadPoolTaskGroup tasks(pool);
      int64_t threads = std::min<int64_t>(count, pool.getMaxConcurrency());
      for (int64_t i = 0; i < threads; ++i)
        tasks.async([&run] { run.work(); });
    }
    run.repeatCrash();
  };
}
