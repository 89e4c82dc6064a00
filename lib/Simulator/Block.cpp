//===- Block.cpp - the block that is running ------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The host loop: run all fibers that can run; when none can, let the copies
// happen that somebody waits for; when there are none, report a deadlock. An
// error ends the block where it stands: fibers are abandoned, not unwound.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include <cstdarg>
#include <cstdio>
#include <utility>

using namespace mxsim;

/// Compiled device code has no operand for it.
static thread_local Block *currentBlock = nullptr;

static size_t countThreads(const Launch &launch) {
  return size_t(launch.block[0]) * launch.block[1] * launch.block[2];
}

Block::Block(const Launch &launch, const std::vector<Buffer> &buffers,
             const Options &options)
    : launch(launch), options(options), stacks(countThreads(launch)),
      scheduler(countThreads(launch), options.scheduleSeed),
      shared(launch.staticShared + launch.dynamicShared), global(buffers),
      threads(countThreads(launch)),
      warps((threads.size() + kWarpSize - 1) / kWarpSize),
      warpgroups((threads.size() + kGroupThreads - 1) / kGroupThreads) {
  for (uint32_t index = 0; index < warpgroups.size(); ++index)
    warpgroups[index].index = index;
  for (uint32_t index = 0; index < threads.size(); ++index) {
    Thread &thread = threads[index];
    thread.index = index;
    thread.coordinates = {index % launch.block[0],
                          index / launch.block[0] % launch.block[1],
                          index / launch.block[0] / launch.block[1]};
    thread.clock = Clock(countClockEntries());
  }
  joined = Clock(countClockEntries());
}

Block &Block::current() { return *currentBlock; }

void Block::runThread(void *thread) {
  Block &block = current();
  block.launch.kernel(block.launch.arguments);
  block.endThread();
}

void Block::reset(std::array<uint32_t, 3> where) {
  coordinates = where;
  ++number;
  isSynchronised = false;
  shared.reset(launch.staticShared + launch.dynamicShared);
  phaseBarriers.reset();
  tensor.reset(warps.size());
  bulkCopies = 0;
  polls = 0;
  for (BlockBarrier &barrier : barriers)
    barrier.reset(countClockEntries());
  for (size_t warp = 0; warp < warps.size(); ++warp) {
    size_t lanes =
        std::min<size_t>(threads.size() - warp * kWarpSize, kWarpSize);
    warps[warp].reset(lanes == kWarpSize ? ~0u : (1u << lanes) - 1);
  }
  for (Warpgroup &group : warpgroups)
    group.reset();
  live = threads.size();
  scheduler.clear();
  for (Thread &thread : threads) {
    thread.clock.reset();
    thread.clock.seen[thread.index] = 1;
    thread.copies.reset();
    thread.tensorIssued = 0;
    thread.tensorSeen = thread.clock.seen;
    thread.hasEnded = false;
    thread.waitFor = WaitFor::Nothing;
    thread.clusterGeneration = 0;
    thread.fiber.prepare(stacks.getStack(thread.index),
                         FiberStacks::getStackBytes(), runThread, &thread);
    scheduler.enqueue(thread);
  }
}

bool Block::runAt(std::array<uint32_t, 3> where) {
  Block *outer = std::exchange(currentBlock, this);
  reset(where);
  while (live > 0 && result) {
    scheduler.runReady();
    if (live == 0 || !result || scheduler.countReady() > 0)
      continue;
    if (!phaseBarriers.completeWaited(*this))
      reportDeadlock();
  }
  checkOutstanding();
  currentBlock = outer;
  return bool(result);
}

void Block::checkOutstanding() {
  for (const auto &[offset, barrier] : phaseBarriers.getAll())
    for (const Transfer &transfer : barrier.outstanding)
      if (!transfer.isArrival)
        report(*transfer.issuer, ErrorKind::InFlight, transfer.location,
               "expected the block to wait for its bulk copies, got one of "
               "'%u' bytes to shared offset '%u' under way at its end",
               transfer.bytes, transfer.offset);
  for (const TensorOperation &operation : tensor.operations)
    report(*operation.issuer, ErrorKind::InFlight, operation.location,
           "expected the block to wait for a commit of its operations on "
           "tensor memory, got one under way at its end");
  if (tensor.hasAllocations())
    report(threads.front(), ErrorKind::Operand, launch.location,
           "expected tensor memory to be freed before the block ends, got some "
           "that is allocated");
}

void Block::wait(WaitFor what, uint32_t id, int32_t location) {
  Thread &thread = self();
  thread.waitFor = what;
  thread.waitId = id;
  thread.waitLocation = location;
  scheduler.leave();
}

void Block::resume(Thread &thread) {
  noteProgress();
  thread.waitFor = WaitFor::Nothing;
  scheduler.enqueue(thread);
}

void Block::poll(int32_t location) {
  self().waitLocation = location;
  ++polls;
  if (polls % (2 * live) == 0 && phaseBarriers.completeWaited(*this))
    noteProgress();
  if (polls > options.pollLimit)
    reportDeadlock();
  leaveIfFailed();
  scheduler.enqueue(self());
  scheduler.leave();
}

void Block::failStepLimit(int32_t location) {
  fail(ErrorKind::StepLimit, location,
       "expected the launch to end within '%llu' steps, got one that goes on",
       static_cast<unsigned long long>(options.stepLimit));
}

void Block::endThread() {
  Thread &thread = self();
  noteProgress();
  for (const Transfer &store : thread.copies.stores)
    if (!store.hasRead)
      fail(ErrorKind::InFlight, store.location,
           "expected bulk stores to be waited for before the thread ends, got "
           "one of '%u' bytes at shared offset '%u' under way",
           store.bytes, store.offset);
  if (auto location = tensor.findTransfer(thread.getWarp()))
    fail(ErrorKind::InFlight, *location,
         "expected a load or store of tensor memory to be waited for before "
         "the thread ends, got one under way");
  leaveMeetings(*this, thread);
  leaveWarpgroup(*this, thread);
  thread.hasEnded = true;
  --live;
  // Nobody enqueues it any more.
  scheduler.leave();
  __builtin_unreachable();
}

void Block::release(Thread &thread, Clock &clock) {
  clock.join(thread.clock);
  ++thread.clock.seen[thread.index];
}

void Block::noteError(const Thread &thread, ErrorKind kind, int32_t location,
                      const char *text) {
  if (!result)
    return;
  result.kind = kind;
  result.block = coordinates;
  result.thread = thread.coordinates;
  result.location = location;
  result.text = text;
}

/// Messages are sentences; what does not fit is cut off.
static constexpr size_t kTextBytes = 512;

void Block::report(const Thread &thread, ErrorKind kind, int32_t location,
                   const char *format, ...) {
  char text[kTextBytes];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  noteError(thread, kind, location, text);
}

void Block::fail(ErrorKind kind, int32_t location, const char *format, ...) {
  char text[kTextBytes];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  noteError(self(), kind, location, text);
  scheduler.returnToHost();
  __builtin_unreachable();
}

void Block::leaveIfFailed() {
  if (result)
    return;
  scheduler.returnToHost();
  __builtin_unreachable();
}
