//===- Clock.h - what happened before what ----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector clocks. Each thread counts its releases; a clock says of every thread
// up to which of its counts one knows what it did. An access carries the
// accessing thread's own count, and another thread has it behind itself if its
// clock has reached that count. One more entry, after the threads', counts the
// bulk copies that were completed, and one of each warpgroup its products.
//
// A thread has two clocks: what it has seen, and how much of that lies before
// a proxy fence, so that asynchronous copies see it too.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_CLOCK_H
#define MX_SIMULATOR_CLOCK_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mxsim {

struct Clock {
  std::vector<uint32_t> seen, fenced;

  explicit Clock(size_t size = 0) : seen(size), fenced(size) {}

  void reset() {
    std::fill(seen.begin(), seen.end(), 0);
    std::fill(fenced.begin(), fenced.end(), 0);
  }

  /// Takes over what `other` knows.
  void join(const Clock &other) {
    for (size_t index = 0; index < seen.size(); ++index) {
      seen[index] = std::max(seen[index], other.seen[index]);
      fenced[index] = std::max(fenced[index], other.fenced[index]);
    }
  }

  /// All that is seen becomes visible to asynchronous copies.
  void fence() { fenced = seen; }
};

} // namespace mxsim

#endif // MX_SIMULATOR_CLOCK_H
