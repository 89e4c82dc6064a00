//===- MatmulTest.cpp - a whole kernel ------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An MXFP4 product as a GPU would compute it: tiles by cp.async into two
// stages, ldmatrix, scales by selector, mma.block_scale. The result must be
// that of the slow model step by step, for any schedule; seeded bugs must be
// reported.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "SlowModel.h"
#include <cmath>

using namespace mxsim;

namespace {

/// C (m x n) = A (m x k) · B (n x k) transposed; both e2m1 with ue8m0 scales of
/// 32, row-major, k innermost.
struct Problem {
  uint32_t m, n, k;
  std::vector<uint8_t> a, b, scalesA, scalesB;
  std::vector<float> c;

  Problem(uint32_t m, uint32_t n, uint32_t k)
      : m(m), n(n), k(k), a(m * k / 2), b(n * k / 2), scalesA(m * k / 32),
        scalesB(n * k / 32), c(m * n) {
    std::mt19937 engine(17);
    for (auto *codes : {&a, &b})
      for (uint8_t &byte : *codes)
        byte = uint8_t(engine());
    for (auto *scales : {&scalesA, &scalesB})
      for (uint8_t &byte : *scales)
        byte = uint8_t(124 + engine() % 8);
  }
};

/// What a seeded bug leaves out or does wrong.
enum class Bug {
  None,
  NoWait,
  NoBarrierAfterWait,
  NoBarrierBeforeReuse,
  WrongStage,
  WrongSelector,
  SwappedHalves,
  ShortTile,
  NoCommit,
  OneWarpLess,
};

/// A block of four warps computes 64 x 64, a warp 32 x 32; a step is k = 128.
class Kernel {
public:
  static constexpr uint32_t kTile = 64, kStep = 128, kThreads = 128;
  static constexpr uint32_t kRowBytes = kStep / 2, kRowScales = kStep / 32;
  static constexpr uint32_t kCodes = kTile * kRowBytes;
  static constexpr uint32_t kScales = kTile * kRowScales;
  static constexpr uint32_t kStage = 2 * (kCodes + kScales);

  Kernel(Problem &problem, Bug bug) : problem(problem), bug(bug) {}

  void operator()() {
    me = threadId();
    lane = me % 32;
    warpRow = me / 32 / 2 * 32;
    warpColumn = me / 32 % 2 * 32;
    firstRow = kTile * uint32_t(mxsim_special_register(MXSIM_BLOCK_Y));
    firstColumn = kTile * uint32_t(mxsim_special_register(MXSIM_BLOCK_X));
    uint32_t steps = problem.k / kStep;
    fetch(0);
    for (uint32_t step = 0; step < steps; ++step) {
      if (step + 1 < steps)
        fetch(step + 1);
      else
        mxsim_cp_async_commit_group(11);
      if (bug != Bug::NoWait)
        mxsim_cp_async_wait_group(1, 12);
      if (bug != Bug::NoBarrierAfterWait)
        mxsim_barrier(0, bug == Bug::OneWarpLess && me < 32 ? 96 : 0, 13);
      uint32_t stage = bug == Bug::WrongStage ? step + 1 : step;
      multiply(stage % 2 * kStage);
      if (bug != Bug::NoBarrierBeforeReuse)
        mxsim_barrier(0, 0, 14);
    }
    writeBack();
  }

private:
  /// Copies rows of codes and words of scales to a stage.
  void fetch(uint32_t step) {
    uint32_t stage = step % 2 * kStage;
    fetchOperand(stage, problem.a, problem.scalesA, firstRow, step);
    fetchOperand(stage + kCodes + kScales, problem.b, problem.scalesB,
                 firstColumn, step);
    if (bug != Bug::NoCommit)
      mxsim_cp_async_commit_group(11);
  }

