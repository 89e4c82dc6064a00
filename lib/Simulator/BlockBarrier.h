//===- BlockBarrier.h - the sixteen barriers of a block ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A barrier counts threads that come and lets those that wait go on when the
// count is full. The first to come says how many it is for; the others must
// agree. One more of them serves the cluster, whose only block this is.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_BLOCKBARRIER_H
#define MX_SIMULATOR_BLOCKBARRIER_H

#include "Clock.h"

namespace mxsim {

class Block;
struct Thread;

struct BlockBarrier {
  /// 0 while nobody has come.
  uint32_t expected = 0;
  uint32_t arrived = 0;
  /// How often it was full.
  uint64_t generation = 0;
  /// Predicates that were true.
  uint32_t trueCount = 0;
  Clock clock;

  /// A thread that waits, and where its result goes (or null).
  struct Waiter {
    Thread *thread;
    uint32_t *trueCount, *total;
  };
  std::vector<Waiter> waiters;

  void reset(size_t clockSize);
};

} // namespace mxsim

#endif // MX_SIMULATOR_BLOCKBARRIER_H
