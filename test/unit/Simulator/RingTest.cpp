//===- RingTest.cpp - a ring of stages filled by tensor copies ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The shape of a warp-specialised kernel: one thread of a producer warp fills
// stages with swizzled boxes, two consumer warps read them and hand them back.
// Each seeded bug has its report, in the fixed order and in random ones.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <numeric>

using namespace mxsim;

namespace {

/// What a seeded bug leaves out or does wrong.
enum class Bug {
  None,
  NoWaitForFull,
  NoWaitForEmpty,
  WrongParityOfFull,
  WrongParityOfEmpty,
  TooFewBytes,
  TooManyBytes,
  NoExpectation,
  NoArrivalAtEmpty,
  CountOfOneWarp,
  NoFenceAfterInit,
  NoBarrierAfterInit,
  OffByOneStage,
  StagesOverlap,
  BarrierOfNextStage,
  CopyTwice,
  NoFenceBeforeStore,
  NoWaitForStore,
  NoBarrierBeforeStore,
};

struct alignas(64) Map {
  uint8_t bytes[128];
};

class Ring {
public:
  static constexpr uint32_t kStages = 3, kSteps = 8, kRows = 8, kRowBytes = 128;
  static constexpr uint32_t kStageBytes = kRows * kRowBytes;
  static constexpr uint32_t kFull = kStages * kStageBytes;
  static constexpr uint32_t kEmpty = kFull + 8 * kStages;
  static constexpr uint32_t kResult = kEmpty + 8 * kStages + 80;
  static constexpr uint32_t kShared = kResult + 256;
  static constexpr uint32_t kThreads = 96;

  Ring(Bug bug, const Map &map, uint8_t *target)
      : bug(bug), map(map), target(target) {}

  void operator()() const {
    if (threadId() == 0)
      makeBarriers();
    if (bug != Bug::NoBarrierAfterInit)
      mxsim_barrier(0, 0, 2);
    if (threadId() >= 32)
      consume();
    else if (threadId() == 0)
      produce();
    writeBack();
  }

private:
  uint8_t *full(uint32_t stage) const { return sharedAt(kFull + 8 * stage); }
  uint8_t *empty(uint32_t stage) const { return sharedAt(kEmpty + 8 * stage); }

  void makeBarriers() const {
    for (uint32_t stage = 0; stage < kStages; ++stage) {
      mxsim_mbarrier_init(full(stage), 1, 1);
      mxsim_mbarrier_init(empty(stage), bug == Bug::CountOfOneWarp ? 32 : 64,
                          1);
    }
    if (bug != Bug::NoFenceAfterInit)
      mxsim_fence_mbarrier_init(1);
  }

  void produce() const {
    for (uint32_t step = 0; step < kSteps; ++step) {
      uint32_t stage = step % kStages;
      auto round = int32_t(step / kStages);
      if (bug != Bug::NoWaitForEmpty)
        mxsim_mbarrier_try_wait_parity(
            empty(stage), round + (bug != Bug::WrongParityOfEmpty), 3);
      int32_t bytes = kStageBytes;
      if (bug == Bug::TooFewBytes)
        bytes -= 128;
      if (bug == Bug::TooManyBytes)
        bytes += 128;
      if (bug == Bug::NoExpectation)
        mxsim_mbarrier_arrive(full(stage), 1, 4);
      else
        mxsim_mbarrier_arrive_expect_tx(full(stage), bytes, 4);
      uint32_t place = bug == Bug::StagesOverlap ? kStageBytes / 2 * stage
                       : bug == Bug::OffByOneStage
                           ? kStageBytes * ((stage + 1) % kStages)
                           : kStageBytes * stage;
      uint32_t counted =
          bug == Bug::BarrierOfNextStage ? (stage + 1) % kStages : stage;
      const int32_t coordinates[] = {0, int32_t(kRows * step)};
      for (int copy = 0; copy < (bug == Bug::CopyTwice ? 2 : 1); ++copy)
        mxsim_tensor_load(sharedAt(place), &map, coordinates, 2, full(counted),
                          5);
    }
  }

  /// Each consumer adds up one column of two bytes.
  void consume() const {
    uint32_t me = threadId() - 32, sum = 0;
    for (uint32_t step = 0; step < kSteps; ++step) {
      uint32_t stage = step % kStages;
      auto round = int32_t(step / kStages);
      if (bug != Bug::NoWaitForFull)
        mxsim_mbarrier_try_wait_parity(
            full(stage), round + (bug == Bug::WrongParityOfFull), 6);
      for (uint32_t row = 0; row < kRows; ++row) {
        uint32_t chunk = me / 8 ^ row;
        sum += load<uint16_t>(sharedAt(kStageBytes * stage + kRowBytes * row +
                                       16 * chunk + me % 8 * 2),
                              7);
      }
      if (bug != Bug::NoArrivalAtEmpty)
        mxsim_mbarrier_arrive(empty(stage), 1, 8);
    }
    store(sharedAt(kResult + 4 * me), sum, 9);
    if (bug != Bug::NoFenceBeforeStore)
      mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 10);
  }

