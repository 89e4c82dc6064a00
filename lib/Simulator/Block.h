//===- Block.h - the block that is running ----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Threads, warps, memory and barriers of one block of the grid. One object
// serves all blocks of a launch, one after the other. Device calls find it
// through `Block::current()`, for device code has no operand to pass it in.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_BLOCK_H
#define MX_SIMULATOR_BLOCK_H

#include "BlockBarrier.h"
#include "CopyQueue.h"
#include "GlobalMemory.h"
#include "Meeting.h"
#include "PhaseBarrier.h"
#include "Scheduler.h"
#include "SharedMemory.h"
#include "TensorMemory.h"
#include "Warpgroup.h"

namespace mxsim {

inline constexpr uint32_t kWarpSize = 32;
inline constexpr uint32_t kMaxThreads = 1024;
inline constexpr uint32_t kNamedBarriers = 16;

/// What a thread waits for, for the report of a deadlock.
enum class WaitFor : uint8_t {
  Nothing,
  Lanes,
  Warpgroup,
  Barrier,
  PhaseBarrier
};

struct Thread {
  Fiber fiber;
  uint32_t index = 0;
  std::array<uint32_t, 3> coordinates = {};
  Clock clock;
  CopyQueue copies;
  bool hasEnded = false;

  WaitFor waitFor = WaitFor::Nothing;
  /// The barrier's number, or the mbarrier's offset.
  uint32_t waitId = 0;
  /// The generation of the cluster barrier that this thread arrived for.
  uint64_t clusterGeneration = 0;
  /// The phase that an mbarrier must leave.
  uint64_t waitPhase = 0;
  int32_t waitLocation = 0;

  /// Operations on tensor memory that it issued, and what it knew of the memory
  /// at its last fence.
  uint64_t tensorIssued = 0;
  std::vector<uint32_t> tensorSeen;

  uint32_t getWarp() const { return index / kWarpSize; }
  uint32_t getLane() const { return index % kWarpSize; }
};

class Block {
public:
  Block(const Launch &launch, const std::vector<Buffer> &buffers,
        const Options &options);

  /// The block that runs in this operating-system thread.
  static Block &current();

  /// Whether the system gave memory for stacks and shared memory.
  bool isMapped() const { return stacks.isMapped() && shared.isMapped(); }

  /// Runs the block at these coordinates; whether nothing went wrong.
  bool runAt(std::array<uint32_t, 3> coordinates);

  // --- for device calls ---

  Thread &self() { return *scheduler.getRunning(); }
  Observer observe(const Thread &thread) const {
    return {thread.index, thread.clock};
  }
  /// The clock entry that stands for bulk copies.
  uint32_t getAsyncEntry() const { return uint32_t(threads.size()); }

  /// The one that stands for the products of a warpgroup.
  uint32_t getWarpgroupEntry(uint32_t group) const {
    return getAsyncEntry() + 1 + group;
  }

  /// The one that stands for what a warp does in tensor memory.
  uint32_t getTensorEntry(uint32_t warp) const {
    return getWarpgroupEntry(uint32_t(warpgroups.size())) + warp;
  }

  /// Stops the calling thread until `resume`.
  void wait(WaitFor what, uint32_t id, int32_t location);
  void resume(Thread &thread);
  /// Lets the other threads go first; fails when all only do that.
  void poll(int32_t location);
  /// Ends the calling thread.
  [[noreturn]] void endThread();
  /// Something happened that may let polling threads go on.
  void noteProgress() { polls = 0; }
  /// An access to memory or a round of a loop: a thread that does nothing else
  /// may be spinning, so others get their turn now and then, and the launch has
  /// its limit.
  void noteStep(int32_t location) {
    if (++steps > options.stepLimit)
      failStepLimit(location);
    if (steps % kStepsPerTurn == 0)
      poll(location);
  }

  /// Notes the first error; printf-like.
  void report(const Thread &thread, ErrorKind kind, int32_t location,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
  /// The same for the calling thread, and leaves the launch.
  [[noreturn]] void fail(ErrorKind kind, int32_t location, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));
  /// Leaves the launch if an error has been noted.
  void leaveIfFailed();

  /// A release: what `thread` has done is in `clock` from now on.
  void release(Thread &thread, Clock &clock);

  const Launch &launch;
  const Options &options;
  std::array<uint32_t, 3> coordinates = {};
  /// Running number of the block, from 1.
  uint32_t number = 0;
  /// Whether a thread of the block has executed an atomic on global memory.
  bool isSynchronised = false;

  FiberStacks stacks;
  Scheduler scheduler;
  SharedMemory shared;
  GlobalMemory global;
  TensorMemory tensor;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<Warpgroup> warpgroups;
  std::array<BlockBarrier, kNamedBarriers + 1> barriers;
  PhaseBarriers phaseBarriers;
  uint32_t bulkCopies = 0;
  /// Scratch for joining clocks.
  Clock joined;
  Report result;

private:
  /// One of each thread, of bulk copies, of each warpgroup, and of each warp.
  size_t countClockEntries() const {
    return getTensorEntry(uint32_t(warps.size()));
  }

  static constexpr uint64_t kStepsPerTurn = 1 << 20;

  static void runThread(void *thread);
  void reset(std::array<uint32_t, 3> where);
  void reportDeadlock();
  [[noreturn]] void failStepLimit(int32_t location);
  /// At the end: bulk copies and operations on tensor memory that nobody waited
  /// for are errors, and tensor memory that nobody freed.
  void checkOutstanding();
  void noteError(const Thread &thread, ErrorKind kind, int32_t location,
                 const char *text);

  size_t live = 0;
  uint64_t polls = 0;
  /// Of all blocks so far.
  uint64_t steps = 0;
};

} // namespace mxsim

#endif // MX_SIMULATOR_BLOCK_H
