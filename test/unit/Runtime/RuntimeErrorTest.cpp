//===- RuntimeErrorTest.cpp - what the runtime says when things fail ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "RuntimeFixture.h"

namespace {

struct Fault {
  const char *call;
  int count;
  const char *text;
};

/// What the names of parametrised tests end in.
void PrintTo(const Fault &fault, std::ostream *os) {
  *os << fault.call << ' ' << fault.count;
}

class RuntimeFaults : public Runtime,
                      public ::testing::WithParamInterface<Fault> {};

} // namespace

/// A program that uses everything that has a status.
TEST_P(RuntimeFaults, EndTheRunAndLeaveNothing) {
  const Fault &fault = GetParam();
  static const int32_t host[] = {1};
  fake_fail(fault.call, fault.count, 2);
  bool hasEnded = false;
  int32_t status = run([&] {
    void *buffer = mx_gpu_alloc(4), *other = mx_gpu_alloc(8);
    mx_gpu_copy(buffer, mx_gpu_constant(&place, host, 4), 4);
    launch(nullptr, 50000);
    alignas(64) static char bytes[64];
    int64_t extents[] = {64};
    int32_t box[] = {64}, value = 1;
    mx_gpu_encode_tensor_map(bytes, 1, 8, extents, extents, box, 0);
    mx_gpu_free(buffer);
    mx_gpu_load(&value, other, 4);
    mx_gpu_free(other);
    hasEnded = true;
  });
  EXPECT_EQ(status, 2);
  EXPECT_STREQ(mx_gpu_error(), fault.text);
  // A read does not return after an error.
  EXPECT_EQ(hasEnded,
            fault.call == std::string("cuMemFreeAsync") && fault.count == 2);
  if (fault.call != std::string("cuMemFreeAsync"))
    EXPECT_EQ(fake_count_allocations(), place ? 1 : 0);
  // The next run starts afresh.
  fake_fail("nothing", 1, 0);
  EXPECT_EQ(run([] {}), 0) << mx_gpu_error();
  EXPECT_STREQ(mx_gpu_error(), "");
}

static const Fault faults[] = {
    {"cuCtxGetCurrent", 1,
     "expected the thread's context, got error 2 (out of memory)"},
    {"cuDevicePrimaryCtxRetain", 1,
     "expected the context of device 0, got error 2 (out of memory)"},
    {"cuCtxPushCurrent", 1,
     "expected a context that can be used, got error 2 (out of memory)"},
    {"cuCtxGetDevice", 1,
     "expected the context's device, got error 2 (out of memory)"},
    {"cuDeviceGetAttribute", 2,
     "expected an attribute of device 0, got error 2 (out of memory)"},
    {"cuModuleLoadDataEx", 1,
     "expected a driver that loads code of sm_120a ('ptxas says no'), got "
     "error 2 (out of memory)"},
    {"cuModuleGetFunction", 1,
     "expected the kernel 'k', got error 2 (out of memory)"},
    {"cuMemAllocAsync", 1,
     "expected 4 bytes of device memory, got error 2 (out of memory)"},
    {"cuMemAllocAsync", 2,
     "expected 8 bytes of device memory, got error 2 (out of memory)"},
    {"cuMemAlloc", 1,
     "expected 4 bytes of device memory for a constant, got error 2 (out of "
     "memory)"},
    {"cuMemcpyHtoDAsync", 1,
     "expected to write 4 bytes, got error 2 (out of memory)"},
    {"cuStreamSynchronize", 1,
     "expected the kernels before a write to end well, got error 2 (out of "
     "memory)"},
    {"cuMemcpyDtoDAsync", 1,
     "expected to copy 4 bytes, got error 2 (out of memory)"},
    {"cuFuncSetAttribute", 1,
     "expected 50000 bytes of shared memory for 'k', got error 2 (out of "
     "memory)"},
    {"cuLaunchKernel", 1,
     "expected 'k' to be launched, got error 2 (out of memory)"},
    {"cuTensorMapEncodeTiled", 1,
     "expected a tensor map, got error 2 (out of memory)"},
    {"cuMemFreeAsync", 1,
     "expected device memory that can be freed, got error 2 (out of memory)"},
    {"cuMemcpyDtoHAsync", 1,
     "expected to read 4 bytes, got error 2 (out of memory)"},
    {"cuStreamSynchronize", 2,
     "expected the kernels before a read to end well, got error 2 (out of "
     "memory)"},
    {"cuMemFreeAsync", 2,
     "expected device memory that can be freed, got error 2 (out of memory)"},
};
INSTANTIATE_TEST_SUITE_P(All, RuntimeFaults, ::testing::ValuesIn(faults));

