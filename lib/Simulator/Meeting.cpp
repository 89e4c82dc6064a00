//===- Meeting.cpp - what the lanes of a warp do together -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A warp can hold several meetings at once, of disjoint masks.
//===----------------------------------------------------------------------===//

#include "Block.h"

using namespace mxsim;

void Warp::reset(uint32_t lanes) {
  live = lanes;
  meetingOf = {};
  for (Meeting &meeting : meetings)
    meeting.lanes = 0;
}

static Thread &getThread(Block &block, uint32_t warp, unsigned lane) {
  return block.threads[warp * kWarpSize + lane];
}

/// All have come: computes, and lets everybody but `last` go on.
static void conclude(Block &block, Meeting &meeting, const Thread &last) {
  Warp &warp = block.warps[meeting.warp];
  meeting.agenda.compute(block, meeting);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!meeting.has(lane))
      continue;
    warp.meetingOf[lane] = nullptr;
    Thread &thread = getThread(block, meeting.warp, lane);
    if (&thread != &last)
      block.resume(thread);
  }
  meeting.lanes = 0;
}

/// Starts a meeting of all live lanes of the mask.
static Meeting &convene(Block &block, Warp &warp, const Agenda &agenda) {
  Thread &self = block.self();
  if (agenda.needsWholeWarp && warp.live != ~0u)
    block.fail(ErrorKind::Divergent, agenda.location,
               "expected all '32' lanes of the warp, got '%d'",
               __builtin_popcount(warp.live));
  uint32_t lanes = agenda.mask & warp.live;
  Meeting *free = nullptr;
  for (Meeting &meeting : warp.meetings) {
    if (meeting.lanes & lanes)
      block.fail(ErrorKind::Divergent, agenda.location,
                 "expected the lanes of mask '0x%08x' to make one call, got "
                 "lanes '0x%08x' waiting in another",
                 agenda.mask, meeting.arrived);
    if (meeting.lanes == 0 && !free)
      free = &meeting;
  }
  free->agenda = agenda;
  free->warp = self.getWarp();
  free->lanes = lanes;
  free->arrived = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (lanes >> lane & 1)
      warp.meetingOf[lane] = free;
  return *free;
}

void mxsim::meet(const Agenda &agenda, void *operands) {
  Block &block = Block::current();
  Thread &self = block.self();
  Warp &warp = block.warps[self.getWarp()];
  unsigned lane = self.getLane();
  if (!(agenda.mask >> lane & 1))
    block.fail(ErrorKind::Divergent, agenda.location,
               "expected the calling lane '%u' in the mask, got '0x%08x'", lane,
               agenda.mask);
  Meeting *meeting = warp.meetingOf[lane];
  if (!meeting)
    meeting = &convene(block, warp, agenda);
  else if (!(meeting->agenda == agenda))
    block.fail(ErrorKind::Divergent, agenda.location,
               "expected the lanes of mask '0x%08x' to make one call, got "
               "lanes '0x%08x' waiting at location '%d'",
               meeting->agenda.mask, meeting->arrived,
               meeting->agenda.location);
  meeting->operands[lane] = operands;
  meeting->arrived |= 1u << lane;
  if (meeting->arrived == meeting->lanes)
    conclude(block, *meeting, self);
  else
    block.wait(WaitFor::Lanes, meeting->agenda.mask, agenda.location);
  block.leaveIfFailed();
}

void mxsim::leaveMeetings(Block &block, Thread &thread) {
  Warp &warp = block.warps[thread.getWarp()];
  uint32_t bit = 1u << thread.getLane();
  warp.live &= ~bit;
  Meeting *meeting = warp.meetingOf[thread.getLane()];
  if (!meeting)
    return;
  if (meeting->agenda.needsWholeWarp)
    block.fail(ErrorKind::Divergent, meeting->agenda.location,
               "expected all '32' lanes of the warp, got lane '%u' ended",
               thread.getLane());
  warp.meetingOf[thread.getLane()] = nullptr;
  meeting->lanes &= ~bit;
  if (meeting->arrived == meeting->lanes)
    conclude(block, *meeting, thread);
}
