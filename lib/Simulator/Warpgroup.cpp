//===- Warpgroup.cpp - what four warps do together ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Warpgroup.h"
#include "Block.h"

using namespace mxsim;

/// A quiet NaN; below it there is room for the number of the sums, of 15 bits,
/// and for that of the register, of 7.
static constexpr uint32_t kMark = 0xFFC00000;
static constexpr uint32_t kRegisterBits = 7, kNumberMask = 0x7FFF;

uint32_t GroupSums::getMark(uint32_t index) const {
  return kMark | (number & kNumberMask) << kRegisterBits | index;
}

void Warpgroup::reset() {
  uint32_t which = index;
  *this = Warpgroup();
  index = which;
}

GroupSums *Warpgroup::findSums(uint32_t word) {
  for (GroupSums &some : sums)
    if (word >= kMark &&
        word >> kRegisterBits == some.getMark(0) >> kRegisterBits)
      return &some;
  return nullptr;
}

Thread &Warpgroup::getThread(Block &block, uint32_t thread) const {
  return block.threads[index * kGroupThreads + thread];
}

void mxsim::meetWarpgroup(const GroupCall &call, void *operands) {
  Block &block = Block::current();
  Thread &self = block.self();
  Warpgroup &group = block.warpgroups[self.index / kGroupThreads];
  size_t threads = std::min<size_t>(
      block.threads.size() - group.index * kGroupThreads, kGroupThreads);
  if (threads != kGroupThreads || group.ended != 0)
    block.fail(ErrorKind::Divergent, call.location,
               "expected all '%u' threads of the warpgroup, got '%zu'",
               kGroupThreads, threads - group.ended);
  if (group.arrived == 0)
    group.call = call;
  else if (!(group.call == call))
    block.fail(ErrorKind::Divergent, call.location,
               "expected the threads of the warpgroup to make one call, got "
               "'%u' of them waiting in another at location '%d'",
               group.arrived, group.call.location);
  group.operands[self.index % kGroupThreads] = operands;
  if (++group.arrived == kGroupThreads) {
    group.arrived = 0;
    call.compute(block, group);
    for (uint32_t thread = 0; thread < kGroupThreads; ++thread)
      if (&group.getThread(block, thread) != &self)
        block.resume(group.getThread(block, thread));
  } else {
    block.wait(WaitFor::Warpgroup, group.index, call.location);
  }
  block.leaveIfFailed();
}

void mxsim::leaveWarpgroup(Block &block, Thread &thread) {
  Warpgroup &group = block.warpgroups[thread.index / kGroupThreads];
  if (group.arrived != 0)
    block.fail(ErrorKind::Divergent, group.call.location,
               "expected all '%u' threads of the warpgroup, got thread '%u' "
               "ended",
               kGroupThreads, thread.index);
  if (!group.products.empty())
    block.fail(ErrorKind::InFlight, group.products.front().location,
               "expected products to be waited for before a thread of the "
               "warpgroup ends, got one under way");
  ++group.ended;
}
