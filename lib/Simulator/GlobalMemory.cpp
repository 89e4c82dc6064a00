//===- GlobalMemory.cpp - registered buffers, and who wrote them ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Buffers are disjoint and sorted by address, so that a pointer finds the one
// that begins last before it.
//===----------------------------------------------------------------------===//

#include "GlobalMemory.h"

using namespace mxsim;

static uintptr_t begin(const Buffer &buffer) {
  return reinterpret_cast<uintptr_t>(buffer.address);
}

GlobalMemory::GlobalMemory(std::vector<Buffer> registered) {
  std::sort(registered.begin(), registered.end(),
            [](const Buffer &left, const Buffer &right) {
              return begin(left) < begin(right);
            });
  for (const Buffer &buffer : registered) {
    if (buffers.empty() ||
        begin(buffer) - begin(buffers.back()) >= buffers.back().bytes) {
      buffers.push_back(buffer);
      continue;
    }
    // Two views of one allocation are one buffer.
    Buffer &before = buffers.back();
    uint64_t end = begin(buffer) - begin(before) + buffer.bytes;
    before.bytes = std::max(before.bytes, end);
    before.readOnly &= buffer.readOnly;
  }
  histories.resize(buffers.size());
}

GlobalMemory::Place GlobalMemory::find(const void *address,
                                       uint64_t bytes) const {
  auto where = reinterpret_cast<uintptr_t>(address);
  auto contains = [&](const Buffer &buffer) {
    return where >= begin(buffer) && where - begin(buffer) < buffer.bytes;
  };
  if (lastFound >= buffers.size() || !contains(buffers[lastFound])) {
    auto after = std::upper_bound(buffers.begin(), buffers.end(), where,
                                  [](uintptr_t value, const Buffer &buffer) {
                                    return value < begin(buffer);
                                  });
    if (after == buffers.begin())
      return {};
    lastFound = size_t(after - buffers.begin()) - 1;
  }
  const Buffer &buffer = buffers[lastFound];
  Place place;
  place.nearest = &buffer;
  place.offset = where - begin(buffer);
  if (contains(buffer)) {
    place.buffer = &buffer;
    place.isInside = bytes <= buffer.bytes - place.offset;
  }
  return place;
}

ErrorKind GlobalMemory::check(const Cell &cell, const Access &access) {
  if (cell.block == 0 || (cell.isAtomic && access.isAtomic))
    return ErrorKind::None;
  bool ordered = cell.block == access.block
                     ? access.who.clock.seen[cell.thread] >= cell.clock
                     : access.isSynchronised;
  return ordered ? ErrorKind::None : ErrorKind::Race;
}

Violation GlobalMemory::checkLoad(const Place &place, uint64_t bytes,
                                  const Access &access) {
  const std::vector<Cell> &history =
      histories[size_t(place.buffer - buffers.data())];
  if (history.empty())
    return {};
  for (uint64_t byte = place.offset; byte < place.offset + bytes; ++byte)
    if (check(history[byte], access) != ErrorKind::None)
      return {ErrorKind::Race, byte, history[byte].thread, "store"};
  return {};
}

Violation GlobalMemory::checkStore(const Place &place, uint64_t bytes,
                                   const Access &access) {
  std::vector<Cell> &history = histories[size_t(place.buffer - buffers.data())];
  if (history.empty())
    history.resize(place.buffer->bytes);
  for (uint64_t byte = place.offset; byte < place.offset + bytes; ++byte) {
    Cell &cell = history[byte];
    if (check(cell, access) != ErrorKind::None)
      return {ErrorKind::Race, byte, cell.thread, "store"};
    cell.block = access.block;
    cell.clock = access.who.clock.seen[access.who.thread];
    cell.thread = uint16_t(access.who.thread);
    cell.isAtomic = access.isAtomic;
  }
  return {};
}
