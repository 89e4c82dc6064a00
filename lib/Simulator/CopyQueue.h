//===- CopyQueue.h - copies that are under way ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An asynchronous copy is checked when it is issued and carried out when its
// completion is waited for, which is the last moment that the machine allows.
// Copies that an mbarrier counts wait there; the others wait in groups of the
// thread that issued them.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_COPYQUEUE_H
#define MX_SIMULATOR_COPYQUEUE_H

#include "TensorMap.h"
#include <cstddef>
#include <vector>

namespace mxsim {

class Block;
struct Thread;

struct Transfer {
  Thread *issuer = nullptr;
  int32_t location = 0;
  /// The range in shared memory.
  uint32_t offset = 0, bytes = 0;
  /// The other end, or a tile of `map`.
  uint8_t *global = nullptr;
  const TensorMap *map = nullptr;
  int32_t coordinates[kMaxTensorRank] = {};
  /// Bytes that are read; the others become zero.
  uint32_t sourceBytes = 0;
  /// Which bytes of every 16 are written, for stores.
  uint32_t byteMask = 0xFFFF;
  /// The group of the issuer that it belongs to.
  uint32_t group = 0;
  /// For stores: whether the source may change again.
  bool hasRead = false;
  /// Not a copy: an arrival once the first `issuedLoads` cp.async of the issuer
  /// are complete.
  bool isArrival = false;
  uint64_t issuedLoads = 0;
  /// The same of operations on tensor memory.
  bool isCommit = false;
};

/// A thread's copies that no mbarrier counts: cp.async, and bulk stores.
struct CopyQueue {
  std::vector<Transfer> loads, stores;
  /// Numbers of the groups that are still open.
  uint32_t loadGroup = 0, storeGroup = 0;
  /// How many loads were ever issued.
  uint64_t issuedLoads = 0;

  /// Forgets all, and keeps the room.
  void reset() {
    loads.clear();
    stores.clear();
    loadGroup = storeGroup = 0;
    issuedLoads = 0;
  }
};

/// Moves the bytes of a load into shared memory.
void carryOutLoad(Block &block, const Transfer &transfer);

/// Completes the oldest `count` loads of `thread`.
void completeLoads(Block &block, Thread &thread, size_t count);

/// Completes those of the first `issuedLoads` that are not complete.
void completeLoadsUpTo(Block &block, Thread &thread, uint64_t issuedLoads);

} // namespace mxsim

#endif // MX_SIMULATOR_COPYQUEUE_H
