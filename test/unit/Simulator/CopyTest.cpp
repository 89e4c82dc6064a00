//===- CopyTest.cpp - asynchronous copies ---------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// cp.async, bulk and tensor copies: what they move, that it is there no earlier
// than it must be, and what is reported if it is not waited for.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Table.h"
#include <numeric>

using namespace mxsim;

namespace {

class Copies : public testing::Test {
protected:
  static constexpr uint32_t kBarrier = 4096;

  Copies() : source(4096), target(4096) {
    std::iota(source.begin(), source.end(), 1);
    setting.shared = 4096 + 64;
    setting.threads = 32;
    setting.buffers = {bufferOf(source), bufferOf(target)};
  }

  /// Thread 0 makes the barrier and everybody comes to know it.
  static void makeBarrier() {
    if (threadId() == 0) {
      mxsim_mbarrier_init(sharedAt(kBarrier), 1, 1);
      mxsim_fence_mbarrier_init(1);
    }
    mxsim_barrier(0, 0, 1);
  }

  static void expectBytes(int32_t bytes) {
    mxsim_mbarrier_arrive_expect_tx(sharedAt(kBarrier), bytes, 2);
  }

  static void waitForBytes() {
    mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 4);
  }

  struct alignas(16) Line {
    uint8_t bytes[16];
  };
  std::vector<uint8_t> source, target;
  Setting setting;
};

// --- cp.async ---------------------------------------------------------------

TEST_F(Copies, CpAsyncFillsUpWithZeros) {
  expectGood(runKernel(setting, [&] {
    uint32_t me = threadId();
    mxsim_cp_async(sharedAt(16 * me), &source[16 * me], 16, me == 5 ? 7 : 16,
                   1);
    mxsim_cp_async_commit_group(1);
    mxsim_cp_async_wait_group(0, 1);
    for (uint32_t byte = 0; byte < 16; ++byte)
      EXPECT_EQ(load<uint8_t>(sharedAt(16 * me + byte), 2),
                me == 5 && byte >= 7 ? 0 : source[16 * me + byte]);
  }));
}

/// With one group allowed to be open, the older is there and the newer is not.
TEST_F(Copies, CpAsyncWaitsForGroups) {
  auto body = [&](uint32_t offset) {
    return runKernel(setting, [&, offset] {
      for (uint32_t group = 0; group < 2; ++group) {
        if (threadId() == 0)
          mxsim_cp_async(sharedAt(16 * group), &source[16 * group], 16, 16, 1);
        mxsim_cp_async_commit_group(1);
      }
      mxsim_cp_async_wait_group(1, 1);
      if (threadId() == 0)
        load<uint32_t>(sharedAt(offset), 3);
    });
  };
  expectGood(body(0));
  expectError(body(16), ErrorKind::InFlight, 3,
              "expected the asynchronous copy of shared offset '16' to be "
              "waited for, got a load before it is complete");
}

TEST_F(Copies, CpAsyncWaitAllNeedsNoGroup) {
  expectGood(runKernel(setting, [&] {
    mxsim_cp_async(sharedAt(4 * threadId()), &source[4 * threadId()], 4, 4, 1);
    mxsim_cp_async_wait_all(1);
    load<uint32_t>(sharedAt(4 * threadId()), 3);
  }));
}

/// Waiting makes a copy visible to the thread that waits, not to the others.
TEST_F(Copies, CpAsyncNeedsABarrierToo) {
  auto body = [&](bool synchronises) {
    return runKernel(setting, [&, synchronises] {
      mxsim_cp_async(sharedAt(4 * threadId()), &source[4 * threadId()], 4, 4,
                     1);
      mxsim_cp_async_wait_all(1);
      if (synchronises)
        mxsim_barrier(0, 0, 1);
      load<uint32_t>(sharedAt(4 * (31 - threadId())), 3);
    });
  };
  expectGood(body(true));
  EXPECT_FALSE(body(false));
}

