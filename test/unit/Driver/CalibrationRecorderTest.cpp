//===- CalibrationRecorderTest.cpp - what a program records ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The recorder is called as compiled code calls it: by its hook, with
// descriptors.
//===----------------------------------------------------------------------===//

#include "CalibrationRecorder.h"
#include "mx/Numerics/Half.h"
#include "gtest/gtest.h"
#include <cmath>
#include <thread>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// A program with one mx.record.
class Caller {
public:
  Caller(CalibrationRecorder &recorder, StringRef text)
      : hook(recorder.getHook()), text(text.str()) {}

  /// `words` are sizes, then strides.
  template <typename T>
  void record(RecordType type, const T *data, std::vector<int64_t> words) {
    auto address = reinterpret_cast<int64_t>(data);
    words.insert(words.begin(), {address, address, 0});
    RecordedBuffer buffer{static_cast<int64_t>(words.size() - 3) / 2,
                          words.data()};
    RecordRequest request{nullptr, text.data(), 0,
                          static_cast<int64_t>(text.size()), 1};
    hook.function(hook.context, type, &buffer, &request);
  }
  void record(const std::vector<float> &data, int64_t rows, int64_t columns) {
    record(RecordType::F32, data.data(), {rows, columns, columns, 1});
  }

private:
  RecordHook hook;
  std::string text;
};

} // namespace

static const StringRef kHessianOfA("hessian\0a\0", 10);
static const StringRef kRowsOfA("rows=3\0a\0", 9);

static std::string failToFinish(CalibrationRecorder &recorder) {
  auto groups = recorder.finish({});
  return groups ? "" : llvm::toString(groups.takeError());
}

static SiteStatistics finishOne(CalibrationRecorder &recorder,
                                std::vector<SiteGroup> earlier = {}) {
  auto groups = recorder.finish(std::move(earlier));
  EXPECT_TRUE(static_cast<bool>(groups));
  EXPECT_EQ(groups->size(), 1u);
  return groups->front().statistics;
}

TEST(CalibrationRecorderTest, rowsOfAllCallsAreSummed) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  caller.record({1, 2, 3, 4}, 2, 2);
  caller.record({10, 0}, 1, 2);
  SiteStatistics statistics = finishOne(recorder);
  EXPECT_EQ(statistics.samples, 3);
  EXPECT_EQ(statistics.hessian, (std::vector<double>{110, 14, 14, 20}));
}

TEST(CalibrationRecorderTest, largestMagnitudesAreThoseOfAllRows) {
  CalibrationRecorder recorder;
  // Of four rows, three are kept.
  Caller caller(recorder, kRowsOfA);
  caller.record({1, -2, 3, 1}, 2, 2);
  caller.record({0, 0, -7, 1}, 2, 2);
  SiteStatistics statistics = finishOne(recorder);
  EXPECT_EQ(statistics.rows.size(), 6u);
  EXPECT_EQ(statistics.largest, (std::vector<float>{7, 2}));
}

TEST(CalibrationRecorderTest, aHessianBeyondAnyMemoryIsRefused) {
  CalibrationRecorder recorder;
  Caller(recorder, kHessianOfA).record(std::vector<float>(65537), 1, 65537);
  EXPECT_EQ(failToFinish(recorder),
            "expected at most 65536 columns for the Hessian of site 'a', got "
            "65537 (rows can be kept instead)");
}

TEST(CalibrationRecorderTest, anyStridesRanksAndTypesAreRead) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kRowsOfA);
  // [2, 1, 2] with the columns outermost: (1, 3), (2, 4).
  std::vector<uint16_t> halves;
  for (float value : {1.0f, 2.0f, 3.0f, 4.0f})
    halves.push_back(mxnum::f32ToBF16(value));
  caller.record(RecordType::BF16, halves.data(), {2, 1, 2, 1, 7, 2});
  uint16_t row[] = {mxnum::f32ToF16(0.5f), mxnum::f32ToF16(-8.0f)};
  caller.record(RecordType::F16, row, {2, 1});
  SiteStatistics statistics = finishOne(recorder);
  EXPECT_EQ(statistics.rows, (std::vector<float>{1, 3, 2, 4, 0.5, -8}));
}

