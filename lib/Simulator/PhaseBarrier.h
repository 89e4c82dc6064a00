//===- PhaseBarrier.h - mbarriers -------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An mbarrier counts arrivals and bytes; when none of either is missing its
// phase is complete and the next begins. The object lives beside the eight
// bytes of shared memory that stand for it, which hold nothing.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_PHASEBARRIER_H
#define MX_SIMULATOR_PHASEBARRIER_H

#include "Clock.h"
#include "CopyQueue.h"
#include <map>

namespace mxsim {

struct PhaseBarrier {
  uint32_t offset = 0;
  /// Arrivals of every phase, and those that this one lacks.
  uint32_t expected = 0, pending = 0;
  /// Bytes announced and counted in this phase.
  int64_t expectedBytes = 0, arrivedBytes = 0;
  uint64_t phase = 0;
  /// Who made it, when, and whether the copy engine may know of it.
  uint32_t maker = 0, makerClock = 0;
  bool isFenced = false;
  /// What those did that arrived; and what they had done when the last phase
  /// became complete.
  Clock arriving, released;
  std::vector<Thread *> waiters;
  /// Copies that are to be counted here and have not been carried out.
  std::vector<Transfer> outstanding;

  bool isComplete(uint64_t ofPhase) const { return phase > ofPhase; }
};

/// The mbarriers of a block, by offset.
class PhaseBarriers {
public:
  void reset() {
    barriers.clear();
    last = nullptr;
  }
  PhaseBarrier *find(uint32_t offset);
  PhaseBarrier &make(uint32_t offset, size_t clockSize);
  void remove(uint32_t offset) {
    barriers.erase(offset);
    last = nullptr;
  }

  /// Carries out the copies of all mbarriers that a thread waits for; whether
  /// there was one.
  bool completeWaited(Block &block);
  /// What the thread made becomes known to the copy engine.
  void fence(uint32_t maker);

  std::map<uint32_t, PhaseBarrier> &getAll() { return barriers; }

private:
  std::map<uint32_t, PhaseBarrier> barriers;
  /// The barrier that was found last, for the next time.
  PhaseBarrier *last = nullptr;
};

/// The mbarrier at `address` for a call of the running thread, which must have
/// its making behind itself; fails otherwise.
PhaseBarrier &findBarrier(Block &block, const void *address, int32_t location);

/// Ends the phase if nothing is missing.
void completePhase(Block &block, PhaseBarrier &barrier, const Thread &thread,
                   int32_t location);

} // namespace mxsim

#endif // MX_SIMULATOR_PHASEBARRIER_H
