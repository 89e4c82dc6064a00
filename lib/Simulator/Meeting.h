//===- Meeting.h - what the lanes of a warp do together ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A collective call is a meeting: every lane of its mask brings operands that
// stay on the lane's own stack, and the last to come computes for all. Lanes
// that come with another call, or that end although they are expected, make
// the call divergent.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_MEETING_H
#define MX_SIMULATOR_MEETING_H

#include <array>
#include <cstdint>

namespace mxsim {

class Block;
struct Meeting;
struct Thread;

/// What is done together; two lanes agree if all of it is equal.
struct Agenda {
  void (*compute)(Block &block, Meeting &meeting) = nullptr;
  /// Attributes that must be the same in all lanes.
  uint64_t attributes = 0;
  uint32_t mask = 0;
  int32_t location = 0;
  /// Whether all 32 lanes must be there.
  bool needsWholeWarp = false;

  bool operator==(const Agenda &other) const {
    return compute == other.compute && attributes == other.attributes &&
           mask == other.mask && location == other.location;
  }
};

struct Meeting {
  Agenda agenda;
  /// Number of the warp.
  uint32_t warp = 0;
  /// Lanes that are expected, and those that have come.
  uint32_t lanes = 0, arrived = 0;
  std::array<void *, 32> operands = {};

  /// The operands of a lane that takes part.
  template <typename Operands>
  Operands &get(unsigned lane) {
    return *static_cast<Operands *>(operands[lane]);
  }
  bool has(unsigned lane) const { return lanes >> lane & 1; }
};

struct Warp {
  /// Lanes that exist and have not ended.
  uint32_t live = 0;
  std::array<Meeting, 32> meetings;
  /// The meeting that expects a lane, or null.
  std::array<Meeting *, 32> meetingOf = {};

  void reset(uint32_t lanes);
};

/// Takes part in a meeting; returns when it is over.
void meet(const Agenda &agenda, void *operands);

/// A thread ends: meetings go on without it, or become divergent.
void leaveMeetings(Block &block, Thread &thread);

} // namespace mxsim

#endif // MX_SIMULATOR_MEETING_H
