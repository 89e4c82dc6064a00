//===- Deadlock.cpp - what a launch that cannot go on waits for -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Threads that wait for the same thing form a line, each barrier they wait for
// says what it lacks. If an mbarrier lacks nothing but bytes, or if only lanes
// of warps miss each other, that is the error.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include <cinttypes>
#include <cstdio>

using namespace mxsim;

static constexpr size_t kLineBytes = 256;

static bool waitsLike(const Thread &left, const Thread &right) {
  if (left.hasEnded || right.hasEnded)
    return left.hasEnded && right.hasEnded;
  return left.waitFor == right.waitFor && left.waitId == right.waitId &&
         left.waitLocation == right.waitLocation;
}

/// What a group waits for, e.g. "barrier '1', '96' of '128' threads there".
static void describeWait(Block &block, const Thread &thread, char *text) {
  switch (thread.hasEnded ? WaitFor::Nothing : thread.waitFor) {
  case WaitFor::Nothing:
    std::snprintf(text, kLineBytes, thread.hasEnded ? "ended" : "poll");
    return;
  case WaitFor::Lanes: {
    const Meeting *meeting =
        block.warps[thread.getWarp()].meetingOf[thread.getLane()];
    std::snprintf(text, kLineBytes,
                  "wait for lanes '0x%08x' of their warp, '0x%08x' are there",
                  thread.waitId, meeting ? meeting->arrived : 0);
    return;
  }
  case WaitFor::Warpgroup:
    std::snprintf(
        text, kLineBytes,
        "wait for the '%u' threads of their warpgroup, '%u' are there",
        kGroupThreads, block.warpgroups[thread.waitId].arrived);
    return;
  case WaitFor::Barrier:
    std::snprintf(text, kLineBytes,
                  "wait at barrier '%u', '%u' of '%u' threads are there",
                  thread.waitId, block.barriers[thread.waitId].arrived,
                  block.barriers[thread.waitId].expected);
    return;
  case WaitFor::PhaseBarrier:
    break;
  }
  const PhaseBarrier *barrier = block.phaseBarriers.find(thread.waitId);
  if (!barrier) {
    std::snprintf(text, kLineBytes, "wait for the mbarrier that was at '%u'",
                  thread.waitId);
    return;
  }
  std::snprintf(text, kLineBytes,
                "wait for phase '%" PRIu64 "' of the mbarrier at offset '%u', "
                "in phase '%" PRIu64 "' of which '%u' of '%u' arrivals are "
                "missing and '%" PRId64 "' of '%" PRId64 "' bytes are there",
                thread.waitPhase, thread.waitId, barrier->phase,
                barrier->pending, barrier->expected, barrier->arrivedBytes,
                barrier->expectedBytes);
}

/// Appends a line for each run of threads that do the same.
static void describeThreads(Block &block, std::string &text) {
  const std::vector<Thread> &threads = block.threads;
  for (size_t first = 0, last; first < threads.size(); first = last) {
    last = first + 1;
    while (last < threads.size() && waitsLike(threads[first], threads[last]))
      ++last;
    char what[kLineBytes], line[2 * kLineBytes];
    describeWait(block, threads[first], what);
    std::snprintf(line, sizeof(line), "\n  threads '%zu' to '%zu': %s", first,
                  last - 1, what);
    text += line;
    if (!threads[first].hasEnded) {
      std::snprintf(line, sizeof(line), " (location '%d')",
                    threads[first].waitLocation);
      text += line;
    }
  }
}

void Block::reportDeadlock() {
  const Thread *first = nullptr, *atBarrier = nullptr;
  for (const Thread &thread : threads) {
    if (thread.hasEnded)
      continue;
    if (!first)
      first = &thread;
    if (!atBarrier && thread.waitFor != WaitFor::Lanes &&
        thread.waitFor != WaitFor::Warpgroup)
      atBarrier = &thread;
    if (thread.waitFor != WaitFor::PhaseBarrier)
      continue;
    const PhaseBarrier *barrier = phaseBarriers.find(thread.waitId);
    if (barrier && barrier->pending == 0 &&
        barrier->arrivedBytes != barrier->expectedBytes) {
      report(thread, ErrorKind::TransactionBytes, thread.waitLocation,
             "expected '%" PRId64 "' bytes in phase '%" PRIu64
             "' of the mbarrier at offset '%u', got '%" PRId64 "'",
             barrier->expectedBytes, barrier->phase, barrier->offset,
             barrier->arrivedBytes);
      break;
    }
  }
  if (atBarrier)
    report(*atBarrier, ErrorKind::Deadlock, atBarrier->waitLocation,
           "expected threads to come to their end, got none that can go on");
  else
    report(*first, ErrorKind::Divergent, first->waitLocation,
           "expected the lanes of a warp to make one call, got lanes that wait "
           "for each other in several");
  describeThreads(*this, result.text);
}
