//===- WarpCalls.cpp - shuffles, votes and the like -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each call has a record of operands and results, and a function that computes
// the results of all lanes. None but the warp barrier orders memory.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

/// Calls `visit(lane)` for the lanes that take part.
template <typename Visit>
static void forEachLane(const Meeting &meeting, Visit visit) {
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (meeting.has(lane))
      visit(lane);
}

static Thread &getThread(Block &block, const Meeting &meeting, unsigned lane) {
  return block.threads[meeting.warp * kWarpSize + lane];
}

static void synchronizeLanes(Block &block, Meeting &meeting) {
  block.joined.reset();
  forEachLane(meeting, [&](unsigned lane) {
    block.release(getThread(block, meeting, lane), block.joined);
  });
  forEachLane(meeting, [&](unsigned lane) {
    getThread(block, meeting, lane).clock.join(block.joined);
  });
}

void mxsim_warp_sync(uint32_t mask, int32_t location) {
  // Lanes may come from different places of the program.
  meet({synchronizeLanes, 0, mask, 0, false}, nullptr);
}

static void electLane(Block &, Meeting &meeting) {
  auto leader = unsigned(__builtin_ctz(meeting.lanes));
  forEachLane(meeting, [&](unsigned lane) {
    meeting.get<int32_t>(lane) = lane == leader;
  });
}

int32_t mxsim_elect(uint32_t mask, int32_t location) {
  int32_t isLeader = 0;
  meet({electLane, 0, mask, location, false}, &isLeader);
  return isLeader;
}

namespace {
struct ShuffleOperands {
  int32_t kind;
  uint32_t value, offset, maskAndClamp;
  uint32_t result;
  bool isValid;
};
} // namespace

/// The lane that `lane` reads, by the rules of shfl.sync: bits 0-4 of
/// `maskAndClamp` bound the source, bits 8-12 split the warp into segments.
static unsigned findSource(const ShuffleOperands &operands, unsigned lane,
                           bool &isValid) {
  unsigned clamp = operands.maskAndClamp & 31;
  unsigned segment = operands.maskAndClamp >> 8 & 31;
  unsigned offset = operands.offset & 31;
  int last = int((lane & segment) | (clamp & ~segment));
  int first = int(lane & segment);
  int source = int(lane);
  switch (operands.kind) {
  case MXSIM_SHUFFLE_UP:
    // Here the clamp is the lowest lane.
    source = int(lane) - int(offset);
    isValid = source >= last;
    break;
  case MXSIM_SHUFFLE_DOWN:
    source = int(lane + offset);
    isValid = source <= last;
    break;
  case MXSIM_SHUFFLE_BUTTERFLY:
    source = int(lane ^ offset);
    isValid = source <= last;
    break;
  default:
    source = first | int(offset & ~segment);
    isValid = source <= last;
  }
  return isValid ? unsigned(source) : lane;
}

static void shuffleLanes(Block &block, Meeting &meeting) {
  forEachLane(meeting, [&](unsigned lane) {
    auto &operands = meeting.get<ShuffleOperands>(lane);
    unsigned source = findSource(operands, lane, operands.isValid);
    if (!meeting.has(source)) {
      block.report(getThread(block, meeting, lane), ErrorKind::Divergent,
                   meeting.agenda.location,
                   "expected the source lane of a shuffle in the mask "
                   "'0x%08x', got lane '%u'",
                   meeting.agenda.mask, source);
      return;
    }
    operands.result = meeting.get<ShuffleOperands>(source).value;
  });
}

uint32_t mxsim_shuffle(int32_t kind, uint32_t mask, uint32_t value,
                       int32_t offset, int32_t maskAndClamp, int32_t *valid,
                       int32_t location) {
  ShuffleOperands operands = {
      kind, value, uint32_t(offset), uint32_t(maskAndClamp), 0, false};
  meet({shuffleLanes, uint64_t(kind), mask, location, false}, &operands);
  if (valid)
    *valid = operands.isValid;
  return operands.result;
}

namespace {
struct VoteOperands {
  bool predicate;
  uint32_t ballot, lanes;
};
} // namespace

static void vote(Block &, Meeting &meeting) {
  uint32_t ballot = 0;
  forEachLane(meeting, [&](unsigned lane) {
    ballot |= uint32_t(meeting.get<VoteOperands>(lane).predicate) << lane;
  });
  forEachLane(meeting, [&](unsigned lane) {
    meeting.get<VoteOperands>(lane).ballot = ballot;
    meeting.get<VoteOperands>(lane).lanes = meeting.lanes;
  });
}

