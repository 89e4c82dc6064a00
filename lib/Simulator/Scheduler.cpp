//===- Scheduler.cpp - who runs next --------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A fiber that stops switches straight to its successor; the host is entered
// only when there is none.
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "Block.h"
#include <utility>

using namespace mxsim;

Scheduler::Scheduler(size_t capacity, uint64_t seed)
    : ring(capacity), random(seed) {}

void Scheduler::enqueue(Thread &thread) {
  ring[(head + size++) % ring.size()] = &thread;
}

/// The next number of Marsaglia's xorshift generator with shifts 13, 7, 17.
static uint64_t drawNext(uint64_t &state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

Thread *Scheduler::takeNext() {
  if (size == 0)
    return nullptr;
  if (random != 0)
    std::swap(ring[head], ring[(head + drawNext(random) % size) % ring.size()]);
  Thread *next = ring[head];
  head = (head + 1) % ring.size();
  --size;
  return next;
}

void Scheduler::runReady() {
  running = takeNext();
  if (!running)
    return;
  ++switches;
  Fiber::switchTo(host, running->fiber);
}

void Scheduler::leave() {
  Thread *stopped = running;
  running = takeNext();
  // A thread that lets others go first may be alone.
  if (running == stopped)
    return;
  ++switches;
  Fiber::switchTo(stopped->fiber, running ? running->fiber : host);
}

void Scheduler::returnToHost() {
  Thread *stopped = std::exchange(running, nullptr);
  Fiber::switchTo(stopped->fiber, host);
}
