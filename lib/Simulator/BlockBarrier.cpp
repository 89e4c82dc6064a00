//===- BlockBarrier.cpp - the sixteen barriers of a block -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The clocks of all that come are joined; whoever waited knows them all.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "mx/Simulator/DeviceCalls.h"

using namespace mxsim;

static constexpr uint32_t kClusterBarrier = kNamedBarriers;

void BlockBarrier::reset(size_t clockSize) {
  expected = arrived = trueCount = 0;
  generation = 0;
  waiters.clear();
  clock = Clock(clockSize);
}

/// Checks the operands and counts the calling thread; whether it was the last.
static bool arrive(Block &block, uint32_t id, int32_t threads, bool predicate,
                   int32_t location) {
  uint32_t all = uint32_t(block.threads.size());
  uint32_t count = threads == 0 ? all : uint32_t(threads);
  if (threads < 0 || count > all || (threads != 0 && count % kWarpSize != 0))
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected a multiple of '32' threads, at most '%u', at barrier "
               "'%u', got '%d'",
               all, id, threads);
  BlockBarrier &barrier = block.barriers[id];
  if (barrier.expected == 0)
    barrier.expected = count;
  if (barrier.expected != count)
    block.fail(ErrorKind::BarrierMisuse, location,
               "expected '%u' threads at barrier '%u' as those that came "
               "before, got '%u'",
               barrier.expected, id, count);
  block.noteProgress();
  block.release(block.self(), barrier.clock);
  barrier.trueCount += predicate;
  return ++barrier.arrived == barrier.expected;
}

/// Lets everybody who waits go on, and makes the barrier anew.
static void open(Block &block, BlockBarrier &barrier) {
  for (const BlockBarrier::Waiter &waiter : barrier.waiters) {
    waiter.thread->clock.join(barrier.clock);
    if (waiter.trueCount) {
      *waiter.trueCount = barrier.trueCount;
      *waiter.total = barrier.expected;
    }
    block.resume(*waiter.thread);
  }
  barrier.waiters.clear();
  barrier.expected = barrier.arrived = barrier.trueCount = 0;
  ++barrier.generation;
}

static void checkNumber(Block &block, int32_t id, int32_t location) {
  if (uint32_t(id) >= kNamedBarriers)
    block.fail(ErrorKind::Operand, location,
               "expected a barrier from '0' to '15', got '%d'", id);
}

/// Comes and waits; gives how many predicates were true, and of how many.
static void synchronize(int32_t id, int32_t threads, bool predicate,
                        uint32_t *trueCount, uint32_t *total,
                        int32_t location) {
  Block &block = Block::current();
  checkNumber(block, id, location);
  bool isLast = arrive(block, uint32_t(id), threads, predicate, location);
  BlockBarrier &barrier = block.barriers[uint32_t(id)];
  if (!isLast) {
    barrier.waiters.push_back({&block.self(), trueCount, total});
    block.wait(WaitFor::Barrier, uint32_t(id), location);
    return;
  }
  block.self().clock.join(barrier.clock);
  if (trueCount) {
    *trueCount = barrier.trueCount;
    *total = barrier.expected;
  }
  open(block, barrier);
}

void mxsim_barrier(int32_t id, int32_t threads, int32_t location) {
  synchronize(id, threads, false, nullptr, nullptr, location);
}

int32_t mxsim_barrier_reduce(int32_t id, int32_t threads, int32_t kind,
                             int32_t predicate, int32_t location) {
  uint32_t trueCount = 0, total = 0;
  synchronize(id, threads, predicate != 0, &trueCount, &total, location);
  switch (kind) {
  case MXSIM_BARRIER_POPC:
    return int32_t(trueCount);
  case MXSIM_BARRIER_AND:
    return trueCount == total;
  case MXSIM_BARRIER_OR:
    return trueCount != 0;
  }
  Block::current().fail(ErrorKind::Operand, location,
                        "expected a reduction of a barrier, got kind '%d'",
                        kind);
}

void mxsim_barrier_arrive(int32_t id, int32_t threads, int32_t location) {
  Block &block = Block::current();
  checkNumber(block, id, location);
  if (arrive(block, uint32_t(id), threads, false, location))
    open(block, block.barriers[uint32_t(id)]);
}

void mxsim_cluster_arrive(int32_t location) {
  Block &block = Block::current();
  BlockBarrier &barrier = block.barriers[kClusterBarrier];
  block.self().clusterGeneration = barrier.generation + 1;
  if (arrive(block, kClusterBarrier, 0, false, location))
    open(block, barrier);
}

void mxsim_cluster_wait(int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  BlockBarrier &barrier = block.barriers[kClusterBarrier];
  if (barrier.generation >= self.clusterGeneration) {
    self.clock.join(barrier.clock);
    return;
  }
  barrier.waiters.push_back({&self, nullptr, nullptr});
  block.wait(WaitFor::Barrier, kClusterBarrier, location);
}
