//===- GlobalMemory.h - registered buffers, and who wrote them --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A launch may touch the buffers that were registered for it and nothing else.
// A buffer that is written gets a history: two blocks that write the same
// bytes, or one that loads what another stored, race, unless the loading block
// has synchronised itself with others through an atomic.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_GLOBALMEMORY_H
#define MX_SIMULATOR_GLOBALMEMORY_H

#include "SharedMemory.h"
#include "mx/Simulator/Launch.h"

namespace mxsim {

class GlobalMemory {
public:
  explicit GlobalMemory(std::vector<Buffer> registered);

  /// A place in a buffer; `buffer` is null outside of all, and the nearest
  /// buffer that begins before the address serves for a message.
  struct Place {
    const Buffer *buffer = nullptr, *nearest = nullptr;
    uint64_t offset = 0;
    /// Whether the whole range lies in the buffer.
    bool isInside = false;
  };
  Place find(const void *address, uint64_t bytes) const;

  /// The accessing block, by its running number from 1.
  struct Access {
    uint32_t block;
    Observer who;
    bool isAtomic = false;
    /// Whether the block has executed an atomic.
    bool isSynchronised = false;
  };
  Violation checkLoad(const Place &place, uint64_t bytes, const Access &access);
  Violation checkStore(const Place &place, uint64_t bytes,
                       const Access &access);

private:
  struct Cell {
    uint32_t block = 0, clock = 0;
    uint16_t thread = 0;
    bool isAtomic = false;
  };
  static ErrorKind check(const Cell &cell, const Access &access);

  std::vector<Buffer> buffers;
  /// Empty until the buffer is written.
  std::vector<std::vector<Cell>> histories;
  mutable size_t lastFound = 0;
};

} // namespace mxsim

#endif // MX_SIMULATOR_GLOBALMEMORY_H
