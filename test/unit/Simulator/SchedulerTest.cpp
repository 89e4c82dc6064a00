//===- SchedulerTest.cpp - threads, warps and barriers of a block ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// That every thread runs once, in its place; that results do not depend on the
// order in which threads run; and what is reported when they do not meet.
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace mxsim;

namespace {

TEST(Launches, RunEveryThreadOfTheGrid) {
  std::vector<uint32_t> seen(3 * 2 * 4 * 10, 0);
  auto body = [&] {
    auto get = [](int32_t which) {
      return uint32_t(mxsim_special_register(which));
    };
    uint32_t block = get(MXSIM_BLOCK_X) + 3 * get(MXSIM_BLOCK_Y);
    uint32_t thread = get(MXSIM_THREAD_X) +
                      5 * (get(MXSIM_THREAD_Y) + 2 * get(MXSIM_THREAD_Z));
    EXPECT_EQ(get(MXSIM_LANE_ID), thread % 32);
    EXPECT_EQ(get(MXSIM_WARP_ID), thread / 32);
    EXPECT_EQ(get(MXSIM_LANE_MASK_LT), (1u << thread % 32) - 1);
    store(&seen[block * 40 + thread], 1 + block);
  };
  void *operand = &body;
  void *arguments[] = {&operand};
  Launch launch;
  launch.kernel = [](void **operands) {
    (**static_cast<decltype(body) **>(operands[0]))();
  };
  launch.arguments = arguments;
  launch.grid = {3, 2, 1};
  launch.block = {5, 2, 4};
  Report report = run(launch, {bufferOf(seen)});
  expectGood(report);
  EXPECT_EQ(report.statistics.blocks, 6u);
  for (uint32_t index = 0; index < seen.size(); ++index)
    EXPECT_EQ(seen[index], 1 + index / 40);
}

TEST(Launches, RefuseBadSizes) {
  Setting setting;
  setting.threads = 1025;
  expectError(runKernel(setting, [] {}), ErrorKind::BadLaunch, 0,
              "expected a block of '1' to '1024' threads, got '1025 x 1 x 1'");
  setting.threads = 32;
  setting.shared = 102400;
  expectError(runKernel(setting, [] {}), ErrorKind::BadLaunch, 0,
              "expected at most '101376' bytes of shared memory, got '102400'");
  setting.shared = 0;
  Launch launch;
  launch.kernel = [](void **) {};
  launch.grid = {0, 65536, 1};
  expectError(run(launch, {}), ErrorKind::BadLaunch, 0,
              "expected a grid of at most '2147483647' blocks in x, '65535' in "
              "y and z, got '0 x 65536 x 1'");
}

/// As the runtime for real machines has it.
TEST(Launches, MayHaveNoBlocks) {
  Launch launch;
  launch.kernel = [](void **) { mxsim_trap(1); };
  for (int axis = 0; axis < 3; ++axis) {
    launch.grid = {2, 2, 2};
    launch.grid[axis] = 0;
    Report report = run(launch, {});
    expectGood(report);
    EXPECT_EQ(report.statistics.blocks, 0u);
  }
}

TEST(Launches, RefuseBlocksThatTheKernelIsNotMadeFor) {
  Launch launch;
  launch.kernel = [](void **) {};
  launch.block = {64, 2, 1};
  launch.requiredBlock = {64, 2, 1};
  launch.location = 4;
  expectGood(run(launch, {}));
  launch.requiredBlock = {128, 1, 1};
  expectError(run(launch, {}), ErrorKind::BadLaunch, 4,
              "expected a block of '128 x 1 x 1' threads, which the kernel is "
              "made for, got '64 x 2 x 1'");
}

/// Each thread passes a number to its neighbour through shared memory, several
/// times, and adds what it gets.
std::vector<uint32_t> rotateNumbers(uint64_t seed, Report &report) {
  constexpr uint32_t threads = 96;
  std::vector<uint32_t> sums(threads);
  Setting setting;
  setting.threads = threads;
  setting.shared = threads * 4;
  setting.buffers = {bufferOf(sums)};
  setting.options.scheduleSeed = seed;
  report = runKernel(setting, [&] {
    uint32_t me = threadId(), value = me * me + 1, sum = 0;
    for (int round = 0; round < 5; ++round) {
      store(sharedAt(4 * me), value, 1);
      mxsim_barrier(0, 0, 2);
      value = load<uint32_t>(sharedAt(4 * ((me + 7) % threads)), 3);
      sum = 31 * sum + value;
      mxsim_barrier(0, 0, 4);
    }
    store(&sums[me], sum, 5);
  });
  return sums;
}

TEST(Schedules, DoNotChangeResults) {
  Report report;
  std::vector<uint32_t> expected = rotateNumbers(0, report);
  expectGood(report);
  for (uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_EQ(rotateNumbers(seed, report), expected);
    expectGood(report);
  }
}

/// A seeded order is another one, and always the same.
TEST(Schedules, FollowTheirSeed) {
  auto trace = [](uint64_t seed) {
    std::vector<uint32_t> order;
    Setting setting;
    setting.options.scheduleSeed = seed;
    expectGood(runKernel(setting, [&] { order.push_back(threadId()); }));
    return order;
  };
  EXPECT_EQ(trace(5), trace(5));
  EXPECT_NE(trace(5), trace(6));
  EXPECT_NE(trace(5), trace(0));
  std::vector<uint32_t> inOrder = trace(0);
  EXPECT_TRUE(std::is_sorted(inOrder.begin(), inOrder.end()));
}

TEST(Barriers, SynchroniseSomeWarps) {
  Setting setting;
  setting.threads = 128;
  setting.shared = 4;
  uint32_t seen = 0;
  expectGood(runKernel(setting, [&] {
    uint32_t warp = threadId() / 32;
    if (threadId() == 0)
      store<uint32_t>(sharedAt(0), 42);
    if (warp == 0)
      mxsim_barrier_arrive(3, 64, 0);
    if (warp == 2) {
      mxsim_barrier(3, 64, 0);
      seen += load<uint32_t>(sharedAt(0));
    }
  }));
  EXPECT_EQ(seen, 32u * 42);
}

TEST(Barriers, ReducePredicates) {
  Setting setting;
  setting.threads = 64;
  int32_t counted = 0, all = 1, any = 0;
  expectGood(runKernel(setting, [&] {
    bool isLow = threadId() < 10;
    counted = mxsim_barrier_reduce(0, 0, MXSIM_BARRIER_POPC, isLow, 0);
    all &= mxsim_barrier_reduce(0, 0, MXSIM_BARRIER_AND, isLow, 0);
    any |= mxsim_barrier_reduce(0, 0, MXSIM_BARRIER_OR, isLow, 0);
  }));
  EXPECT_EQ(counted, 10);
  EXPECT_EQ(all, 0);
  EXPECT_EQ(any, 1);
}

TEST(Barriers, ServeTheCluster) {
  Setting setting;
  setting.threads = 64;
  setting.shared = 256;
  expectGood(runKernel(setting, [&] {
    uint32_t me = threadId();
    store(sharedAt(4 * me), me);
    mxsim_cluster_arrive(0);
    mxsim_cluster_wait(0);
    EXPECT_EQ(load<uint32_t>(sharedAt(4 * (63 - me))), 63 - me);
  }));
}

TEST(Barriers, ReportAMissingWarp) {
  Setting setting;
  setting.threads = 96;
  Report report = runKernel(setting, [] {
    if (threadId() < 64)
      mxsim_barrier(1, 96, 17);
  });
  expectError(
      report, ErrorKind::Deadlock, 17,
      "expected threads to come to their end, got none that can go on\n"
      "  threads '0' to '63': wait at barrier '1', '64' of '96' threads are "
      "there (location '17')\n"
      "  threads '64' to '95': ended");
}

TEST(Barriers, ReportOtherCounts) {
  Setting setting;
  setting.threads = 96;
  expectError(runKernel(setting,
                        [] { mxsim_barrier(1, threadId() < 32 ? 96 : 64, 8); }),
              ErrorKind::BarrierMisuse, 8,
              "expected '96' threads at barrier '1' as those that came before, "
              "got '64'");
  expectError(runKernel(setting, [] { mxsim_barrier(1, 40, 8); }),
              ErrorKind::BarrierMisuse, 8,
              "expected a multiple of '32' threads, at most '96', at barrier "
              "'1', got '40'");
  expectError(runKernel(setting, [] { mxsim_barrier(16, 0, 8); }),
              ErrorKind::Operand, 8,
              "expected a barrier from '0' to '15', got '16'");
}

TEST(Threads, MayEndEarly) {
  uint32_t count = 0;
  expectGood(runKernel({}, [&] {
    if (threadId() >= 8)
      mxsim_exit();
    ++count;
  }));
  EXPECT_EQ(count, 8u);
}

TEST(Threads, TrapEndsTheLaunch) {
  Setting setting;
  setting.blocks = 4;
  Report report = runKernel(setting, [] {
    if (mxsim_special_register(MXSIM_BLOCK_X) == 2 && threadId() == 5)
      mxsim_trap(77);
  });
  expectError(report, ErrorKind::Trap, 77,
              "expected the program not to stop itself, got a trap");
  EXPECT_EQ(report.block[0], 2u);
  EXPECT_EQ(report.thread[0], 5u);
}

TEST(Threads, ThatOnlyPollAreStuck) {
  Setting setting;
  setting.options.pollLimit = 1000;
  expectError(runKernel(setting,
                        [] {
                          while (true)
                            mxsim_yield();
                        }),
              ErrorKind::Deadlock, 0,
              "expected threads to come to their end, got none that can go on\n"
              "  threads '0' to '31': poll (location '0')");
}

TEST(Threads, MaySpinOnMemory) {
  Setting setting;
  setting.shared = 4;
  setting.threads = 2;
  expectGood(runKernel(setting, [] {
    if (threadId() == 0) {
      store(sharedAt(0), 0u);
      mxsim_warp_sync(3, 0);
      while (mxsim_atomic(MXSIM_ATOMIC_OR, MXSIM_ATOMIC_I32, sharedAt(0), 0, 0,
                          0) == 0) {
      }
    } else {
      mxsim_warp_sync(3, 0);
      mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, sharedAt(0), 1, 0, 0);
    }
  }));
}

