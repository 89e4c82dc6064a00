//===- PhaseBarrierTest.cpp - mbarriers -----------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Phases, and what is reported when one never completes or completes too soon.
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace mxsim;

namespace {

Setting setting(uint32_t threads = 64) {
  Setting result;
  result.threads = threads;
  result.shared = 1024;
  return result;
}

/// Thread 0 makes the barrier at offset 0, everybody comes to know it.
void makeBarrier(int32_t count) {
  if (threadId() == 0) {
    mxsim_mbarrier_init(sharedAt(0), count, 1);
    mxsim_fence_mbarrier_init(1);
  }
  mxsim_barrier(0, 0, 1);
}

/// A ring of one slot: a producer and consumers hand it to and fro.
TEST(PhaseBarriers, OrderProducerAndConsumers) {
  for (uint64_t seed : {0, 1, 2, 3, 4}) {
    Setting ring = setting();
    ring.options.scheduleSeed = seed;
    uint32_t sum = 0;
    expectGood(runKernel(ring, [&] {
      uint8_t *full = sharedAt(0), *empty = sharedAt(8), *slot = sharedAt(64);
      if (threadId() == 0) {
        mxsim_mbarrier_init(full, 1, 1);
        mxsim_mbarrier_init(empty, 32, 1);
      }
      mxsim_barrier(0, 0, 1);
      for (int32_t round = 0; round < 6; ++round) {
        if (threadId() == 0) {
          mxsim_mbarrier_try_wait_parity(empty, (round & 1) ^ 1, 2);
          store(slot, uint32_t(round), 3);
          mxsim_mbarrier_arrive(full, 1, 4);
        } else if (threadId() >= 32) {
          mxsim_mbarrier_try_wait_parity(full, round & 1, 5);
          sum += load<uint32_t>(slot, 6);
          mxsim_mbarrier_arrive(empty, 1, 7);
        }
      }
    }));
    EXPECT_EQ(sum, 32u * 15);
  }
}

/// A block does not know the barriers of the one before.
TEST(PhaseBarriers, EndWithTheirBlock) {
  Setting blocks = setting(32);
  blocks.blocks = 3;
  expectGood(runKernel(blocks, [] {
    makeBarrier(32);
    mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
    mxsim_mbarrier_try_wait_parity(sharedAt(0), 0, 3);
  }));
  Report report = runKernel(blocks, [] {
    if (mxsim_special_register(MXSIM_BLOCK_X) == 0)
      makeBarrier(32);
    mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
  });
  expectError(report, ErrorKind::BarrierMisuse, 2,
              "expected an initialised mbarrier, got shared offset '0'");
  EXPECT_EQ(report.block[0], 1u);
}

/// Without waiting for the consumers the producer overwrites what they read.
TEST(PhaseBarriers, NoticeAMissingWaitForEmpty) {
  Report report = runKernel(setting(), [] {
    uint8_t *full = sharedAt(0), *slot = sharedAt(64);
    makeBarrier(1);
    for (int32_t round = 0; round < 2; ++round) {
      if (threadId() == 0) {
        store(slot, uint32_t(round), 3);
        mxsim_mbarrier_arrive(full, 1, 4);
      } else if (threadId() >= 32) {
        mxsim_mbarrier_try_wait_parity(full, 0, 5);
        load<uint32_t>(slot, 6);
      }
    }
  });
  EXPECT_EQ(report.kind, ErrorKind::Race);
}

TEST(PhaseBarriers, TestWithoutWaiting) {
  Setting one = setting(32);
  expectGood(runKernel(one, [] {
    makeBarrier(32);
    // Nothing has completed: the phase before the first counts as complete.
    EXPECT_EQ(mxsim_mbarrier_test_wait_parity(sharedAt(0), 1, 2), 1);
    uint64_t state = mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
    while (!mxsim_mbarrier_test_wait(sharedAt(0), state, 3)) {
    }
    EXPECT_EQ(mxsim_mbarrier_test_wait_parity(sharedAt(0), 0, 2), 1);
    EXPECT_EQ(mxsim_mbarrier_try_wait(sharedAt(0), state, 3), 1);
  }));
}

TEST(PhaseBarriers, DropArrivals) {
  expectGood(runKernel(setting(32), [] {
    makeBarrier(32);
    uint64_t state = threadId() < 30
                         ? mxsim_mbarrier_arrive_drop(sharedAt(0), 1, 2)
                         : mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
    mxsim_mbarrier_try_wait(sharedAt(0), state, 3);
    if (threadId() >= 30) {
      state = mxsim_mbarrier_arrive(sharedAt(0), 1, 4);
      mxsim_mbarrier_try_wait(sharedAt(0), state, 5);
    }
  }));
}

TEST(PhaseBarriers, CountBytesWithoutCopies) {
  expectGood(runKernel(setting(32), [] {
    makeBarrier(1);
    if (threadId() == 0) {
      mxsim_mbarrier_expect_tx(sharedAt(0), 16, 2);
      mxsim_mbarrier_arrive_expect_tx(sharedAt(0), 16, 2);
      mxsim_mbarrier_complete_tx(sharedAt(0), 32, 2);
    }
    mxsim_mbarrier_try_wait_parity(sharedAt(0), 0, 3);
  }));
}

TEST(PhaseBarriers, ReportMissingArrivals) {
  expectError(
      runKernel(setting(64),
                [] {
                  makeBarrier(3);
                  if (threadId() < 2)
                    mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
                  if (threadId() >= 32)
                    mxsim_mbarrier_try_wait_parity(sharedAt(0), 0, 3);
                }),
      ErrorKind::Deadlock, 3,
      "expected threads to come to their end, got none that can go on\n"
      "  threads '0' to '31': ended\n"
      "  threads '32' to '63': wait for phase '0' of the mbarrier at offset "
      "'0', in phase '0' of which '1' of '3' arrivals are missing and '0' of "
      "'0' bytes are there (location '3')");
}

TEST(PhaseBarriers, ReportMissingBytes) {
  Report report = runKernel(setting(32), [] {
    makeBarrier(1);
    if (threadId() == 0)
      mxsim_mbarrier_arrive_expect_tx(sharedAt(0), 64, 2);
    mxsim_mbarrier_try_wait_parity(sharedAt(0), 0, 3);
  });
  EXPECT_EQ(report.kind, ErrorKind::TransactionBytes);
  EXPECT_EQ(report.text.substr(0, report.text.find('\n')),
            "expected '64' bytes in phase '0' of the mbarrier at offset '0', "
            "got '0'");
}

TEST(PhaseBarriers, ReportTooManyArrivals) {
  expectError(runKernel(setting(32),
                        [] {
                          makeBarrier(2);
                          if (threadId() == 0)
                            mxsim_mbarrier_arrive(sharedAt(0), 3, 2);
                        }),
              ErrorKind::BarrierMisuse, 2,
              "expected at most '2' more arrivals in phase '0' of the mbarrier "
              "at offset '0', got '3'");
  expectError(runKernel(setting(32),
                        [] {
                          makeBarrier(1);
                          if (threadId() == 0)
                            mxsim_mbarrier_arrive_nocomplete(sharedAt(0), 1, 2);
                        }),
              ErrorKind::BarrierMisuse, 2,
              "expected an arrival that does not complete phase '0' of the "
              "mbarrier at offset '0', got the last one");
}

TEST(PhaseBarriers, MustBeMadeFirst) {
  expectError(
      runKernel(setting(1), [] { mxsim_mbarrier_arrive(sharedAt(8), 1, 2); }),
      ErrorKind::BarrierMisuse, 2,
      "expected an initialised mbarrier, got shared offset '8'");
  expectError(runKernel(setting(2),
                        [] {
                          if (threadId() == 0)
                            mxsim_mbarrier_init(sharedAt(0), 2, 1);
                          else
                            mxsim_mbarrier_arrive(sharedAt(0), 1, 2);
                        }),
              ErrorKind::Race, 2,
              "expected a barrier between making the mbarrier at offset '0' "
              "and using it, got none after thread '0' made it");
  expectError(
      runKernel(setting(1), [] { mxsim_mbarrier_init(sharedAt(0), 0, 2); }),
      ErrorKind::Operand, 2,
      "expected an mbarrier for '1' to '1048575' arrivals, got '0'");
}

TEST(PhaseBarriers, AreNotOrdinaryMemory) {
  expectError(runKernel(setting(1),
                        [] {
                          mxsim_mbarrier_init(sharedAt(0), 1, 1);
                          store(sharedAt(4), 1u, 2);
                        }),
              ErrorKind::BarrierMisuse, 2,
              "expected memory other than an mbarrier's, got a store of shared "
              "offset '4'");
  expectGood(runKernel(setting(1), [] {
    mxsim_mbarrier_init(sharedAt(0), 1, 1);
    mxsim_mbarrier_invalidate(sharedAt(0), 1);
    store(sharedAt(4), 1u, 2);
  }));
}

} // namespace