TEST_F(Copies, CpAsyncArrivesAtAnMbarrier) {
  expectGood(runKernel(setting, [&] {
    if (threadId() == 0)
      mxsim_mbarrier_init(sharedAt(kBarrier), 32, 1);
    mxsim_barrier(0, 0, 1);
    mxsim_cp_async(sharedAt(4 * threadId()), &source[4 * threadId()], 4, 4, 1);
    mxsim_cp_async_mbarrier_arrive(sharedAt(kBarrier), 1, 2);
    waitForBytes();
    uint32_t other = 31 - threadId();
    EXPECT_EQ(load<uint8_t>(sharedAt(4 * other), 3), source[4 * other]);
  }));
}

TEST_F(Copies, CpAsyncRefusesOddSizes) {
  expectError(
      runKernel(setting,
                [&] { mxsim_cp_async(sharedAt(0), source.data(), 12, 12, 3); }),
      ErrorKind::Operand, 3,
      "expected a copy of '4', '8' or '16' bytes, no more of them read, "
      "got '12' of which '12' are read");
  expectError(
      runKernel(setting,
                [&] { mxsim_cp_async(sharedAt(8), source.data(), 16, 16, 3); }),
      ErrorKind::Misaligned, 3,
      "expected the destination of a copy at a multiple of '16', got "
      "shared offset '8'");
  expectError(
      runKernel(setting,
                [&] { mxsim_cp_async(sharedAt(0), &source[4088], 8, 9, 3); }),
      ErrorKind::Operand, 3,
      "expected a copy of '4', '8' or '16' bytes, no more of them read, got "
      "'8' of which '9' are read");
}

/// A stage that others still read may not be filled again.
TEST_F(Copies, CpAsyncDoesNotOverwriteWhatIsRead) {
  Report report = runKernel(setting, [&] {
    if (threadId() == 0) {
      mxsim_cp_async(sharedAt(0), source.data(), 16, 16, 1);
      mxsim_cp_async_wait_all(1);
    }
    mxsim_barrier(0, 0, 1);
    if (threadId() == 7)
      load<uint32_t>(sharedAt(0), 2);
    if (threadId() == 8)
      mxsim_cp_async(sharedAt(0), source.data(), 16, 16, 3);
  });
  expectError(report, ErrorKind::Race, 3,
              "expected a barrier between two accesses of shared offset '0', "
              "got a copy after a load by thread '7'");
}

// --- bulk copies ------------------------------------------------------------

TEST_F(Copies, BulkLoadsArriveAtTheirBarrier) {
  expectGood(runKernel(setting, [&] {
    makeBarrier();
    if (threadId() == 0) {
      expectBytes(96);
      mxsim_bulk_load(sharedAt(0), source.data(), sharedAt(kBarrier), 64, 3);
      mxsim_bulk_load(sharedAt(64), &source[256], sharedAt(kBarrier), 32, 3);
    }
    waitForBytes();
    EXPECT_EQ(load<uint8_t>(sharedAt(threadId()), 5), source[threadId()]);
    EXPECT_EQ(load<uint8_t>(sharedAt(64 + threadId()), 5),
              source[256 + threadId()]);
  }));
}

/// Nothing is there before it must be, whoever polls however often.
TEST_F(Copies, BulkLoadsMustBeWaitedFor) {
  expectError(
      runKernel(setting,
                [&] {
                  makeBarrier();
                  if (threadId() == 0) {
                    expectBytes(64);
                    mxsim_bulk_load(sharedAt(0), source.data(),
                                    sharedAt(kBarrier), 64, 3);
                  }
                  mxsim_barrier(0, 0, 1);
                  for (int poll = 0; poll < 1000; ++poll)
                    mxsim_yield();
                  if (threadId() == 3)
                    load<uint8_t>(sharedAt(threadId()), 5);
                }),
      ErrorKind::InFlight, 5,
      "expected the asynchronous copy of shared offset '3' to be waited "
      "for, got a load before it is complete");
}

