//===- SessionTest.cpp - launches from compiled host code -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The C entry, what a session remembers, and that the table of symbols holds
// every function that the headers declare.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace mxsim;

namespace {

/// Adds 1 to the number of its thread.
void increment(void **arguments) {
  auto *numbers = *static_cast<uint32_t **>(arguments[0]);
  uint32_t me =
      threadId() + 32 * uint32_t(mxsim_special_register(MXSIM_BLOCK_X));
  store(&numbers[me], load<uint32_t>(&numbers[me], 1) + 1, 2);
}

int32_t launchIncrement(uint32_t *numbers, int64_t blocks) {
  void *arguments[] = {&numbers};
  return mxsim_launch(increment, arguments, blocks, 1, 1, 32, 1, 1, 32, 1, 1, 0,
                      0, 3);
}

TEST(Sessions, RunLaunches) {
  std::vector<uint32_t> numbers(64, 5);
  Session session{Options()};
  mxsim_register_buffer(numbers.data(), 256);
  EXPECT_EQ(launchIncrement(numbers.data(), 2), 0);
  EXPECT_EQ(launchIncrement(numbers.data(), 1), 0);
  EXPECT_EQ(numbers[0], 7u);
  EXPECT_EQ(numbers[63], 6u);
  expectGood(session.getReport());
}

/// Counts are those of all launches, also of the one that stops.
TEST(Sessions, AddUpStatistics) {
  std::vector<uint32_t> numbers(64, 5);
  Session session{Options()};
  mxsim_register_buffer(numbers.data(), 256);
  EXPECT_EQ(launchIncrement(numbers.data(), 2), 0);
  uint64_t switches = session.getReport().statistics.switches;
  EXPECT_EQ(launchIncrement(numbers.data(), 1), 0);
  EXPECT_EQ(launchIncrement(numbers.data(), 0), 0);
  EXPECT_EQ(session.getReport().statistics.blocks, 3u);
  EXPECT_GT(session.getReport().statistics.switches, switches);
  EXPECT_EQ(launchIncrement(numbers.data(), 3), 1);
  EXPECT_GE(session.getReport().statistics.blocks, 5u);
}

/// After an error nothing runs, and the first report stays.
TEST(Sessions, KeepTheFirstError) {
  std::vector<uint32_t> numbers(64, 5);
  Session session{Options()};
  mxsim_register_buffer(numbers.data(), 128);
  EXPECT_EQ(launchIncrement(numbers.data(), 2), 1);
  EXPECT_EQ(launchIncrement(numbers.data(), 1), 1);
  EXPECT_EQ(numbers[0], 6u);
  expectError(
      session.getReport(), ErrorKind::OutOfBounds, 1,
      "expected a load within a buffer, got '4' bytes at offset '128' of "
      "'128'");
}

TEST(Sessions, AreNeeded) {
  uint32_t number = 0;
  EXPECT_EQ(launchIncrement(&number, 1), 1);
}

TEST(Sessions, ForgetBuffers) {
  std::vector<uint32_t> numbers(32);
  Session session{Options()};
  mxsim_register_buffer(numbers.data(), 128);
  mxsim_unregister_buffer(numbers.data(), 128);
  EXPECT_EQ(launchIncrement(numbers.data(), 1), 1);
}

/// A view of memory that is freed goes with it; what lies behind stays.
TEST(Sessions, ForgetViewsOfFreedMemory) {
  std::vector<uint32_t> numbers(64, 5);
  Session session{Options()};
  mxsim_register_buffer(numbers.data() + 32, 128);
  mxsim_unregister_buffer(numbers.data(), 128);
  EXPECT_EQ(launchIncrement(numbers.data() + 32, 1), 0);
  mxsim_unregister_buffer(numbers.data(), 132);
  EXPECT_EQ(launchIncrement(numbers.data() + 32, 1), 1);
  expectError(session.getReport(), ErrorKind::OutOfBounds, 1,
              "expected a load within a buffer, got a pointer before all");
}

TEST(Sessions, RefuseSizesThatDoNotFit) {
  uint32_t number = 0;
  Session session{Options()};
  EXPECT_EQ(launchIncrement(&number, int64_t(1) << 33), 1);
  EXPECT_EQ(session.getReport().kind, ErrorKind::BadLaunch);
  Session other{Options()};
  EXPECT_EQ(launchIncrement(&number, -1), 1);
  EXPECT_EQ(other.getReport().kind, ErrorKind::BadLaunch);
}

TEST(Symbols, AreAllThatTheHeadersDeclare) {
  std::set<std::string> declared, listed;
  for (const char *name : {"/DeviceCalls.h", "/Launch.h"}) {
    std::ifstream file(std::string(MX_SIMULATOR_HEADERS) + name);
    std::stringstream text;
    text << file.rdbuf();
    std::string source = text.str();
    std::regex call("\\b(mxsim_\\w+)\\(");
    for (std::sregex_iterator match(source.begin(), source.end(), call), end;
         match != end; ++match)
      declared.insert((*match)[1]);
  }
  for (const Symbol &symbol : getSymbols()) {
    listed.insert(symbol.name);
    EXPECT_NE(symbol.address, nullptr);
  }
  EXPECT_EQ(declared, listed);
  EXPECT_GT(listed.size(), 50u);
}

} // namespace
