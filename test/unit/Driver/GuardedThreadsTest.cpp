//===- GuardedThreadsTest.cpp - threads of programs that may fault --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "GuardedCall.h"
#include "ThreadRuntime.h"
#include "gtest/gtest.h"
#include <atomic>
#include <csignal>

using namespace mlir;
using namespace mlir::mx;

namespace {

using RegionFunction = void (*)(int32_t *, int32_t *, void *);

/// What compiled code would call.
struct Runtime {
  void (*fork)(void *, int32_t, RegionFunction, ...) = nullptr;
  void (*barrier)(void *, int32_t) = nullptr;
};

/// A region with `kBarriers` barriers, in which threads may fault.
struct Work {
  Runtime runtime;
  /// Faults before barrier number `at`, on all but `first` threads.
  int first, at;
  std::atomic<int> starts{0}, arrivals{0};
};

constexpr int kBarriers = 3, kThreads = 4;

/// ident_t, as compiled code has it.
struct Place {
  int32_t reserved = 0, flags = 2, more = 0, size = 22;
  const char *text = ";unknown;unknown;0;0;;";
} place;

void runRegion(int32_t *thread, int32_t *, void *argument) {
  Work &work = *static_cast<Work *>(argument);
  int number = work.starts++;
  for (int i = 0; i < kBarriers; ++i) {
    if (i == work.at && number >= work.first)
      std::raise(SIGFPE);
    ++work.arrivals;
    work.runtime.barrier(&place, *thread);
  }
}

/// Runs a region and returns the error of the call.
std::string runWork(Work &work) {
  return llvm::toString(callGuarded(
      "f", [&] { work.runtime.fork(&place, 1, runRegion, &work); }));
}

class GuardedThreads : public testing::Test {
protected:
  void SetUp() override {
    // Read when the library is loaded.
    ::setenv("OMP_NUM_THREADS", std::to_string(kThreads).c_str(), 1);
    auto loaded = loadThreadRuntime();
    if (!loaded) {
      llvm::consumeError(loaded.takeError());
      GTEST_SKIP() << "no libomp";
    }
    for (const RuntimeSymbol &symbol : loaded->symbols) {
      if (symbol.name == "__kmpc_fork_call")
        runtime.fork = reinterpret_cast<decltype(runtime.fork)>(symbol.address);
      if (symbol.name == "__kmpc_barrier")
        runtime.barrier =
            reinterpret_cast<decltype(runtime.barrier)>(symbol.address);
    }
  }

  Runtime runtime;
};

} // namespace

TEST_F(GuardedThreads, RunWithoutFaults) {
  Work work{runtime, 0, kBarriers, {}, {}};
  EXPECT_EQ("", runWork(work));
  EXPECT_EQ(kBarriers * kThreads, work.arrivals);
}

// All threads fault, or all but one, or one, before any barrier: those that go
// on are not left waiting, and the call ends with the fault.
TEST_F(GuardedThreads, FaultsBecomeErrors) {
  for (int first : {0, 1, kThreads - 1})
    for (int at = 0; at < kBarriers; ++at) {
      Work work{runtime, first, at, {}, {}};
      EXPECT_EQ("expected 'f' to return, got signal 8 (Floating point "
                "exception)",
                runWork(work));
      EXPECT_EQ(first * kBarriers + (kThreads - first) * at, work.arrivals);
    }
}
