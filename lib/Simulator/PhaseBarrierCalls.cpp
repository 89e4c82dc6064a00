//===- PhaseBarrierCalls.cpp - device calls on mbarriers ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Operands are checked here; the state of an arrival is the number of the
// phase that it belongs to.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"

using namespace mxsim;

static constexpr uint32_t kBarrierBytes = 8;
static constexpr int32_t kMaxCount = (1 << 20) - 1;

void mxsim_mbarrier_init(void *address, int32_t count, int32_t location) {
  Block &block = Block::current();
  if (count < 1 || count > kMaxCount)
    block.fail(ErrorKind::Operand, location,
               "expected an mbarrier for '1' to '%d' arrivals, got '%d'",
               kMaxCount, count);
  uint32_t offset = requireShared(block, address, kBarrierBytes, kBarrierBytes,
                                  "an mbarrier", location);
  noteShared(block, AccessKind::Store, offset, kBarrierBytes, location);
  block.shared.setBarrier(offset, true);
  Thread &self = block.self();
  PhaseBarrier &barrier =
      block.phaseBarriers.make(offset, self.clock.seen.size());
  barrier.expected = barrier.pending = uint32_t(count);
  barrier.maker = self.index;
  barrier.makerClock = self.clock.seen[self.index];
}

void mxsim_mbarrier_invalidate(void *address, int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  if (!barrier.waiters.empty() || !barrier.outstanding.empty())
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected an mbarrier without waiting threads and copies, got "
               "'%zu' threads and '%zu' copies at offset '%u'",
               barrier.waiters.size(), barrier.outstanding.size(),
               barrier.offset);
  block.shared.setBarrier(barrier.offset, false);
  block.phaseBarriers.remove(barrier.offset);
}

/// How an arrival differs from the plain one.
struct Arrival {
  int32_t count = 1;
  int32_t bytes = 0;
  bool drops = false;
  bool mayComplete = true;
};

static void requireBytes(Block &block, int32_t bytes, int32_t location) {
  if (bytes < 0 || bytes > kMaxCount)
    block.fail(ErrorKind::Operand, location,
               "expected '0' to '%d' bytes at an mbarrier, got '%d'", kMaxCount,
               bytes);
}

static uint64_t arrive(void *address, Arrival arrival, int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  requireBytes(block, arrival.bytes, location);
  if (arrival.count < 1 || uint32_t(arrival.count) > barrier.pending)
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected at most '%u' more arrivals in phase '%llu' of the "
               "mbarrier at offset '%u', got '%d'",
               barrier.pending, static_cast<unsigned long long>(barrier.phase),
               barrier.offset, arrival.count);
  block.noteProgress();
  block.release(block.self(), barrier.arriving);
  barrier.expectedBytes += arrival.bytes;
  barrier.pending -= uint32_t(arrival.count);
  if (arrival.drops)
    barrier.expected -= uint32_t(arrival.count);
  uint64_t state = barrier.phase;
  completePhase(block, barrier, block.self(), location);
  block.leaveIfFailed();
  if (!arrival.mayComplete && barrier.phase != state)
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected an arrival that does not complete phase '%llu' of the "
               "mbarrier at offset '%u', got the last one",
               static_cast<unsigned long long>(state), barrier.offset);
  return state;
}

uint64_t mxsim_mbarrier_arrive(void *barrier, int32_t count, int32_t location) {
  return arrive(barrier, {count}, location);
}

uint64_t mxsim_mbarrier_arrive_nocomplete(void *barrier, int32_t count,
                                          int32_t location) {
  return arrive(barrier, {count, 0, false, false}, location);
}

uint64_t mxsim_mbarrier_arrive_drop(void *barrier, int32_t count,
                                    int32_t location) {
  return arrive(barrier, {count, 0, true}, location);
}

uint64_t mxsim_mbarrier_arrive_expect_tx(void *barrier, int32_t bytes,
                                         int32_t location) {
  return arrive(barrier, {1, bytes}, location);
}

uint64_t mxsim_mbarrier_arrive_drop_expect_tx(void *barrier, int32_t bytes,
                                              int32_t location) {
  return arrive(barrier, {1, bytes, true}, location);
}

void mxsim_mbarrier_expect_tx(void *address, int32_t bytes, int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  requireBytes(block, bytes, location);
  barrier.expectedBytes += bytes;
}

void mxsim_mbarrier_complete_tx(void *address, int32_t bytes,
                                int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  requireBytes(block, bytes, location);
  barrier.arrivedBytes += bytes;
  completePhase(block, barrier, block.self(), location);
  block.leaveIfFailed();
}

/// Whether the phase is complete; if so, the thread knows what came before.
static bool observePhase(Block &block, const PhaseBarrier &barrier,
                         uint64_t phase) {
  if (!barrier.isComplete(phase))
    return false;
  block.self().clock.join(barrier.released);
  return true;
}

static int32_t test(Block &block, const void *address, uint64_t phase,
                    int32_t location) {
  PhaseBarrier &barrier = findBarrier(block, address, location);
  if (observePhase(block, barrier, phase))
    return 1;
  Thread &self = block.self();
  self.waitFor = WaitFor::PhaseBarrier;
  self.waitId = barrier.offset;
  self.waitPhase = phase;
  block.poll(location);
  self.waitFor = WaitFor::Nothing;
  return observePhase(block, findBarrier(block, address, location), phase);
}

static int32_t await(Block &block, PhaseBarrier &barrier, uint64_t phase,
                     int32_t location) {
  if (!observePhase(block, barrier, phase)) {
    Thread &self = block.self();
    self.waitPhase = phase;
    barrier.waiters.push_back(&self);
    block.wait(WaitFor::PhaseBarrier, barrier.offset, location);
  }
  return 1;
}

/// The newest phase of this parity that has begun: the current one, or else
/// the one before, which is complete (before the first, anything is).
static bool isCurrent(const PhaseBarrier &barrier, int32_t parity) {
  return (barrier.phase & 1) == uint64_t(parity & 1);
}

int32_t mxsim_mbarrier_test_wait(void *address, uint64_t state,
                                 int32_t location) {
  return test(Block::current(), address, state, location);
}

int32_t mxsim_mbarrier_test_wait_parity(void *address, int32_t parity,
                                        int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  if (isCurrent(barrier, parity))
    return test(block, address, barrier.phase, location);
  block.self().clock.join(barrier.released);
  return 1;
}

int32_t mxsim_mbarrier_try_wait(void *address, uint64_t state,
                                int32_t location) {
  Block &block = Block::current();
  return await(block, findBarrier(block, address, location), state, location);
}

int32_t mxsim_mbarrier_try_wait_parity(void *address, int32_t parity,
                                       int32_t location) {
  Block &block = Block::current();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  if (isCurrent(barrier, parity))
    return await(block, barrier, barrier.phase, location);
  block.self().clock.join(barrier.released);
  return 1;
}