  void writeBack() const {
    if (bug != Bug::NoBarrierBeforeStore)
      mxsim_barrier(0, 0, 11);
    if (threadId() != 32)
      return;
    mxsim_bulk_store(target, sharedAt(kResult), 256, 0xFFFF, 12);
    mxsim_bulk_commit_group(13);
    if (bug != Bug::NoWaitForStore)
      mxsim_bulk_wait_group(0, 0, 13);
  }

  Bug bug;
  const Map &map;
  uint8_t *target;
};

class Rings : public testing::Test {
protected:
  static constexpr int64_t kExtents[] = {Ring::kRowBytes,
                                         Ring::kRows * Ring::kSteps};

  Rings() : source(Ring::kStageBytes * Ring::kSteps), target(64) {
    std::mt19937 engine(23);
    for (uint8_t &byte : source)
      byte = uint8_t(engine());
    const int64_t strides[] = {Ring::kRowBytes};
    const int32_t box[] = {Ring::kRowBytes, Ring::kRows};
    EXPECT_EQ(mxsim_encode_tensor_map(&map, source.data(), 2, 8, kExtents,
                                      strides, box, 128),
              0);
  }

  Report run(Bug bug, uint64_t seed) {
    Setting setting;
    setting.threads = Ring::kThreads;
    setting.shared = Ring::kShared;
    setting.buffers = {bufferOf(source), bufferOf(target)};
    setting.options.scheduleSeed = seed;
    return runKernel(
        setting, Ring(bug, map, reinterpret_cast<uint8_t *>(target.data())));
  }

  std::vector<uint8_t> source;
  std::vector<uint32_t> target;
  Map map;
};

TEST_F(Rings, DeliverEveryStage) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::fill(target.begin(), target.end(), 0);
    expectGood(run(Bug::None, seed));
    for (size_t column = 0; column < 64; ++column) {
      uint32_t sum = 0;
      for (size_t row = 0; row < Ring::kRows * Ring::kSteps; ++row) {
        const uint8_t *place = &source[row * Ring::kRowBytes + 2 * column];
        sum += uint32_t(place[0] | place[1] << 8);
      }
      EXPECT_EQ(target[column], sum);
    }
  }
}

TEST_F(Rings, ReportSeededBugs) {
  using Kind = ErrorKind;
  struct Case {
    Bug bug;
    std::vector<Kind> kinds;
  };
  const Case cases[] = {
      {Bug::NoWaitForFull, {Kind::InFlight, Kind::Unwritten, Kind::Race}},
      {Bug::NoWaitForEmpty, {Kind::InFlight, Kind::Race, Kind::BarrierMisuse}},
      {Bug::WrongParityOfFull, {Kind::InFlight, Kind::Unwritten, Kind::Race}},
      {Bug::WrongParityOfEmpty, {Kind::Deadlock}},
      {Bug::TooFewBytes, {Kind::TransactionBytes}},
      {Bug::TooManyBytes, {Kind::TransactionBytes}},
      {Bug::NoExpectation, {Kind::InFlight, Kind::TransactionBytes}},
      {Bug::NoArrivalAtEmpty, {Kind::Deadlock}},
      {Bug::CountOfOneWarp, {Kind::BarrierMisuse, Kind::Race}},
      {Bug::NoFenceAfterInit, {Kind::MissingFence}},
      {Bug::NoBarrierAfterInit, {Kind::Race, Kind::BarrierMisuse}},
      {Bug::OffByOneStage, {Kind::Unwritten, Kind::Race, Kind::InFlight}},
      {Bug::StagesOverlap, {Kind::InFlight, Kind::Race, Kind::Unwritten}},
      {Bug::BarrierOfNextStage, {Kind::TransactionBytes, Kind::InFlight}},
      {Bug::CopyTwice, {Kind::InFlight}},
      {Bug::NoFenceBeforeStore, {Kind::MissingFence}},
      {Bug::NoWaitForStore, {Kind::InFlight}},
      {Bug::NoBarrierBeforeStore, {Kind::Race, Kind::Unwritten}},
  };
  for (const Case &one : cases)
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Report report = run(one.bug, seed);
      EXPECT_TRUE(std::find(one.kinds.begin(), one.kinds.end(), report.kind) !=
                  one.kinds.end())
          << "bug " << int(one.bug) << " seed " << seed << ": "
          << getName(report.kind) << ": " << report.text;
    }
}

} // namespace
