//===- Threads.h - a parallel loop on real threads --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Hands out iterations in the order of arrival, so that two runs seldom divide
// the work alike.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_QUANTIZATION_THREADS_H
#define MX_TEST_UNIT_QUANTIZATION_THREADS_H

#include "mx/Quantization/Parallel.h"
#include <atomic>
#include <thread>
#include <vector>

/// Returns a loop that runs on `count` threads.
inline mxquant::ParallelFor makeThreads(int count) {
  return [count](int64_t size, const std::function<void(int64_t)> &body) {
    std::atomic<int64_t> next{0};
    auto work = [&] {
      for (int64_t i = next++; i < size; i = next++)
        body(i);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back(work);
    for (std::thread &thread : threads)
      thread.join();
  };
}

#endif // MX_TEST_UNIT_QUANTIZATION_THREADS_H
