//===- WarpTest.cpp - what the lanes of a warp do together ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Shuffles by their definition in PTX, votes, matches, reductions, and lanes
// that do not come together.
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace mxsim;

namespace {

/// The source lane and whether it is in range, after the pseudo-code of
/// shfl.sync.
std::pair<unsigned, bool> source(int32_t kind, unsigned lane, unsigned b,
                                 unsigned c) {
  unsigned clamp = c & 31, mask = c >> 8 & 31;
  unsigned maxLane = (lane & mask) | (clamp & ~mask);
  unsigned minLane = lane & mask;
  int j = 0;
  bool p = false;
  switch (kind) {
  case MXSIM_SHUFFLE_UP:
    j = int(lane) - int(b);
    p = j >= int(maxLane);
    break;
  case MXSIM_SHUFFLE_DOWN:
    j = int(lane + b);
    p = j <= int(maxLane);
    break;
  case MXSIM_SHUFFLE_BUTTERFLY:
    j = int(lane ^ b);
    p = j <= int(maxLane);
    break;
  default:
    j = int(minLane | (b & ~mask));
    p = j <= int(maxLane);
  }
  return {p ? unsigned(j) : lane, p};
}

TEST(Warps, Shuffle) {
  for (int32_t kind = 0; kind < 4; ++kind)
    for (unsigned width : {32u, 16u, 8u})
      for (unsigned offset : {0u, 1u, 5u, 17u}) {
        // As CUDA encodes a width: the upper part splits, the lower clamps.
        unsigned clamp =
            (32 - width) << 8 | (kind == MXSIM_SHUFFLE_UP ? 0 : 31);
        expectGood(runKernel({}, [=] {
          int32_t valid = 7;
          uint32_t got =
              mxsim_shuffle(kind, ~0u, 100 + threadId(), int32_t(offset),
                            int32_t(clamp), &valid, 0);
          auto [lane, isValid] = source(kind, threadId(), offset, clamp);
          EXPECT_EQ(got, 100 + lane);
          EXPECT_EQ(valid, isValid);
        }));
      }
}

TEST(Warps, ShuffleAmongHalves) {
  expectGood(runKernel({}, [] {
    // Two masks at once, each on its own.
    bool isLow = threadId() < 16;
    uint32_t got =
        mxsim_shuffle(MXSIM_SHUFFLE_BUTTERFLY, isLow ? 0xFFFF : 0xFFFF0000,
                      threadId(), 3, 31, nullptr, isLow ? 1 : 2);
    EXPECT_EQ(got, threadId() ^ 3);
  }));
  expectError(runKernel({},
                        [] {
                          if (threadId() < 16)
                            mxsim_shuffle(MXSIM_SHUFFLE_INDEX, 0xFFFF, 0, 20,
                                          31, nullptr, 4);
                        }),
              ErrorKind::Divergent, 4,
              "expected the source lane of a shuffle in the mask '0x0000ffff', "
              "got lane '20'");
}

TEST(Warps, Vote) {
  expectGood(runKernel({}, [] {
    int32_t isOdd = threadId() & 1;
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_BALLOT, ~0u, isOdd, 0), 0xAAAAAAAAu);
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_ANY, ~0u, isOdd, 0), 1u);
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_ALL, ~0u, isOdd, 0), 0u);
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_UNIFORM, ~0u, isOdd, 0), 0u);
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_ALL, ~0u, 1, 0), 1u);
    EXPECT_EQ(mxsim_vote(MXSIM_VOTE_UNIFORM, ~0u, 0, 0), 1u);
    EXPECT_EQ(mxsim_elect(~0u, 0), threadId() == 0);
    if (threadId() >= 7)
      EXPECT_EQ(mxsim_elect(~0u << 7, 1), threadId() == 7);
  }));
}

TEST(Warps, Match) {
  expectGood(runKernel({}, [] {
    int32_t all = 5;
    uint32_t third = threadId() % 3;
    uint32_t expected = 0;
    for (uint32_t lane = third; lane < 32; lane += 3)
      expected |= 1u << lane;
    EXPECT_EQ(mxsim_match(MXSIM_MATCH_ANY, ~0u, third, nullptr, 0), expected);
    EXPECT_EQ(mxsim_match(MXSIM_MATCH_ALL, ~0u, third, &all, 0), 0u);
    EXPECT_EQ(all, 0);
    EXPECT_EQ(mxsim_match(MXSIM_MATCH_ALL, ~0u, 4, &all, 0), ~0u);
    EXPECT_EQ(all, 1);
  }));
}

uint32_t floatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

