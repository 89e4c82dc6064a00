//===- NoDriverTest.cpp - machines without a driver -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Runtime/GpuRuntime.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

TEST(Runtime, SaysThatThereIsNoDriver) {
  if (::dlopen("libcuda.so.1", RTLD_NOW))
    GTEST_SKIP() << "there is one";
  mx_gpu_program program = {120, MX_GPU_REACH_EXACT, "sm_120a", "", nullptr};
  bool hasRun = false;
  void *values[] = {&hasRun};
  auto body = [](void **values) { *static_cast<bool *>(values[0]) = true; };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(mx_gpu_run(&program, body, values, nullptr), MX_GPU_NO_DRIVER);
    EXPECT_EQ(
        std::string(mx_gpu_error())
            .rfind("expected an NVIDIA driver (libcuda.so.1), got none: ", 0),
        0U)
        << mx_gpu_error();
  }
  EXPECT_FALSE(hasRun);
  EXPECT_EQ(mx_gpu_alloc(4), nullptr);
  mx_gpu_free(&program);
  EXPECT_STRNE(mx_gpu_error(), "");
}
