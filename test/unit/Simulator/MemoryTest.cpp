//===- MemoryTest.cpp - what loads and stores may touch -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Bounds, alignment, and the order of accesses by different threads.
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace mxsim;

namespace {

Setting shared(uint32_t bytes, uint32_t threads = 32) {
  Setting setting;
  setting.shared = bytes;
  setting.threads = threads;
  return setting;
}

TEST(SharedMemory, LiesAtItsOffsets) {
  Setting setting = shared(64, 1);
  expectGood(runKernel(setting, [] {
    for (uint32_t offset : {0u, 4u, 63u})
      EXPECT_EQ(uint32_t(reinterpret_cast<uintptr_t>(sharedAt(offset))),
                offset);
    EXPECT_EQ(uint32_t(reinterpret_cast<uintptr_t>(mxsim_dynamic_shared())),
              64u);
    EXPECT_EQ(mxsim_special_register(MXSIM_TOTAL_SHARED_BYTES), 64);
  }));
}

TEST(SharedMemory, MustBeWrittenFirst) {
  expectError(runKernel(shared(64),
                        [] {
                          if (threadId() == 0)
                            store(sharedAt(0), 1u);
                          if (threadId() == 0)
                            load<uint64_t>(sharedAt(0), 9);
                        }),
              ErrorKind::Unwritten, 9,
              "expected shared memory that was written, got a load of offset "
              "'4', which was not");
}

/// A block does not see what the one before left behind.
TEST(SharedMemory, IsForgottenBetweenBlocks) {
  Setting setting = shared(4, 1);
  setting.blocks = 2;
  Report report = runKernel(setting, [] {
    if (mxsim_special_register(MXSIM_BLOCK_X) == 0)
      store(sharedAt(0), 1u);
    else
      load<uint32_t>(sharedAt(0), 3);
  });
  EXPECT_EQ(report.kind, ErrorKind::Unwritten);
  EXPECT_EQ(report.block[0], 1u);
}

TEST(SharedMemory, HasBounds) {
  expectError(runKernel(shared(64, 1), [] { load<uint32_t>(sharedAt(64), 2); }),
              ErrorKind::OutOfBounds, 2,
              "expected a load within the '64' bytes of shared memory, got '4' "
              "bytes at offset '64'");
  expectError(
      runKernel(shared(64, 1), [] { store<uint64_t>(sharedAt(60), 0, 2); }),
      ErrorKind::OutOfBounds, 2,
      "expected a store within the '64' bytes of shared memory, got '8' "
      "bytes at offset '60'");
}

TEST(SharedMemory, HasAlignment) {
  expectError(
      runKernel(shared(64, 1), [] { store<uint32_t>(sharedAt(6), 0, 2); }),
      ErrorKind::Misaligned, 2,
      "expected a store at a multiple of '4', got shared offset '6'");
  expectError(
      runKernel(shared(64, 1), [] { mxsim_check_load(sharedAt(0), 4, 3, 2); }),
      ErrorKind::Operand, 2,
      "expected an access of some bytes aligned to a power of two, got '4' "
      "aligned to '3'");
}

TEST(Races, LoadsFollowStores) {
  // In whatever order threads run.
  for (uint64_t seed : {0, 1, 2, 3}) {
    Setting setting = shared(256, 64);
    setting.options.scheduleSeed = seed;
    Report report = runKernel(setting, [] {
      store(sharedAt(4 * threadId()), threadId());
      mxsim_warp_sync(~0u, 0);
      load<uint32_t>(sharedAt(4 * (63 - threadId())), 6);
    });
    EXPECT_TRUE(report.kind == ErrorKind::Race ||
                report.kind == ErrorKind::Unwritten);
    EXPECT_EQ(report.location, 6);
  }
}

TEST(Races, NameBothThreads) {
  expectError(runKernel(shared(4, 64),
                        [] {
                          if (threadId() == 3)
                            store(sharedAt(0), 1u);
                          mxsim_warp_sync(~0u, 0);
                          if (threadId() == 40)
                            load<uint32_t>(sharedAt(0), 6);
                        }),
              ErrorKind::Race, 6,
              "expected a barrier between two accesses of shared offset '0', "
              "got a load after a store by thread '3'");
}

TEST(Races, StoresFollowLoads) {
  expectError(runKernel(shared(4, 64),
                        [] {
                          if (threadId() == 0)
                            store(sharedAt(0), 1u);
                          mxsim_barrier(0, 0, 0);
                          if (threadId() < 8)
                            load<uint32_t>(sharedAt(0));
                          if (threadId() == 40)
                            store(sharedAt(0), 2u, 7);
                        }),
              ErrorKind::Race, 7,
              "expected a barrier between two accesses of shared offset '0', "
              "got a store after a load by thread '4'");
}

TEST(Races, StoresFollowStores) {
  expectError(
      runKernel(shared(4, 2), [] { store(sharedAt(0), threadId(), 7); }),
      ErrorKind::Race, 7,
      "expected a barrier between two accesses of shared offset '0', got a "
      "store after a store by thread '0'");
}

/// The lanes of a warp do not follow one another by themselves: a shuffle does
/// not order memory, a warp barrier does.
TEST(Races, ShufflesDoNotOrderMemory) {
  auto body = [](bool synchronises) {
    return [synchronises] {
      store(sharedAt(4 * threadId()), threadId());
      if (synchronises)
        mxsim_warp_sync(~0u, 0);
      else
        mxsim_shuffle(MXSIM_SHUFFLE_INDEX, ~0u, 0, 0, 31, nullptr, 0);
      load<uint32_t>(sharedAt(4 * (31 - threadId())), 8);
    };
  };
  expectGood(runKernel(shared(128), body(true)));
  EXPECT_EQ(runKernel(shared(128), body(false)).kind, ErrorKind::Race);
}

TEST(Atomics, DoNotRaceWithEachOther) {
  uint32_t total = 0;
  expectGood(runKernel(shared(4, 64), [&] {
    if (threadId() == 0)
      store(sharedAt(0), 100u);
    mxsim_barrier(0, 0, 0);
    mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, sharedAt(0), threadId(), 0,
                 0);
    mxsim_barrier(0, 0, 0);
    total = load<uint32_t>(sharedAt(0));
  }));
  EXPECT_EQ(total, 100u + 63 * 64 / 2);
  EXPECT_EQ(runKernel(shared(4, 64),
                      [] {
                        if (threadId() == 0)
                          store(sharedAt(0), 0u);
                        mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32,
                                     sharedAt(0), 1, 0, 4);
                      })
                .kind,
            ErrorKind::Race);
}