  void fetchOperand(uint32_t target, const std::vector<uint8_t> &codes,
                    const std::vector<uint8_t> &scales, uint32_t first,
                    uint32_t step) {
    uint32_t chunks = kCodes / 16 - (bug == Bug::ShortTile ? 1 : 0);
    for (uint32_t chunk = me; chunk < chunks; chunk += kThreads) {
      uint32_t row = chunk / 4, part = chunk % 4 * 16;
      mxsim_cp_async(
          sharedAt(target + row * kRowBytes + part),
          &codes[(first + row) * problem.k / 2 + step * kRowBytes + part], 16,
          16, 15);
    }
    if (me < kTile)
      mxsim_cp_async(sharedAt(target + kCodes + 4 * me),
                     &scales[(first + me) * problem.k / 32 + step * kRowScales],
                     4, 4, 16);
  }

  void multiply(uint32_t stage) {
    uint32_t tileB = stage + kCodes + kScales;
    uint32_t scaleB = load<uint32_t>(
        sharedAt(tileB + kCodes + 4 * (warpColumn + lane % 4 * 8 + lane / 4)),
        17);
    uint32_t scaleRow = warpRow + lane / 4 + lane % 2 * 8 + lane / 2 % 2 * 16;
    uint32_t scaleA =
        load<uint32_t>(sharedAt(stage + kCodes + 4 * scaleRow), 18);
    for (uint32_t half = 0; half < 2; ++half) {
      uint32_t a[2][4], b[2][4];
      for (uint32_t tile = 0; tile < 2; ++tile) {
        uint32_t row = warpRow + 16 * tile + lane % 16;
        uint32_t part = 32 * half + lane / 16 * 16;
        mxsim_ldmatrix(a[tile], sharedAt(stage + row * kRowBytes + part),
                       MXSIM_MATRIX_B16, 8, 4, 0, 19);
        row = warpColumn + 16 * tile + lane / 16 * 8 + lane % 8;
        part = 32 * half + lane / 8 % 2 * 16;
        mxsim_ldmatrix(b[tile], sharedAt(tileB + row * kRowBytes + part),
                       MXSIM_MATRIX_B16, 8, 4, 0, 20);
      }
      if (bug == Bug::SwappedHalves)
        std::swap(a[0][0], a[0][2]);
      for (uint32_t row = 0; row < 2; ++row)
        for (uint32_t column = 0; column < 4; ++column)
          mxsim_mma_block_scale(
              sums[row][column], a[row], &b[column / 2][column % 2 * 2],
              sums[row][column], scaleA,
              int32_t(2 * half + (bug == Bug::WrongSelector)), int32_t(row),
              scaleB, int32_t(2 * half), int32_t(column), MXSIM_KIND_MXF4,
              MXSIM_SCALE_X2, MXSIM_SCALE_UE8M0, MXSIM_TYPE_E2M1,
              MXSIM_TYPE_E2M1, 21);
    }
  }

  void writeBack() {
    for (uint32_t row = 0; row < 2; ++row)
      for (uint32_t column = 0; column < 4; ++column)
        for (uint32_t reg = 0; reg < 4; ++reg) {
          uint32_t y = firstRow + warpRow + 16 * row + lane / 4 + reg / 2 * 8;
          uint32_t x =
              firstColumn + warpColumn + 8 * column + lane % 4 * 2 + reg % 2;
          store(&problem.c[y * problem.n + x], sums[row][column][reg], 22);
        }
  }