TEST_F(Runtime, RefusesAnotherGpu) {
  struct {
    int32_t capability, reach, machine;
    const char *chip, *text;
  } cases[] = {
      {120, MX_GPU_REACH_EXACT, 120, "sm_120a", ""},
      {120, MX_GPU_REACH_EXACT, 90, "sm_120a",
       "expected a GPU of compute capability 12.0 for code of sm_120a, got "
       "9.0"},
      {120, MX_GPU_REACH_EXACT, 121, "sm_120a",
       "expected a GPU of compute capability 12.0 for code of sm_120a, got "
       "12.1"},
      {120, MX_GPU_REACH_FAMILY, 121, "sm_120f", ""},
      {100, MX_GPU_REACH_FAMILY, 110, "sm_100f",
       "expected a GPU of compute capability 10.0 or later of its family for "
       "code of sm_100f, got 11.0"},
      {80, MX_GPU_REACH_LATER, 120, "sm_80", ""},
      {86, MX_GPU_REACH_LATER, 80, "sm_86",
       "expected a GPU of compute capability 8.6 or later for code of sm_86, "
       "got 8.0"},
  };
  for (const auto &test : cases) {
    TearDown();
    fake_set_capability(test.machine);
    program = {test.capability, test.reach, test.chip, ".version 8.7", nullptr};
    bool fails = *test.text != 0;
    EXPECT_EQ(run([&] { EXPECT_FALSE(fails); }),
              fails ? MX_GPU_WRONG_DEVICE : 0);
    EXPECT_STREQ(mx_gpu_error(), test.text);
  }
}

TEST_F(Runtime, RefusesSizesOutOfRange) {
  for (int64_t size : {int64_t(-1), int64_t(1) << 32}) {
    EXPECT_EQ(run([&] {
                mx_gpu_launch(&program, &kernel, "k", size, 1, 1, 1, 1, 1, 0,
                              nullptr);
              }),
              MX_GPU_BAD_LAUNCH);
    EXPECT_EQ(std::string(mx_gpu_error()),
              "expected a grid of 0 to 2^31 - 1 along each axis to launch 'k', "
              "got " +
                  std::to_string(size));
  }
  for (int64_t size : {int64_t(0), int64_t(1) << 32}) {
    EXPECT_EQ(run([&] {
                mx_gpu_launch(&program, &kernel, "k", 0, 1, 1, 1, size, 1, 0,
                              nullptr);
              }),
              MX_GPU_BAD_LAUNCH);
    EXPECT_EQ(std::string(mx_gpu_error()),
              "expected a block of 1 to 1024 along each axis to launch 'k', "
              "got " +
                  std::to_string(size));
  }
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 0);
}

/// A program that computes nothing of an empty array asks for no blocks; the
/// driver would refuse.
TEST_F(Runtime, LaunchesNothingOnAnEmptyGrid) {
  for (int axis = 0; axis < 3; ++axis) {
    int64_t grid[] = {2, 2, 2};
    grid[axis] = 0;
    EXPECT_EQ(run([&] {
                mx_gpu_launch(&program, &kernel, "k", grid[0], grid[1], grid[2],
                              32, 1, 1, 0, nullptr);
              }),
              0)
        << mx_gpu_error();
  }
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 0);
}

TEST_F(Runtime, RefusesAnImageThatIsNone) {
  program.image = "nonsense";
  EXPECT_EQ(run([] {}), 200);
  EXPECT_STREQ(mx_gpu_error(), "expected a driver that loads code of sm_120a, "
                               "got error 200 (some failure)");
}

TEST_F(Runtime, DoesNothingAfterAnErrorOutsideOfARun) {
  fake_fail("cuMemAllocAsync", 1, 2);
  EXPECT_EQ(mx_gpu_alloc(16), nullptr);
  launch(nullptr);
  int32_t value = 3;
  mx_gpu_load(&value, nullptr, 4);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(mx_gpu_synchronize(), 2);
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 0);
  EXPECT_EQ(fake_count_calls("cuMemcpyDtoHAsync"), 0);
  EXPECT_STREQ(mx_gpu_error(),
               "expected 16 bytes of device memory, got error 2 (out of "
               "memory)");
  // Who has read the error may go on.
  launch(nullptr);
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 1);
  EXPECT_STREQ(mx_gpu_error(), "");
}
