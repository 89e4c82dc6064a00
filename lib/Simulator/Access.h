//===- Access.h - checked use of memory by the running thread ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What every device call that touches memory does first: find out which memory
// a pointer means, check bounds and alignment, and put the access into the
// byte's history. All of it fails with a report.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_ACCESS_H
#define MX_SIMULATOR_ACCESS_H

#include "Block.h"

namespace mxsim {

/// The offset of shared memory `[address, +bytes)`, for `what` ("an mbarrier").
uint32_t requireShared(Block &block, const void *address, uint64_t bytes,
                       uint32_t alignment, const char *what, int32_t location);

/// The place of `[address, +bytes)` in a registered buffer.
GlobalMemory::Place requireGlobal(Block &block, const void *address,
                                  uint64_t bytes, uint32_t alignment,
                                  const char *what, int32_t location);

enum class AccessKind : uint8_t { Load, Store };

/// The running thread accesses shared memory.
void noteShared(Block &block, AccessKind access, uint32_t offset,
                uint32_t bytes, int32_t location);

/// It accesses a buffer.
void noteGlobal(Block &block, AccessKind access,
                const GlobalMemory::Place &place, uint64_t bytes, bool isAtomic,
                int32_t location);

/// Reports a violation of shared memory by `thread`, whose access is called
/// `access` ("load", "store", "copy"), if there is one; whether there is.
bool reportViolation(Block &block, const Thread &thread,
                     const Violation &violation, const char *access,
                     int32_t location);

} // namespace mxsim

#endif // MX_SIMULATOR_ACCESS_H
