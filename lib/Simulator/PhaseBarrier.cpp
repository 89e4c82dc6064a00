//===- PhaseBarrier.cpp - mbarriers ---------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Copies that a barrier counts are carried out only when nothing else can run
// and somebody waits for the barrier: whoever reads too early finds poison.
//===----------------------------------------------------------------------===//

#include "Block.h"

using namespace mxsim;

PhaseBarrier *PhaseBarriers::find(uint32_t offset) {
  if (last && last->offset == offset)
    return last;
  auto found = barriers.find(offset);
  return found == barriers.end() ? nullptr : last = &found->second;
}

PhaseBarrier &PhaseBarriers::make(uint32_t offset, size_t clockSize) {
  PhaseBarrier &barrier = barriers[offset];
  barrier.offset = offset;
  barrier.arriving = barrier.released = Clock(clockSize);
  return barrier;
}

void PhaseBarriers::fence(uint32_t maker) {
  for (auto &[offset, barrier] : barriers)
    if (barrier.maker == maker)
      barrier.isFenced = true;
}

PhaseBarrier &mxsim::findBarrier(Block &block, const void *address,
                                 int32_t location) {
  auto offset = uint32_t(reinterpret_cast<uintptr_t>(address));
  PhaseBarrier *barrier =
      block.shared.owns(address) ? block.phaseBarriers.find(offset) : nullptr;
  if (!barrier)
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected an initialised mbarrier, got %s '%u'",
               block.shared.owns(address) ? "shared offset"
                                          : "other memory, low bits",
               offset);
  if (block.self().clock.seen[barrier->maker] < barrier->makerClock)
    block.fail(ErrorKind::Race, location,
               "expected a barrier between making the mbarrier at offset '%u' "
               "and using it, got none after thread '%u' made it",
               offset, barrier->maker);
  return *barrier;
}

void mxsim::completePhase(Block &block, PhaseBarrier &barrier,
                          const Thread &thread, int32_t location) {
  if (barrier.pending != 0 || barrier.expectedBytes != barrier.arrivedBytes)
    return;
  for (const Transfer &transfer : barrier.outstanding) {
    if (transfer.isArrival)
      continue;
    block.report(thread, ErrorKind::TransactionBytes, location,
                 "expected phase '%llu' of the mbarrier at offset '%u' to "
                 "count the '%u' bytes of a copy issued in it, got the phase "
                 "complete with '%lld' bytes",
                 static_cast<unsigned long long>(barrier.phase), barrier.offset,
                 transfer.bytes, static_cast<long long>(barrier.expectedBytes));
    return;
  }
  block.noteProgress();
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.expectedBytes = barrier.arrivedBytes = 0;
  barrier.released = barrier.arriving;
  for (Thread *waiter : barrier.waiters) {
    waiter->clock.join(barrier.released);
    block.resume(*waiter);
  }
  barrier.waiters.clear();
}

/// A copy has arrived: whoever sees the phase complete sees its bytes.
static void countBytes(Block &block, PhaseBarrier &barrier,
                       const Transfer &transfer) {
  carryOutLoad(block, transfer);
  uint32_t entry = block.getAsyncEntry();
  uint32_t clock = ++block.bulkCopies;
  block.shared.endWrite(transfer.offset, transfer.bytes, entry, clock);
  barrier.arriving.seen[entry] = barrier.arriving.fenced[entry] = clock;
  barrier.arrivedBytes += transfer.bytes;
}

static void completeOutstanding(Block &block, PhaseBarrier &barrier) {
  // The list is emptied first: what is in it belongs to this phase.
  std::vector<Transfer> transfers;
  transfers.swap(barrier.outstanding);
  for (const Transfer &transfer : transfers) {
    if (!transfer.isArrival) {
      countBytes(block, barrier, transfer);
      continue;
    }
    if (transfer.isCommit) {
      completeOperations(block, *transfer.issuer, transfer.issuedLoads,
                         barrier.arriving);
    } else {
      completeLoadsUpTo(block, *transfer.issuer, transfer.issuedLoads);
      block.release(*transfer.issuer, barrier.arriving);
    }
    if (barrier.pending != 0)
      --barrier.pending;
  }
  const Transfer &last = transfers.back();
  completePhase(block, barrier, *last.issuer, last.location);
}

bool PhaseBarriers::completeWaited(Block &block) {
  bool any = false;
  for (const Thread &thread : block.threads) {
    if (thread.hasEnded || thread.waitFor != WaitFor::PhaseBarrier)
      continue;
    PhaseBarrier *barrier = find(thread.waitId);
    if (barrier && !barrier->outstanding.empty()) {
      completeOutstanding(block, *barrier);
      any = true;
    }
  }
  return any;
}