uint32_t mxsim_vote(int32_t kind, uint32_t mask, int32_t predicate,
                    int32_t location) {
  VoteOperands operands = {predicate != 0, 0, 0};
  meet({vote, uint64_t(kind), mask, location, false}, &operands);
  switch (kind) {
  case MXSIM_VOTE_ANY:
    return operands.ballot != 0;
  case MXSIM_VOTE_ALL:
    return operands.ballot == operands.lanes;
  case MXSIM_VOTE_UNIFORM:
    return operands.ballot == 0 || operands.ballot == operands.lanes;
  default:
    return operands.ballot;
  }
}

namespace {
struct MatchOperands {
  uint64_t value;
  uint32_t equal, lanes;
};
} // namespace

static void match(Block &, Meeting &meeting) {
  forEachLane(meeting, [&](unsigned lane) {
    auto &operands = meeting.get<MatchOperands>(lane);
    operands.lanes = meeting.lanes;
    forEachLane(meeting, [&](unsigned other) {
      if (meeting.get<MatchOperands>(other).value == operands.value)
        operands.equal |= 1u << other;
    });
  });
}

uint32_t mxsim_match(int32_t kind, uint32_t mask, uint64_t value, int32_t *all,
                     int32_t location) {
  MatchOperands operands = {value, 0, 0};
  meet({match, uint64_t(kind), mask, location, false}, &operands);
  bool areAll = operands.equal == operands.lanes;
  if (all)
    *all = areAll;
  return kind == MXSIM_MATCH_ALL && !areAll ? 0 : operands.equal;
}

namespace {
struct ReduceOperands {
  int32_t kind;
  bool absolute, propagateNaN;
  uint32_t value, result;
};
} // namespace

static constexpr uint32_t kCanonicalNaN = 0x7FFFFFFF;
static constexpr uint32_t kSignBit = uint32_t(1) << 31;

/// Minimum or maximum of two floats; -0 is less than +0.
static uint32_t reduceFloats(const ReduceOperands &how, uint32_t left,
                             uint32_t right) {
  auto isNaN = [](uint32_t bits) { return (bits & ~kSignBit) > 0x7F800000; };
  if (isNaN(left) || isNaN(right)) {
    if (how.propagateNaN || (isNaN(left) && isNaN(right)))
      return kCanonicalNaN;
    return isNaN(left) ? right : left;
  }
  // Ordered as integers once negative ones are turned around.
  auto order = [](uint32_t bits) {
    return int32_t(bits & kSignBit ? ~bits ^ kSignBit : bits);
  };
  bool leftIsLess = order(left) < order(right);
  return leftIsLess == (how.kind == MXSIM_REDUCE_FMIN) ? left : right;
}

static uint32_t reducePair(const ReduceOperands &how, uint32_t left,
                           uint32_t right) {
  switch (how.kind) {
  case MXSIM_REDUCE_ADD:
    return left + right;
  case MXSIM_REDUCE_AND:
    return left & right;
  case MXSIM_REDUCE_OR:
    return left | right;
  case MXSIM_REDUCE_XOR:
    return left ^ right;
  case MXSIM_REDUCE_MAX:
    return uint32_t(std::max(int32_t(left), int32_t(right)));
  case MXSIM_REDUCE_MIN:
    return uint32_t(std::min(int32_t(left), int32_t(right)));
  case MXSIM_REDUCE_UMAX:
    return std::max(left, right);
  case MXSIM_REDUCE_UMIN:
    return std::min(left, right);
  default:
    return reduceFloats(how, left, right);
  }
}

static void reduceLanes(Block &, Meeting &meeting) {
  bool isFirst = true;
  uint32_t result = 0;
  forEachLane(meeting, [&](unsigned lane) {
    const auto &operands = meeting.get<ReduceOperands>(lane);
    uint32_t value = operands.value & ~(operands.absolute ? kSignBit : 0u);
    result = isFirst ? value : reducePair(operands, result, value);
    isFirst = false;
  });
  forEachLane(meeting, [&](unsigned lane) {
    meeting.get<ReduceOperands>(lane).result = result;
  });
}

uint32_t mxsim_reduce(int32_t kind, uint32_t mask, uint32_t value,
                      int32_t absolute, int32_t propagateNaN,
                      int32_t location) {
  ReduceOperands operands = {kind, absolute != 0, propagateNaN != 0, value, 0};
  meet({reduceLanes, uint64_t(kind), mask, location, false}, &operands);
  return operands.result;
}
