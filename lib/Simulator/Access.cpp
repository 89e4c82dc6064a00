//===- Access.cpp - checked use of memory by the running thread -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Messages give offsets and never addresses, so that they are the same in
// every run. A pointer into the running thread's stack is local memory.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"

using namespace mxsim;

using Length = unsigned long long;

bool mxsim::reportViolation(Block &block, const Thread &thread,
                            const Violation &violation, const char *access,
                            int32_t location) {
  Length offset = violation.offset;
  bool byCopy = violation.other == block.getAsyncEntry();
  bool byProduct = violation.other > block.getAsyncEntry();
  switch (violation.kind) {
  case ErrorKind::None:
    return false;
  case ErrorKind::Unwritten:
    block.report(thread, violation.kind, location,
                 "expected shared memory that was written, got a %s of offset "
                 "'%llu', which was not",
                 access, offset);
    return true;
  case ErrorKind::InFlight:
    block.report(thread, violation.kind, location,
                 "expected the asynchronous %s of shared offset '%llu' to be "
                 "waited for, got a %s before it is complete",
                 violation.otherAccess, offset, access);
    return true;
  case ErrorKind::MissingFence:
    block.report(thread, violation.kind, location,
                 "expected a proxy fence after the store to shared offset "
                 "'%llu' by thread '%u', got an asynchronous %s that reads it",
                 offset, violation.other, access);
    return true;
  case ErrorKind::BarrierMisuse:
    block.report(thread, violation.kind, location,
                 "expected memory other than an mbarrier's, got a %s of shared "
                 "offset '%llu'",
                 access, offset);
    return true;
  default:
    break;
  }
  if (byCopy)
    block.report(thread, violation.kind, location,
                 "expected a wait for the copy to shared offset '%llu', got a "
                 "%s by a thread that did not wait for its mbarrier",
                 offset, access);
  else if (byProduct)
    block.report(thread, violation.kind, location,
                 "expected a barrier after the wait for the products that read "
                 "shared offset '%llu', got a %s by a thread that knows of no "
                 "wait",
                 offset, access);
  else
    block.report(thread, violation.kind, location,
                 "expected a barrier between two accesses of shared offset "
                 "'%llu', got a %s after a %s by thread '%u'",
                 offset, access, violation.otherAccess, violation.other);
  return true;
}

uint32_t mxsim::requireShared(Block &block, const void *address, uint64_t bytes,
                              uint32_t alignment, const char *what,
                              int32_t location) {
  auto offset = uint32_t(reinterpret_cast<uintptr_t>(address));
  uint32_t size = block.shared.getBytes();
  if (!block.shared.owns(address))
    block.fail(ErrorKind::OutOfBounds, location,
               "expected %s in shared memory, got another pointer", what);
  if (offset > size || bytes > size - offset)
    block.fail(ErrorKind::OutOfBounds, location,
               "expected %s within the '%u' bytes of shared memory, got '%llu' "
               "bytes at offset '%u'",
               what, size, Length(bytes), offset);
  if (offset % alignment != 0)
    block.fail(ErrorKind::Misaligned, location,
               "expected %s at a multiple of '%u', got shared offset '%u'",
               what, alignment, offset);
  return offset;
}

/// The power of two that divides an address, at most that of device memory.
static unsigned getAlignment(const void *address) {
  constexpr uintptr_t most = 256;
  auto where = reinterpret_cast<uintptr_t>(address) | most;
  return unsigned(where & -where);
}

GlobalMemory::Place mxsim::requireGlobal(Block &block, const void *address,
                                         uint64_t bytes, uint32_t alignment,
                                         const char *what, int32_t location) {
  GlobalMemory::Place place = block.global.find(address, bytes);
  if (!place.nearest)
    block.fail(ErrorKind::OutOfBounds, location,
               "expected %s within a buffer, got a pointer before all", what);
  if (!place.isInside)
    block.fail(ErrorKind::OutOfBounds, location,
               "expected %s within a buffer, got '%llu' bytes at offset '%llu' "
               "of '%llu'",
               what, Length(bytes), Length(place.offset),
               Length(place.nearest->bytes));
  if (reinterpret_cast<uintptr_t>(address) % alignment != 0)
    block.fail(ErrorKind::Misaligned, location,
               "expected %s at a multiple of '%u', got offset '%llu' of a "
               "buffer aligned to '%u'",
               what, alignment, Length(place.offset),
               getAlignment(place.buffer->address));
  return place;
}

void mxsim::noteShared(Block &block, AccessKind access, uint32_t offset,
                       uint32_t bytes, int32_t location) {
  Thread &self = block.self();
  Observer who = block.observe(self);
  bool isLoad = access == AccessKind::Load;
  Violation violation = isLoad ? block.shared.checkLoad(who, offset, bytes)
                               : block.shared.checkStore(who, offset, bytes);
  if (reportViolation(block, self, violation, isLoad ? "load" : "store",
                      location))
    block.leaveIfFailed();
}

void mxsim::noteGlobal(Block &block, AccessKind access,
                       const GlobalMemory::Place &place, uint64_t bytes,
                       bool isAtomic, int32_t location) {
  bool isLoad = access == AccessKind::Load;
  if (!isLoad && place.buffer->readOnly)
    block.fail(ErrorKind::OutOfBounds, location,
               "expected a store to a buffer that may be written, got a "
               "read-only one");
  GlobalMemory::Access who = {block.number, block.observe(block.self()),
                              isAtomic, block.isSynchronised};
  Violation violation = isLoad ? block.global.checkLoad(place, bytes, who)
                               : block.global.checkStore(place, bytes, who);
  if (violation)
    block.fail(violation.kind, location,
               "expected an order between two accesses of offset '%llu' of a "
               "buffer, got a %s after a store by thread '%u'",
               Length(violation.offset), isLoad ? "load" : "store",
               violation.other);
}

/// Whether a range lies on the running thread's stack.
static bool isLocal(Block &block, const void *address) {
  const uint8_t *stack = block.stacks.getStack(block.self().index);
  const auto *where = static_cast<const uint8_t *>(address);
  return where >= stack && where < stack + FiberStacks::getStackBytes();
}

static uint32_t requireAlignment(Block &block, int64_t bytes, int32_t alignment,
                                 int32_t location) {
  if (bytes < 1 || alignment < 1 || (alignment & (alignment - 1)) != 0)
    block.fail(ErrorKind::Operand, location,
               "expected an access of some bytes aligned to a power of two, "
               "got '%lld' aligned to '%d'",
               static_cast<long long>(bytes), alignment);
  return uint32_t(alignment);
}

static void checkAccess(AccessKind access, const void *address, int64_t bytes,
                        int32_t alignment, int32_t location) {
  Block &block = Block::current();
  const char *what = access == AccessKind::Load ? "a load" : "a store";
  auto size = uint64_t(bytes);
  block.noteStep(location);
  uint32_t align = requireAlignment(block, bytes, alignment, location);
  if (block.shared.owns(address)) {
    uint32_t offset =
        requireShared(block, address, size, align, what, location);
    return noteShared(block, access, offset, uint32_t(size), location);
  }
  if (isLocal(block, address))
    return;
  auto place = requireGlobal(block, address, size, align, what, location);
  noteGlobal(block, access, place, size, false, location);
}

void mxsim_check_load(const void *address, int64_t bytes, int32_t alignment,
                      int32_t location) {
  checkAccess(AccessKind::Load, address, bytes, alignment, location);
}

void mxsim_check_store(void *address, int64_t bytes, int32_t alignment,
                       int32_t location) {
  checkAccess(AccessKind::Store, address, bytes, alignment, location);
}
