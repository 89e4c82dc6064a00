//===- Parallel.h - loops whose iterations are independent ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// This library starts no threads: the caller brings a loop, and every result is
// the same for any number of threads, because work is cut into pieces of fixed
// size and nothing is summed across pieces in the order of arrival.
//===----------------------------------------------------------------------===//

#ifndef MX_QUANTIZATION_PARALLEL_H
#define MX_QUANTIZATION_PARALLEL_H

#include <cstdint>
#include <functional>

namespace mxquant {

/// Calls `body` with 0 … count - 1, in any order, possibly at the same time,
/// and returns when all calls have.
using ParallelFor = std::function<void(
    int64_t count, const std::function<void(int64_t)> &body)>;

/// The loop of a caller without threads.
void runSerially(int64_t count, const std::function<void(int64_t)> &body);

} // namespace mxquant

#endif // MX_QUANTIZATION_PARALLEL_H