TEST(Warps, Reduce) {
  expectGood(runKernel({}, [] {
    uint32_t value = threadId() * 7 - 50;
    auto reduce = [&](int32_t kind) {
      return mxsim_reduce(kind, ~0u, value, 0, 0, kind);
    };
    EXPECT_EQ(reduce(MXSIM_REDUCE_ADD), uint32_t(7 * 31 * 16 - 50 * 32));
    EXPECT_EQ(reduce(MXSIM_REDUCE_MIN), uint32_t(-50));
    EXPECT_EQ(reduce(MXSIM_REDUCE_MAX), 167u);
    EXPECT_EQ(reduce(MXSIM_REDUCE_UMIN), 6u);
    EXPECT_EQ(reduce(MXSIM_REDUCE_UMAX), uint32_t(-1));
    value = 1u << threadId();
    EXPECT_EQ(reduce(MXSIM_REDUCE_OR), ~0u);
    EXPECT_EQ(reduce(MXSIM_REDUCE_XOR), ~0u);
    EXPECT_EQ(reduce(MXSIM_REDUCE_AND), 0u);
  }));
}

TEST(Warps, ReduceFloats) {
  expectGood(runKernel({}, [] {
    float value = float(threadId()) - 20;
    auto reduce = [&](int32_t kind, int32_t absolute, int32_t propagate) {
      return mxsim_reduce(kind, ~0u, floatBits(value), absolute, propagate,
                          kind);
    };
    EXPECT_EQ(reduce(MXSIM_REDUCE_FMIN, 0, 0), floatBits(-20));
    EXPECT_EQ(reduce(MXSIM_REDUCE_FMAX, 0, 0), floatBits(11));
    EXPECT_EQ(reduce(MXSIM_REDUCE_FMAX, 1, 0), floatBits(20));
    if (threadId() == 4)
      value = __builtin_nanf("");
    EXPECT_EQ(reduce(MXSIM_REDUCE_FMAX, 0, 0), floatBits(11));
    EXPECT_EQ(reduce(MXSIM_REDUCE_FMAX, 0, 1), 0x7FFFFFFFu);
  }));
}

/// Lanes that have ended are not expected any more.
TEST(Warps, GoOnWithoutLanesThatEnded) {
  uint32_t ballots = 0;
  expectGood(runKernel({}, [&] {
    if (threadId() >= 20)
      return;
    ballots += mxsim_vote(MXSIM_VOTE_BALLOT, ~0u, 1, 0) == 0xFFFFF;
  }));
  EXPECT_EQ(ballots, 20u);
}

TEST(Warps, ReportOtherCalls) {
  expectError(runKernel({},
                        [] {
                          if (threadId() < 16)
                            mxsim_vote(MXSIM_VOTE_ANY, ~0u, 1, 3);
                          else
                            mxsim_elect(~0u, 4);
                        }),
              ErrorKind::Divergent, 4,
              "expected the lanes of mask '0xffffffff' to make one call, got "
              "lanes '0x0000ffff' waiting at location '3'");
  expectError(runKernel({},
                        [] {
                          mxsim_elect(threadId() < 16 ? 0xFFFF : ~0u, 4);
                          if (threadId() < 16)
                            mxsim_elect(0xFFFF, 5);
                        }),
              ErrorKind::Divergent, 4,
              "expected the lanes of mask '0xffffffff' to make one call, got "
              "lanes '0x00008000' waiting in another");
  // The same call with another attribute is another call.
  expectError(runKernel({},
                        [] {
                          mxsim_vote(threadId() < 16 ? MXSIM_VOTE_ANY
                                                     : MXSIM_VOTE_ALL,
                                     ~0u, 1, 3);
                        }),
              ErrorKind::Divergent, 3,
              "expected the lanes of mask '0xffffffff' to make one call, got "
              "lanes '0x0000ffff' waiting at location '3'");
  expectError(runKernel({}, [] { mxsim_elect(0xFFFF, 4); }),
              ErrorKind::Divergent, 4,
              "expected the calling lane '16' in the mask, got '0x0000ffff'");
}

TEST(Warps, ReportLanesThatMissEachOther) {
  Setting setting;
  setting.threads = 64;
  expectError(
      runKernel(setting,
                [] {
                  if (threadId() == 0)
                    mxsim_warp_sync(1, 1);
                  if (threadId() == 3)
                    mxsim_barrier(0, 0, 2);
                  mxsim_elect(~0u, 6);
                }),
      ErrorKind::Deadlock, 2,
      "expected threads to come to their end, got none that can go on\n"
      "  threads '0' to '2': wait for lanes '0xffffffff' of their warp, "
      "'0xfffffff7' are there (location '6')\n"
      "  threads '3' to '3': wait at barrier '0', '1' of '64' threads are "
      "there "
      "(location '2')\n"
      "  threads '4' to '31': wait for lanes '0xffffffff' of their warp, "
      "'0xfffffff7' are there (location '6')\n"
      "  threads '32' to '63': ended");
}

} // namespace