/// Another thread would have to store; both take turns until the limit.
TEST(Threads, ThatSpinOnMemoryReachTheLimit) {
  Setting setting;
  setting.shared = 4;
  setting.options.stepLimit = uint64_t(1) << 22;
  Report report = runKernel(setting, [] {
    if (threadId() == 0)
      store(sharedAt(0), 0u, 1);
    mxsim_warp_sync(~0u, 2);
    while (load<uint32_t>(sharedAt(0), 3) == 0) {
    }
  });
  expectError(report, ErrorKind::StepLimit, 3,
              "expected the launch to end within '4194304' steps, got one that "
              "goes on");
}

/// A round of a loop is a step; the blocks of a launch count together.
TEST(Threads, CountRoundsOfLoops) {
  Setting setting;
  setting.threads = 4;
  setting.blocks = 5;
  auto spin = [] {
    for (int round = 0; round < 50; ++round)
      mxsim_tick(6);
  };
  setting.options.stepLimit = 1000;
  expectGood(runKernel(setting, spin));
  setting.options.stepLimit = 999;
  Report report = runKernel(setting, spin);
  expectError(
      report, ErrorKind::StepLimit, 6,
      "expected the launch to end within '999' steps, got one that goes on");
  EXPECT_EQ(report.block[0], 4u);
  EXPECT_EQ(report.thread[0], 3u);
}

} // namespace
