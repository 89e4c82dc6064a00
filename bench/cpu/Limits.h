//===- Limits.h - what the machine can do -----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Measured in the same run as everything else, because a shared machine is not
// the same an hour later.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_LIMITS_H
#define MX_BENCH_CPU_LIMITS_H

#include <cstdint>
#include <functional>
#include <vector>

/// Calls `body(thread)` on so many threads at once.
void runThreads(int threads, const std::function<void(int)> &body);

/// The size of the last cache, in bytes.
int64_t getCacheBytes();

/// Reads all of `memory`, several streams for each thread. Returns a sum, so
/// that it is read.
int64_t readMemory(const std::vector<int64_t> &memory, int threads);

/// Makes so many fused multiply-adds of vectors on each thread, in registers;
/// returns how many operations on numbers these were in all.
int64_t multiplyInRegisters(int64_t rounds, int threads);

#endif // MX_BENCH_CPU_LIMITS_H