TEST(Atomics, ComputeWhatTheirNamesSay) {
  struct Case {
    int32_t operation, type;
    uint64_t old, operand, result;
  };
  const Case cases[] = {
      {MXSIM_ATOMIC_EXCHANGE, MXSIM_ATOMIC_I32, 5, 7, 7},
      {MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, 0xFFFFFFFF, 2, 1},
      {MXSIM_ATOMIC_SUB, MXSIM_ATOMIC_I64, 0, 1, ~0ull},
      {MXSIM_ATOMIC_AND, MXSIM_ATOMIC_I32, 12, 10, 8},
      {MXSIM_ATOMIC_NAND, MXSIM_ATOMIC_I32, 12, 10, 0xFFFFFFF7},
      {MXSIM_ATOMIC_OR, MXSIM_ATOMIC_I32, 12, 10, 14},
      {MXSIM_ATOMIC_XOR, MXSIM_ATOMIC_I32, 12, 10, 6},
      {MXSIM_ATOMIC_MAX, MXSIM_ATOMIC_I32, 0xFFFFFFFF, 1, 1},
      {MXSIM_ATOMIC_MIN, MXSIM_ATOMIC_I32, 0xFFFFFFFF, 1, 0xFFFFFFFF},
      {MXSIM_ATOMIC_UMAX, MXSIM_ATOMIC_I32, 0xFFFFFFFF, 1, 0xFFFFFFFF},
      {MXSIM_ATOMIC_UMIN, MXSIM_ATOMIC_I32, 0xFFFFFFFF, 1, 1},
      {MXSIM_ATOMIC_COMPARE_SWAP, MXSIM_ATOMIC_I32, 3, 9, 9},
      {MXSIM_ATOMIC_COMPARE_SWAP, MXSIM_ATOMIC_I32, 4, 9, 4},
      {MXSIM_ATOMIC_FADD, MXSIM_ATOMIC_F32, 0x3F800000, 0x40000000, 0x40400000},
      {MXSIM_ATOMIC_FADD, MXSIM_ATOMIC_F16X2, 0x3C004000, 0x3C003C00,
       0x40004200},
      {MXSIM_ATOMIC_FADD, MXSIM_ATOMIC_BF16X2, 0x3F804000, 0x3F803F80,
       0x40004040},
  };
  std::vector<uint64_t> memory(1);
  Setting setting;
  setting.threads = 1;
  setting.buffers = {bufferOf(memory)};
  for (const Case &one : cases) {
    memory[0] = one.old;
    uint64_t old = 0;
    expectGood(runKernel(setting, [&] {
      old = mxsim_atomic(one.operation, one.type, memory.data(), one.operand, 3,
                         0);
    }));
    EXPECT_EQ(old, one.old);
    EXPECT_EQ(memory[0], one.result) << "operation " << one.operation;
  }
  expectError(runKernel(setting,
                        [&] {
                          mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_F32,
                                       memory.data(), 0, 0, 4);
                        }),
              ErrorKind::Operand, 4,
              "expected an atomic that the simulator models, got operation '1' "
              "on type '2'");
}