/// Only some threads wait: the others have not seen the bytes arrive.
TEST_F(Copies, BulkLoadsMustBeWaitedForByWhoReads) {
  expectError(
      runKernel(setting,
                [&] {
                  makeBarrier();
                  if (threadId() == 0) {
                    expectBytes(64);
                    mxsim_bulk_load(sharedAt(0), source.data(),
                                    sharedAt(kBarrier), 64, 3);
                    waitForBytes();
                  } else if (threadId() == 9) {
                    for (int poll = 0; poll < 1000; ++poll)
                      mxsim_yield();
                    load<uint8_t>(sharedAt(9), 5);
                  }
                }),
      ErrorKind::Race, 5,
      "expected a wait for the copy to shared offset '9', got a load by "
      "a thread that did not wait for its mbarrier");
}

TEST_F(Copies, BulkLoadsCountTheirBytes) {
  auto body = [&](int32_t bytes) {
    return runKernel(setting, [&, bytes] {
      makeBarrier();
      if (threadId() == 0) {
        expectBytes(bytes);
        mxsim_bulk_load(sharedAt(0), source.data(), sharedAt(kBarrier), 64, 3);
      }
      waitForBytes();
    });
  };
  expectGood(body(64));
  for (int32_t bytes : {32, 128}) {
    Report report = body(bytes);
    EXPECT_EQ(report.kind, ErrorKind::TransactionBytes);
    EXPECT_EQ(report.text.substr(0, report.text.find('\n')),
              "expected '" + std::to_string(bytes) +
                  "' bytes in phase '0' of the mbarrier at offset '4096', got "
                  "'64'");
  }
}

TEST_F(Copies, BulkLoadsMustBeExpected) {
  expectError(
      runKernel(setting,
                [&] {
                  makeBarrier();
                  if (threadId() == 0) {
                    mxsim_bulk_load(sharedAt(0), source.data(),
                                    sharedAt(kBarrier), 64, 3);
                    mxsim_mbarrier_arrive(sharedAt(kBarrier), 1, 6);
                  }
                  waitForBytes();
                }),
      ErrorKind::TransactionBytes, 6,
      "expected phase '0' of the mbarrier at offset '4096' to count the "
      "'64' bytes of a copy issued in it, got the phase complete with "
      "'0' bytes");
}

TEST_F(Copies, BulkLoadsNeedAFencedBarrier) {
  expectError(
      runKernel(setting,
                [&] {
                  if (threadId() == 0) {
                    mxsim_mbarrier_init(sharedAt(kBarrier), 1, 1);
                    mxsim_bulk_load(sharedAt(0), source.data(),
                                    sharedAt(kBarrier), 64, 3);
                  }
                }),
      ErrorKind::MissingFence, 3,
      "expected a fence after the mbarrier at offset '4096' was made, got an "
      "asynchronous copy that counts at it");
}

TEST_F(Copies, BulkLoadsDoNotOutliveTheBlock) {
  expectError(runKernel(setting,
                        [&] {
                          makeBarrier();
                          if (threadId() == 0) {
                            expectBytes(64);
                            mxsim_bulk_load(sharedAt(0), source.data(),
                                            sharedAt(kBarrier), 64, 3);
                          }
                        }),
              ErrorKind::InFlight, 3,
              "expected the block to wait for its bulk copies, got one of '64' "
              "bytes to shared offset '0' under way at its end");
}

TEST_F(Copies, BulkCopiesHaveBoundsAndSizes) {
  auto copy = [&](uint32_t offset, const uint8_t *from, int32_t bytes) {
    return runKernel(setting, [=] {
      makeBarrier();
      if (threadId() == 0)
        mxsim_bulk_load(sharedAt(offset), from, sharedAt(kBarrier), bytes, 3);
    });
  };
  expectError(copy(0, source.data(), 40), ErrorKind::Operand, 3,
              "expected a bulk copy of a multiple of '16' bytes, got '40'");
  expectError(copy(4144, source.data(), 32), ErrorKind::OutOfBounds, 3,
              "expected the destination of a copy within the '4160' bytes of "
              "shared memory, got '32' bytes at offset '4144'");
  expectError(
      copy(0, &source[4080], 32), ErrorKind::OutOfBounds, 3,
      "expected the source of a copy within a buffer, got '32' bytes at "
      "offset '4080' of '4096'");
}

