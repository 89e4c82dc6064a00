//===- SharedMemory.cpp - a block's memory, with a history ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A load must have the last store behind it, a store also all loads since. An
// asynchronous copy takes the destination away from everybody when it is
// issued and gives it back when it is complete.
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"
#include <cstring>
#include <sys/mman.h>

using namespace mxsim;

static constexpr size_t kWindowBytes = size_t(1) << 32;
/// Bytes that no program should compute with: NaN in every float format.
static constexpr uint8_t kPoison = 0xFF;
static constexpr uint32_t kBarrierBytes = 8;

SharedMemory::SharedMemory(uint32_t limit) {
  // Twice the window surely holds an aligned one.
  void *mapped = mmap(nullptr, 2 * kWindowBytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    return;
  reserved = static_cast<uint8_t *>(mapped);
  auto start = reinterpret_cast<uintptr_t>(mapped);
  uint8_t *window = reserved + (-start & (kWindowBytes - 1));
  if (mprotect(window, std::max(limit, 1u), PROT_READ | PROT_WRITE) == 0)
    base = window;
}

SharedMemory::~SharedMemory() {
  if (reserved)
    munmap(reserved, 2 * kWindowBytes);
}

void SharedMemory::reset(uint32_t newBytes) {
  bytes = newBytes;
  std::memset(base, kPoison, bytes);
  cells.assign(bytes, Cell());
}

Violation SharedMemory::check(const Cell &cell, Observer who, Access access) {
  const std::vector<uint32_t> &seen = who.clock.seen;
  switch (cell.state) {
  case State::InFlight:
    return {ErrorKind::InFlight, 0, cell.writer, "copy"};
  case State::Barrier:
    return {ErrorKind::BarrierMisuse, 0, 0, ""};
  case State::Unwritten:
    if (access != Access::Store)
      return {ErrorKind::Unwritten, 0, 0, ""};
    break;
  case State::Stored:
    if (seen[cell.writer] < cell.writeClock)
      return {ErrorKind::Race, 0, cell.writer, "store"};
    break;
  }
  // Atomics do not race with each other.
  if (access != Access::Atomic && seen[cell.atomicWriter] < cell.atomicClock)
    return {ErrorKind::Race, 0, cell.atomicWriter, "atomic"};
  if (access == Access::Load)
    return {};
  if (cell.asyncReads)
    return {ErrorKind::InFlight, 0, 0, "read"};
  for (unsigned slot = 0; slot < kReaders; ++slot)
    if (seen[cell.readers[slot]] < cell.readClocks[slot])
      return {ErrorKind::Race, 0, cell.readers[slot], "load"};
  return {};
}

void SharedMemory::noteLoad(Cell &cell, Observer who) {
  unsigned target = who.thread % kReaders;
  for (unsigned slot = 0; slot < kReaders; ++slot) {
    // A load that this one has behind itself is no longer of interest.
    if (who.clock.seen[cell.readers[slot]] >= cell.readClocks[slot]) {
      target = slot;
      break;
    }
  }
  cell.readers[target] = uint16_t(who.thread);
  cell.readClocks[target] = who.clock.seen[who.thread];
}

void SharedMemory::noteStore(Cell &cell, uint32_t writer, uint32_t clock) {
  cell.state = State::Stored;
  cell.writer = uint16_t(writer);
  cell.writeClock = clock;
  cell.atomicClock = 0;
  std::fill(std::begin(cell.readClocks), std::end(cell.readClocks), 0);
}

static Violation at(Violation violation, uint32_t offset) {
  violation.offset = offset;
  return violation;
}

Violation SharedMemory::checkLoad(Observer who, uint32_t offset,
                                  uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    if (Violation violation = check(cells[byte], who, Access::Load))
      return at(violation, byte);
    noteLoad(cells[byte], who);
  }
  return {};
}

Violation SharedMemory::checkStore(Observer who, uint32_t offset,
                                   uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    if (Violation violation = check(cells[byte], who, Access::Store))
      return at(violation, byte);
    noteStore(cells[byte], who.thread, who.clock.seen[who.thread]);
  }
  return {};
}

Violation SharedMemory::checkAtomic(Observer who, uint32_t offset,
                                    uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    Cell &cell = cells[byte];
    if (Violation violation = check(cell, who, Access::Atomic))
      return at(violation, byte);
    cell.atomicWriter = uint16_t(who.thread);
    cell.atomicClock = who.clock.seen[who.thread];
  }
  return {};
}

Violation SharedMemory::beginWrite(Observer who, uint32_t offset,
                                   uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    if (Violation violation = check(cells[byte], who, Access::Store))
      return at(violation, byte);
    noteStore(cells[byte], who.thread, who.clock.seen[who.thread]);
    cells[byte].state = State::InFlight;
  }
  std::memset(base + offset, kPoison, count);
  return {};
}

void SharedMemory::endWrite(uint32_t offset, uint32_t count, uint32_t writer,
                            uint32_t clock) {
  for (uint32_t byte = offset; byte < offset + count; ++byte)
    noteStore(cells[byte], writer, clock);
}

Violation SharedMemory::checkAsyncRead(Observer who, uint32_t offset,
                                       uint32_t count,
                                       uint32_t asyncEntry) const {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    const Cell &cell = cells[byte];
    if (Violation violation = check(cell, who, Access::Load))
      return at(violation, byte);
    if (cell.writer != asyncEntry &&
        who.clock.fenced[cell.writer] < cell.writeClock)
      return {ErrorKind::MissingFence, byte, cell.writer, "store"};
  }
  return {};
}

void SharedMemory::holdForRead(uint32_t offset, uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte)
    ++cells[byte].asyncReads;
}

Violation SharedMemory::beginRead(Observer who, uint32_t offset, uint32_t count,
                                  uint32_t asyncEntry) {
  Violation violation = checkAsyncRead(who, offset, count, asyncEntry);
  if (!violation)
    holdForRead(offset, count);
  return violation;
}

void SharedMemory::endRead(Observer who, uint32_t offset, uint32_t count) {
  for (uint32_t byte = offset; byte < offset + count; ++byte) {
    --cells[byte].asyncReads;
    noteLoad(cells[byte], who);
  }
}

void SharedMemory::setBarrier(uint32_t offset, bool isBarrier) {
  for (uint32_t byte = offset; byte < offset + kBarrierBytes; ++byte)
    cells[byte].state = isBarrier ? State::Barrier : State::Unwritten;
}
