//===- Scheduler.h - who runs next ------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Fibers run until they wait. Those that can go on form a queue: first come,
// first served, or drawn at random from a seed. When it is empty control
// returns to the host, which looks for something that lets a fiber go on.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_SCHEDULER_H
#define MX_SIMULATOR_SCHEDULER_H

#include "Fiber.h"
#include <vector>

namespace mxsim {

struct Thread;

class Scheduler {
public:
  /// For at most `capacity` threads; a seed other than 0 draws at random.
  Scheduler(size_t capacity, uint64_t seed);

  Thread *getRunning() const { return running; }
  size_t countReady() const { return size; }
  uint64_t countSwitches() const { return switches; }

  /// Puts a thread that is not in the queue at its end.
  void enqueue(Thread &thread);
  /// Runs fibers until none can go on or one returned to the host.
  void runReady();
  /// Stops the running fiber until something enqueues it; the next one runs.
  void leave();
  /// Stops the running fiber for good; the host runs.
  void returnToHost();
  /// Forgets the queue.
  void clear() { size = 0; }

private:
  Thread *takeNext();

  Fiber host;
  Thread *running = nullptr;
  /// A ring.
  std::vector<Thread *> ring;
  size_t head = 0, size = 0;
  uint64_t random, switches = 0;
};

} // namespace mxsim

#endif // MX_SIMULATOR_SCHEDULER_H