/// What a bulk store is to read was written by the generic proxy.
TEST_F(Copies, BulkStoresNeedAProxyFence) {
  enum Fence { None, ByWriters, ByIssuer, TooEarly };
  auto body = [&](Fence fence) {
    return runKernel(setting, [&, fence] {
      uint32_t me = threadId();
      if (fence == TooEarly)
        mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 1);
      store(sharedAt(4 * me), me, 2);
      if (fence == ByWriters)
        mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 1);
      mxsim_barrier(0, 0, 1);
      if (me == 0) {
        if (fence == ByIssuer)
          mxsim_fence_proxy(MXSIM_PROXY_ASYNC, 1);
        mxsim_bulk_store(target.data(), sharedAt(0), 128, 0xFFFF, 3);
        mxsim_bulk_commit_group(4);
        mxsim_bulk_wait_group(0, 0, 4);
      }
    });
  };
  expectGood(body(ByWriters));
  EXPECT_EQ(target[4 * 31], 31);
  expectGood(body(ByIssuer));
  for (Fence fence : {None, TooEarly})
    expectError(body(fence), ErrorKind::MissingFence, 3,
                "expected a proxy fence after the store to shared offset '0' "
                "by thread '0', got an asynchronous copy that reads it");
}

TEST_F(Copies, BulkStoresKeepTheirSource) {
  auto body = [&](bool waits) {
    return runKernel(setting, [&, waits] {
      if (threadId() != 0)
        return;
      store(sharedAt(0), Line(), 2);
      mxsim_fence_proxy(MXSIM_PROXY_ASYNC, 1);
      mxsim_bulk_store(target.data(), sharedAt(0), 16, 0xFFFF, 3);
      mxsim_bulk_commit_group(4);
      if (waits)
        mxsim_bulk_wait_group(0, 1, 4);
      store(sharedAt(0), 1u, 5);
    });
  };
  expectGood(body(true));
  expectError(
      body(false), ErrorKind::InFlight, 5,
      "expected the asynchronous read of shared offset '0' to be waited "
      "for, got a store before it is complete");
}

TEST_F(Copies, BulkStoresAreWaitedForBeforeTheEnd) {
  expectError(runKernel(setting,
                        [&] {
                          if (threadId() != 0)
                            return;
                          store(sharedAt(0), Line(), 2);
                          mxsim_fence_proxy(MXSIM_PROXY_ASYNC, 1);
                          mxsim_bulk_store(target.data(), sharedAt(0), 16,
                                           0xFFFF, 3);
                          mxsim_bulk_commit_group(4);
                        }),
              ErrorKind::InFlight, 3,
              "expected bulk stores to be waited for before the thread ends, "
              "got one of "
              "'16' bytes at shared offset '0' under way");
}

TEST_F(Copies, BulkStoresObeyTheirByteMask) {
  std::fill(target.begin(), target.end(), uint8_t(0xEE));
  expectGood(runKernel(setting, [&] {
    if (threadId() != 0)
      return;
    store(sharedAt(0), Line(), 2);
    store(sharedAt(16), Line(), 2);
    mxsim_fence_proxy(MXSIM_PROXY_ASYNC, 1);
    mxsim_bulk_store(target.data(), sharedAt(0), 32, 0x0005, 3);
    mxsim_bulk_commit_group(4);
    mxsim_bulk_wait_group(0, 0, 4);
  }));
  for (size_t byte = 0; byte < 33; ++byte)
    EXPECT_EQ(target[byte],
              byte < 32 && (byte % 16 == 0 || byte % 16 == 2) ? 0 : 0xEE);
}

} // namespace
