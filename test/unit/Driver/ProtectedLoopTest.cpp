//===- ProtectedLoopTest.cpp - threads that may crash ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ProtectedLoop.h"
#include "mx/Driver/Exit.h"
#include "llvm/Support/ThreadPool.h"
#include "gtest/gtest.h"
#include <atomic>
#include <csignal>
#include <thread>

using namespace mlir::mx;

namespace {

/// More threads than most machines have cores.
constexpr unsigned kThreads = 5;

} // namespace

TEST(ProtectedLoopTest, everyIterationRunsOnce) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(kThreads));
  mxquant::ParallelFor loop = makeProtectedLoop(pool);
  for (int64_t count : {0, 1, 4, 1000}) {
    std::vector<std::atomic<int>> runs(count);
    loop(count, [&](int64_t i) { ++runs[i]; });
    for (std::atomic<int> &run : runs)
      EXPECT_EQ(run, 1);
  }
}

TEST(ProtectedLoopTest, loopsMayBeNested) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(2));
  mxquant::ParallelFor loop = makeProtectedLoop(pool);
  std::atomic<int> runs{0};
  loop(8, [&](int64_t) { loop(8, [&](int64_t) { ++runs; }); });
  EXPECT_EQ(runs, 64);
}

TEST(ProtectedLoopTest, bodiesRunOnOtherThreads) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(2));
  std::atomic<bool> isElsewhere{false};
  auto caller = std::this_thread::get_id();
  makeProtectedLoop(pool)(
      1, [&](int64_t) { isElsewhere = std::this_thread::get_id() != caller; });
  EXPECT_TRUE(isElsewhere);
}

TEST(ProtectedLoopTest, aCrashOfAnyThreadIsOneOfTheCaller) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(kThreads));
  mxquant::ParallelFor loop = makeProtectedLoop(pool);
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL}) {
    bool crashed = false, continued = false;
    auto caller = std::this_thread::get_id();
    ExitCode code = runProtected(
        [&] {
          loop(100, [&](int64_t i) {
            if (i % 10 == 3)
              std::raise(signal);
          });
          continued = true;
          return ExitCode::Success;
        },
        [&] { crashed = std::this_thread::get_id() == caller; });
    EXPECT_EQ(code, ExitCode::Internal);
    EXPECT_TRUE(crashed);
    EXPECT_FALSE(continued);
  }
}

TEST(ProtectedLoopTest, noIterationBeginsAfterACrash) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(1));
  mxquant::ParallelFor loop = makeProtectedLoop(pool);
  std::atomic<int> runs{0};
  runProtected(
      [&] {
        loop(100, [&](int64_t i) {
          ++runs;
          if (i == 7)
            std::raise(SIGSEGV);
        });
        return ExitCode::Success;
      },
      [] {});
  EXPECT_EQ(runs, 8);
}
