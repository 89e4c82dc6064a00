//===- RuntimeFixture.h - runs on the fake driver ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_RUNTIME_RUNTIMEFIXTURE_H
#define MX_TEST_UNIT_RUNTIME_RUNTIMEFIXTURE_H

#include "FakeDriver.h"
#include "Program.h"
#include "mx/Runtime/GpuRuntime.h"
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <string>

extern "C" int cuCtxPushCurrent_v2(void *context);
extern "C" int cuCtxPopCurrent_v2(void **context);

class Runtime : public ::testing::Test {
protected:
  void SetUp() override { fake_reset(); }
  /// The runtime lets go of nothing as long as the program is there.
  void TearDown() override {
    for (void *entry : {program.loaded, kernel, place})
      while (entry) {
        auto *loaded = static_cast<mxgpu::Loaded *>(entry);
        entry = loaded->next;
        std::free(loaded);
      }
    fake_reset();
  }

  /// Runs `body` as compiled code would be; returns the status.
  int32_t run(std::function<void()> body, void *stream = nullptr) {
    void *values[] = {&body};
    return mx_gpu_run(
        &program,
        [](void **values) {
          (*static_cast<std::function<void()> *>(values[0]))();
        },
        values, stream);
  }

  void launch(void **parameters, int32_t sharedBytes = 0) {
    mx_gpu_launch(&program, &kernel, "k", 2, 1, 1, 32, 1, 1, sharedBytes,
                  parameters);
  }

  mx_gpu_program program = {120, MX_GPU_REACH_EXACT, "sm_120a", ".version 8.7",
                            nullptr};
  void *kernel = nullptr;
  /// Of a constant.
  void *place = nullptr;
};

#endif // MX_TEST_UNIT_RUNTIME_RUNTIMEFIXTURE_H