  Problem &problem;
  Bug bug;
  uint32_t me = 0, lane = 0, warpRow = 0, warpColumn = 0;
  uint32_t firstRow = 0, firstColumn = 0;
  float sums[2][4][4] = {};
};

Report multiply(Problem &problem, Bug bug = Bug::None, uint64_t seed = 0) {
  std::fill(problem.c.begin(), problem.c.end(), std::nanf(""));
  struct Arguments {
    Problem &problem;
    Bug bug;
  } operands = {problem, bug};
  void *pointer = &operands;
  void *arguments[] = {&pointer};
  Launch launch;
  // Every thread has a kernel object of its own, on its own stack.
  launch.kernel = [](void **list) {
    auto *given = *static_cast<Arguments **>(list[0]);
    Kernel(given->problem, given->bug)();
  };
  launch.arguments = arguments;
  launch.grid = {problem.n / Kernel::kTile, problem.m / Kernel::kTile, 1};
  launch.block = {Kernel::kThreads, 1, 1};
  launch.dynamicShared = 2 * Kernel::kStage;
  Options options;
  options.scheduleSeed = seed;
  return run(launch,
             {bufferOf(problem.a), bufferOf(problem.b),
              bufferOf(problem.scalesA), bufferOf(problem.scalesB),
              bufferOf(problem.c)},
             options);
}

/// One number of the result by the slow model, 64 of k at a time.
uint32_t expected(const Problem &problem, uint32_t row, uint32_t column) {
  auto code = [&](const std::vector<uint8_t> &codes, uint32_t outer,
                  uint32_t k) {
    return slow::decode(MXSIM_TYPE_E2M1,
                        codes[(outer * problem.k + k) / 2] >> k % 2 * 4 & 15);
  };
  uint32_t sum = 0;
  for (uint32_t start = 0; start < problem.k; start += 64) {
    std::vector<slow::Term> terms = {slow::split(slow::bitsToFloat(sum), -126)};
    for (uint32_t group = start; group < start + 64; group += 16) {
      double dot = 0;
      for (uint32_t k = group; k < group + 16; ++k)
        dot += code(problem.a, row, k) * code(problem.b, column, k);
      int exponent = problem.scalesA[(row * problem.k + group) / 32] +
                     problem.scalesB[(column * problem.k + group) / 32] - 254;
      terms.push_back({dot, exponent});
    }
    sum = slow::fuse(terms, 35, 23);
  }
  return sum;
}

TEST(Matmul, FollowsTheModelInAnySchedule) {
  Problem problem(128, 64, 512);
  for (uint64_t seed : {0, 1, 2}) {
    expectGood(multiply(problem, Bug::None, seed));
    for (uint32_t row = 0; row < problem.m; ++row)
      for (uint32_t column = 0; column < problem.n; ++column)
        ASSERT_EQ(slow::floatToBits(problem.c[row * problem.n + column]),
                  expected(problem, row, column))
            << row << ", " << column;
  }
}

TEST(Matmul, CountsWhatItDid) {
  Problem problem(64, 64, 256);
  Report report = multiply(problem);
  expectGood(report);
  EXPECT_EQ(report.statistics.blocks, 1u);
  EXPECT_EQ(report.statistics.matrixProducts, 4u * 8 * 4);
  EXPECT_EQ(report.statistics.asyncBytes, 2u * Kernel::kStage);
}

/// Each bug has its report, in the fixed order and in random ones.
TEST(Matmul, ReportsSeededBugs) {
  struct Case {
    Bug bug;
    std::vector<ErrorKind> kinds;
  };
  const Case cases[] = {
      {Bug::NoWait, {ErrorKind::InFlight}},
      {Bug::NoBarrierAfterWait,
       {ErrorKind::InFlight, ErrorKind::Race, ErrorKind::Unwritten}},
      {Bug::NoBarrierBeforeReuse, {ErrorKind::Race, ErrorKind::InFlight}},
      {Bug::WrongStage, {ErrorKind::InFlight}},
      {Bug::WrongSelector, {ErrorKind::Selector}},
      {Bug::ShortTile, {ErrorKind::Unwritten}},
      {Bug::NoCommit, {ErrorKind::InFlight}},
      {Bug::OneWarpLess, {ErrorKind::BarrierMisuse}},
  };
  Problem problem(64, 64, 512);
  for (const Case &one : cases)
    for (uint64_t seed : {0, 1, 2}) {
      Report report = multiply(problem, one.bug, seed);
      EXPECT_TRUE(std::find(one.kinds.begin(), one.kinds.end(), report.kind) !=
                  one.kinds.end())
          << "bug " << int(one.bug) << " seed " << seed << ": "
          << getName(report.kind) << ": " << report.text;
    }
}

/// What is legal and wrong shows in the numbers.
TEST(Matmul, SwappedHalvesChangeTheResult) {
  Problem problem(64, 64, 256);
  expectGood(multiply(problem));
  std::vector<float> right = problem.c;
  expectGood(multiply(problem, Bug::SwappedHalves));
  EXPECT_NE(problem.c, right);
}

/// The size of the goal, for measuring by hand: 5 s on two cores.
TEST(Matmul, DISABLED_512x512x1024) {
  Problem problem(512, 512, 1024);
  expectGood(multiply(problem));
}

} // namespace
