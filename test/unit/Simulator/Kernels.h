//===- Kernels.h - running C++ functions as kernels -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A test's kernel is a lambda without operands that makes device calls.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_KERNELS_H
#define MX_TEST_UNIT_SIMULATOR_KERNELS_H

#include "mx/Simulator/DeviceCalls.h"
#include "mx/Simulator/Launch.h"
#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace mxsim {

/// How a test launches.
struct Setting {
  uint32_t threads = 32, blocks = 1, shared = 0;
  std::vector<Buffer> buffers;
  Options options;
};

template <typename Body>
Report runKernel(const Setting &setting, Body body) {
  void *operand = &body;
  void *arguments[] = {&operand};
  Launch launch;
  launch.kernel = [](void **operands) {
    (**static_cast<Body **>(operands[0]))();
  };
  launch.arguments = arguments;
  launch.grid = {setting.blocks, 1, 1};
  launch.block = {setting.threads, 1, 1};
  launch.staticShared = setting.shared;
  return run(launch, setting.buffers, setting.options);
}

template <typename T>
Buffer bufferOf(std::vector<T> &vector) {
  return {vector.data(), vector.size() * sizeof(T), false};
}

inline uint32_t threadId() {
  return uint32_t(mxsim_special_register(MXSIM_THREAD_X));
}

inline uint8_t *sharedAt(uint32_t offset) {
  return static_cast<uint8_t *>(mxsim_shared_pointer(offset));
}

/// Checked accesses of one number.
template <typename T>
T load(const void *address, int32_t location = 0) {
  mxsim_check_load(address, sizeof(T), alignof(T), location);
  T value;
  std::memcpy(&value, address, sizeof(T));
  return value;
}
template <typename T>
void store(void *address, T value, int32_t location = 0) {
  mxsim_check_store(address, sizeof(T), alignof(T), location);
  std::memcpy(address, &value, sizeof(T));
}

/// Expects an error of this kind with this text, at this location.
inline void expectError(const Report &report, ErrorKind kind, int32_t location,
                        const std::string &text) {
  EXPECT_STREQ(getName(report.kind), getName(kind)) << report.text;
  EXPECT_EQ(report.location, location);
  EXPECT_EQ(report.text, text);
}

inline void expectGood(const Report &report) {
  EXPECT_TRUE(report) << getName(report.kind) << ": " << report.text;
}

} // namespace mxsim

#endif // MX_TEST_UNIT_SIMULATOR_KERNELS_H
