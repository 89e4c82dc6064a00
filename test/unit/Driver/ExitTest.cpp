//===- ExitTest.cpp - exit codes and crashes ------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Exit.h"
#include "gtest/gtest.h"
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

using namespace mlir::mx;

TEST(ExitTest, theCodeOfTheBodyIsReturned) {
  bool crashed = false;
  ExitCode code =
      runProtected([] { return ExitCode::UserError; }, [&] { crashed = true; });
  EXPECT_EQ(code, ExitCode::UserError);
  EXPECT_FALSE(crashed);
}

TEST(ExitTest, aCrashBecomesAnInternalError) {
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL}) {
    bool crashed = false;
    ExitCode code = runProtected(
        [&] {
          std::raise(signal);
          return ExitCode::Success;
        },
        [&] { crashed = true; });
    EXPECT_EQ(static_cast<int>(code), 70);
    EXPECT_TRUE(crashed);
  }
}

TEST(ExitTest, threadsThatEndLeaveOthersProtected) {
  std::atomic<bool> entered{false}, ended{false};
  std::thread other([&] {
    runProtected(
        [&] {
          while (!entered)
            std::this_thread::yield();
          return ExitCode::Success;
        },
        [] {});
    ended = true;
  });
  bool crashed = false;
  runProtected(
      [&] {
        entered = true;
        while (!ended)
          std::this_thread::yield();
        std::raise(SIGSEGV);
        return ExitCode::Success;
      },
      [&] { crashed = true; });
  other.join();
  EXPECT_TRUE(crashed);
}