TEST(GlobalMemory, IsWhatWasRegistered) {
  std::vector<uint32_t> memory(16);
  Setting setting;
  setting.threads = 1;
  setting.buffers = {bufferOf(memory)};
  expectError(
      runKernel(setting, [&] { load<uint32_t>(memory.data() + 16, 4); }),
      ErrorKind::OutOfBounds, 4,
      "expected a load within a buffer, got '4' bytes at offset '64' of '64'");
  expectError(
      runKernel(setting, [&] { mxsim_check_store(&memory[15], 8, 4, 4); }),
      ErrorKind::OutOfBounds, 4,
      "expected a store within a buffer, got '8' bytes at offset '60' "
      "of '64'");
  setting.buffers.clear();
  expectError(runKernel(setting, [&] { load<uint32_t>(memory.data(), 4); }),
              ErrorKind::OutOfBounds, 4,
              "expected a load within a buffer, got a pointer before all");
}

TEST(GlobalMemory, HasAlignmentAndMayBeReadOnly) {
  alignas(256) uint32_t memory[4] = {};
  Setting setting;
  setting.threads = 1;
  setting.buffers = {{memory, sizeof(memory), true}};
  expectError(
      runKernel(setting, [&] { mxsim_check_load(memory + 1, 8, 8, 4); }),
      ErrorKind::Misaligned, 4,
      "expected a load at a multiple of '8', got offset '4' of a buffer "
      "aligned to '256'");
  expectError(runKernel(setting, [&] { store(memory, 1u, 4); }),
              ErrorKind::OutOfBounds, 4,
              "expected a store to a buffer that may be written, got a "
              "read-only one");
}

/// Two views of one allocation are one buffer.
TEST(GlobalMemory, MayBeRegisteredInParts) {
  std::vector<uint32_t> memory(16);
  Setting setting;
  setting.threads = 1;
  setting.buffers = {{memory.data() + 4, 16, true}, bufferOf(memory)};
  expectGood(runKernel(setting, [&] { store(&memory[10], 1u); }));
}

TEST(GlobalMemory, BlocksDoNotShareWrites) {
  std::vector<uint32_t> memory(1);
  Setting setting;
  setting.threads = 1;
  setting.blocks = 2;
  setting.buffers = {bufferOf(memory)};
  expectError(runKernel(setting, [&] { store(memory.data(), 1u, 4); }),
              ErrorKind::Race, 4,
              "expected an order between two accesses of offset '0' of a "
              "buffer, got a store after a store by thread '0'");
  auto readAfter = [&](bool synchronises) {
    return runKernel(setting, [&, synchronises] {
      bool isFirst = mxsim_special_register(MXSIM_BLOCK_X) == 0;
      if (isFirst)
        store(memory.data(), 1u);
      else if (synchronises)
        mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, memory.data(), 0, 0,
                     4);
      if (!isFirst)
        load<uint32_t>(memory.data(), 5);
    });
  };
  EXPECT_EQ(readAfter(false).kind, ErrorKind::Race);
  // The atomic itself follows a plain store of another block.
  EXPECT_EQ(readAfter(true).location, 4);
}

/// Blocks that synchronise through atomics see each other's stores.
TEST(GlobalMemory, AtomicsOrderBlocks) {
  std::vector<uint32_t> memory(2);
  Setting setting;
  setting.threads = 1;
  setting.blocks = 3;
  setting.buffers = {bufferOf(memory)};
  expectGood(runKernel(setting, [&] {
    mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, memory.data(), 1, 0, 0);
    uint32_t sum = load<uint32_t>(&memory[1]);
    store(&memory[1], sum + 5);
    mxsim_atomic(MXSIM_ATOMIC_ADD, MXSIM_ATOMIC_I32, memory.data(), 1, 0, 0);
  }));
  EXPECT_EQ(memory[1], 15u);
}

/// AddressSanitizer would move the variable off the stack.
__attribute__((no_sanitize("address"))) void useLocalMemory() {
  uint32_t local = 0;
  store(&local, 3u);
  EXPECT_EQ(load<uint32_t>(&local), 3u);
}

/// A thread's own stack is nobody else's business.
TEST(LocalMemory, IsNotChecked) {
  expectGood(runKernel({}, [] { useLocalMemory(); }));
}

} // namespace
