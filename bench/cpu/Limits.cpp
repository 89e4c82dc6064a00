//===- Limits.cpp - what the machine can do -------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled for the machine that it is compiled on.
//===----------------------------------------------------------------------===//

#include "Limits.h"
#include <algorithm>
#include <atomic>
#include <thread>
#include <unistd.h>

#ifdef __AVX512F__
static constexpr int kVectorBytes = 64;
#else
static constexpr int kVectorBytes = 32;
#endif
using Floats = float __attribute__((vector_size(kVectorBytes)));
using Words = int64_t __attribute__((vector_size(kVectorBytes)));

void runThreads(int threads, const std::function<void(int)> &body) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back(body, i);
  body(0);
  for (std::thread &thread : others)
    thread.join();
}

int64_t getCacheBytes() {
  constexpr int64_t atLeast = int64_t(32) << 20;
  return std::max<int64_t>(::sysconf(_SC_LEVEL3_CACHE_SIZE), atLeast);
}

/// One thread's part: four streams, far apart.
static int64_t readPart(const int64_t *part, int64_t size) {
  constexpr int64_t lanes = kVectorBytes / sizeof(int64_t), streams = 4;
  int64_t length = size / streams / lanes;
  auto load = [&](int64_t stream, int64_t i) {
    Words words;
    __builtin_memcpy(&words, part + (stream * length + i) * lanes,
                     sizeof(words));
    return words;
  };
  Words sums[streams] = {};
  for (int64_t i = 0; i < length; ++i)
    for (int64_t stream = 0; stream < streams; ++stream)
      sums[stream] ^= load(stream, i);
  Words sum = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
}

int64_t readMemory(const std::vector<int64_t> &memory, int threads) {
  std::atomic<int64_t> total{0};
  int64_t part = memory.size() / threads;
  runThreads(threads, [&](int thread) {
    total ^= readPart(memory.data() + thread * part, part);
  });
  return total;
}

int64_t multiplyInRegisters(int64_t rounds, int threads) {
  // Enough chains for the latency of two units, few enough for registers.
  constexpr int chains = 12;
  runThreads(threads, [&](int) {
    Floats sums[chains] = {}, factor = Floats{} + 0.5f, term = factor;
    for (int64_t round = 0; round < rounds; ++round) {
      for (Floats &sum : sums)
        sum = sum * factor + term;
      // The compiler may not know what is in them.
      for (Floats &sum : sums)
        asm volatile("" : "+x"(sum));
    }
  });
  constexpr int64_t perVector = 2 * kVectorBytes / sizeof(float);
  return rounds * chains * perVector * threads;
}
