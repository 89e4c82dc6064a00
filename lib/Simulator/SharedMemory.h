//===- SharedMemory.h - a block's memory, with a history --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The bytes lie at a multiple of 4 GiB, so that the low half of a pointer is
// the offset. Each byte has a cell that remembers who wrote it, who read it
// since, and whether an asynchronous copy still owns it. The checks compare a
// cell with the clock of the accessing thread and change nothing but cells;
// what is done about a violation is the caller's business.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_SHAREDMEMORY_H
#define MX_SIMULATOR_SHAREDMEMORY_H

#include "Clock.h"
#include "mx/Simulator/Launch.h"

namespace mxsim {

/// The first thing wrong with an access.
struct Violation {
  ErrorKind kind = ErrorKind::None;
  /// The byte, and the thread on the other side of a race.
  uint64_t offset = 0;
  uint32_t other = 0;
  /// What the other side did: "store", "load" or "copy".
  const char *otherAccess = "";

  explicit operator bool() const { return kind != ErrorKind::None; }
};

/// Who accesses: number and clock.
struct Observer {
  uint32_t thread;
  const Clock &clock;
};

class SharedMemory {
public:
  /// Room for `limit` bytes.
  explicit SharedMemory(uint32_t limit);
  ~SharedMemory();
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;

  bool isMapped() const { return base; }
  /// Forgets everything, for a new block with `bytes` bytes.
  void reset(uint32_t bytes);

  uint8_t *getBase() const { return base; }
  uint32_t getBytes() const { return bytes; }
  /// Whether a pointer lies in the 4 GiB of shared memory.
  bool owns(const void *address) const {
    return reinterpret_cast<uintptr_t>(address) >> 32 ==
           reinterpret_cast<uintptr_t>(base) >> 32;
  }

  // Ranges are within bounds.

  Violation checkLoad(Observer who, uint32_t offset, uint32_t count);
  Violation checkStore(Observer who, uint32_t offset, uint32_t count);
  Violation checkAtomic(Observer who, uint32_t offset, uint32_t count);

  /// An asynchronous write begins: the bytes are poisoned and in flight.
  Violation beginWrite(Observer who, uint32_t offset, uint32_t count);
  /// The bytes have arrived, as if stored by `writer` at `clock`.
  void endWrite(uint32_t offset, uint32_t count, uint32_t writer,
                uint32_t clock);
  /// An asynchronous read begins or ends, as if loaded by `who` then, whose
  /// wait is what later stores have to know of; `asyncEntry` is the number
  /// that stands for copies in clocks.
  Violation beginRead(Observer who, uint32_t offset, uint32_t count,
                      uint32_t asyncEntry);
  /// The two parts of it: whether `who` may begin, and that it has begun.
  Violation checkAsyncRead(Observer who, uint32_t offset, uint32_t count,
                           uint32_t asyncEntry) const;
  void holdForRead(uint32_t offset, uint32_t count);
  void endRead(Observer who, uint32_t offset, uint32_t count);

  /// The eight bytes of an mbarrier can be neither loaded nor stored.
  void setBarrier(uint32_t offset, bool isBarrier);

private:
  enum class State : uint8_t { Unwritten, Stored, InFlight, Barrier };
  static constexpr unsigned kReaders = 4;

  /// History of one byte. A clock of 0 means no access. Of more than four
  /// readers that nothing orders, some are forgotten: then a race with a later
  /// store may be missed, and none is invented.
  struct Cell {
    uint32_t writeClock = 0;
    /// The last atomic since the store; 0 if there was none.
    uint32_t atomicClock = 0;
    uint32_t readClocks[kReaders] = {};
    uint16_t readers[kReaders] = {};
    uint16_t writer = 0, atomicWriter = 0;
    State state = State::Unwritten;
    /// Asynchronous copies and products that have not read yet.
    uint16_t asyncReads = 0;
  };

  enum class Access : uint8_t { Load, Store, Atomic };
  static Violation check(const Cell &cell, Observer who, Access access);
  static void noteLoad(Cell &cell, Observer who);
  static void noteStore(Cell &cell, uint32_t writer, uint32_t clock);

  uint8_t *reserved = nullptr, *base = nullptr;
  uint32_t bytes = 0;
  std::vector<Cell> cells;
};

} // namespace mxsim

#endif // MX_SIMULATOR_SHAREDMEMORY_H