TEST(CalibrationRecorderTest, theFirstRowsAreKeptAndAllAreCounted) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kRowsOfA);
  caller.record({1, 2}, 2, 1);
  caller.record({3, 4}, 2, 1);
  SiteStatistics statistics = finishOne(recorder);
  EXPECT_EQ(statistics.rows, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(statistics.samples, 4);
}

TEST(CalibrationRecorderTest, earlierStatisticsAreAddedTo) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  caller.record({2}, 1, 1);
  std::vector<SiteGroup> earlier = {{{"a"}, {1, 10, {5}, {}}}};
  SiteStatistics statistics = finishOne(recorder, earlier);
  EXPECT_EQ(statistics.samples, 11);
  EXPECT_EQ(statistics.hessian, std::vector<double>{9});
}

TEST(CalibrationRecorderTest, sitesOfOneRecordStayTogether) {
  CalibrationRecorder recorder;
  Caller projections(recorder, StringRef("hessian\0q\0k\0", 12));
  Caller keys(recorder, StringRef("hessian\0k\0", 10));
  projections.record({1}, 1, 1);
  auto together = recorder.finish({});
  ASSERT_TRUE(static_cast<bool>(together));
  ASSERT_EQ(together->size(), 1u);
  EXPECT_EQ(together->front().sites, (std::vector<std::string>{"k", "q"}));
  projections.record({1}, 1, 1);
  keys.record({2}, 1, 1);
  auto apart = recorder.finish({});
  ASSERT_TRUE(static_cast<bool>(apart));
  ASSERT_EQ(apart->size(), 2u);
  EXPECT_EQ((*apart)[0].sites, std::vector<std::string>{"q"});
  EXPECT_EQ((*apart)[0].statistics.hessian, std::vector<double>{1});
  EXPECT_EQ((*apart)[1].sites, std::vector<std::string>{"k"});
  EXPECT_EQ((*apart)[1].statistics.hessian, std::vector<double>{5});
}

TEST(CalibrationRecorderTest, manyRowsGiveTheSameSumsHoweverTheyCome) {
  constexpr int64_t rows = 1500, columns = 3;
  std::vector<float> data(rows * columns);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = std::sin(static_cast<float>(i));
  CalibrationRecorder atOnce, oneByOne;
  Caller(atOnce, kHessianOfA).record(data, rows, columns);
  Caller caller(oneByOne, kHessianOfA);
  for (int64_t row = 0; row < rows; ++row)
    caller.record(RecordType::F32, data.data() + row * columns,
                  {1, columns, columns, 1});
  EXPECT_EQ(finishOne(atOnce).hessian, finishOne(oneByOne).hessian);
}

TEST(CalibrationRecorderTest, threadsMayRecordAtTheSameTime) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        caller.record({1, 2}, 1, 2);
    });
  for (std::thread &thread : threads)
    thread.join();
  SiteStatistics statistics = finishOne(recorder);
  EXPECT_EQ(statistics.samples, 4000);
  EXPECT_EQ(statistics.hessian, (std::vector<double>{4000, 8000, 8000, 16000}));
}

TEST(CalibrationRecorderTest, emptyBuffersAreNothing) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  caller.record({}, 0, 4);
  caller.record({}, 4, 0);
  auto groups = recorder.finish({});
  ASSERT_TRUE(static_cast<bool>(groups));
  EXPECT_TRUE(groups->empty());
}

TEST(CalibrationRecorderTest, brokenRowsAreAnErrorThatNamesTheSite) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  caller.record({1, NAN, 1, 1, -INFINITY, 0}, 3, 2);
  EXPECT_EQ(failToFinish(recorder),
            "expected finite activations at site 'a', got 2 rows with NaN or "
            "infinity");
}

TEST(CalibrationRecorderTest, anotherNumberOfColumnsIsAnError) {
  CalibrationRecorder recorder;
  Caller caller(recorder, kHessianOfA);
  caller.record({1, 2}, 1, 2);
  caller.record({1, 2, 3}, 1, 3);
  EXPECT_EQ(failToFinish(recorder),
            "expected activations with 2 columns at site 'a', as there were "
            "before, got 3");
}
