//===- RuntimeTest.cpp - what the runtime asks of the driver --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "RuntimeFixture.h"
#include <thread>
#include <vector>

/// Doubles `count` numbers.
static void doubleNumbers(void **parameters, const unsigned *,
                          const unsigned *) {
  auto *numbers = static_cast<int32_t *>(
      fake_host_address(*static_cast<void **>(parameters[0])));
  for (int32_t i = 0; i < *static_cast<int32_t *>(parameters[1]); ++i)
    numbers[i] *= 2;
}

TEST_F(Runtime, RunsAKernelOnACopyOfAConstant) {
  static const int32_t host[] = {1, 2, 3, 4};
  fake_set_kernel("k", doubleNumbers);
  for (int32_t time = 0; time < 2; ++time) {
    int32_t last = 0;
    int32_t status = run([&] {
      void *constant = mx_gpu_constant(&place, host, sizeof(host));
      void *buffer = mx_gpu_alloc(sizeof(host));
      mx_gpu_copy(buffer, constant, sizeof(host));
      int32_t count = 4;
      void *parameters[] = {&buffer, &count};
      launch(parameters);
      mx_gpu_load(&last, static_cast<char *>(buffer) + 12, 4);
      mx_gpu_free(buffer);
    });
    EXPECT_EQ(status, 0) << mx_gpu_error();
    EXPECT_STREQ(mx_gpu_error(), "");
    EXPECT_EQ(last, 8);
  }
  // Once for the context: the module, the kernel, the constant.
  EXPECT_EQ(fake_count_calls("cuModuleLoadDataEx"), 1);
  EXPECT_EQ(fake_count_calls("cuModuleGetFunction"), 1);
  EXPECT_EQ(fake_count_calls("cuMemcpyHtoDAsync"), 1);
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 2);
  EXPECT_EQ(fake_count_allocations(), 1);
  EXPECT_EQ(fake_count_calls("cuCtxPushCurrent"),
            fake_count_calls("cuCtxPopCurrent"));
}

TEST_F(Runtime, AsksForMuchSharedMemoryOnce) {
  EXPECT_EQ(run([&] {
              launch(nullptr);
              launch(nullptr, 60000);
              launch(nullptr, 50000);
              launch(nullptr, 70000);
            }),
            0)
      << mx_gpu_error();
  EXPECT_EQ(fake_count_calls("cuLaunchKernel"), 4);
  EXPECT_EQ(fake_count_calls("cuFuncSetAttribute"), 2);
}

TEST_F(Runtime, HoldsThePrimaryContextOnce) {
  constexpr int runs = 3;
  for (int i = 0; i < runs; ++i)
    EXPECT_EQ(run([&] { launch(nullptr); }), 0);
  // An earlier test may have left the process with the same address.
  EXPECT_EQ(fake_count_calls("cuDevicePrimaryCtxRetain"), runs);
  EXPECT_GE(fake_count_calls("cuDevicePrimaryCtxRelease"), runs - 1);
}

TEST_F(Runtime, UsesTheCallersContext) {
  void *context = fake_create_context();
  cuCtxPushCurrent_v2(context);
  EXPECT_EQ(run([&] { launch(nullptr); }), 0);
  EXPECT_EQ(fake_count_calls("cuDevicePrimaryCtxRetain"), 0);
  // Everything again for a context that only looks like the first.
  fake_replace_context(context);
  EXPECT_EQ(run([&] { launch(nullptr); }), 0);
  EXPECT_EQ(fake_count_calls("cuModuleLoadDataEx"), 2);
  EXPECT_EQ(fake_count_calls("cuModuleGetFunction"), 2);
  void *popped;
  cuCtxPopCurrent_v2(&popped);
  EXPECT_EQ(popped, context);
  EXPECT_EQ(fake_count_calls("cuCtxPopCurrent"), 1);
}

TEST_F(Runtime, UsesTheContextOfTheStream) {
  void *context = fake_create_context();
  void *stream = fake_create_stream(context);
  EXPECT_EQ(run([&] { launch(nullptr); }, stream), 0);
  EXPECT_EQ(fake_count_calls("cuDevicePrimaryCtxRetain"), 0);
  EXPECT_EQ(fake_count_calls("cuCtxPushCurrent"), 1);
  EXPECT_EQ(fake_count_calls("cuCtxPopCurrent"), 1);
}

TEST_F(Runtime, LetsResultsOutliveTheRun) {
  void *result = nullptr;
  EXPECT_EQ(run([&] { result = mx_gpu_alloc(0); }), 0);
  EXPECT_EQ(fake_count_allocations(), 1);
  mx_gpu_free(result);
  mx_gpu_free(nullptr);
  EXPECT_EQ(fake_count_allocations(), 0);
  EXPECT_STREQ(mx_gpu_error(), "");
}

TEST_F(Runtime, AllocatesWithoutPools) {
  fake_set_pools(false);
  EXPECT_EQ(run([&] {
              for (int i = 0; i < 100; ++i)
                mx_gpu_free(mx_gpu_alloc(16));
            }),
            0);
  EXPECT_EQ(fake_count_calls("cuMemAlloc"), 100);
  EXPECT_EQ(fake_count_calls("cuMemFree"), 100);
  EXPECT_EQ(fake_count_calls("cuMemAllocAsync"), 0);
}

TEST_F(Runtime, WorksOutsideOfARun) {
  int32_t number = 7, read = 0;
  void *buffer = mx_gpu_alloc(4);
  mx_gpu_upload(buffer, &number, 4);
  mx_gpu_load(&read, buffer, 4);
  mx_gpu_free(buffer);
  EXPECT_EQ(read, 7);
  EXPECT_EQ(mx_gpu_synchronize(), 0);
  void *first = mx_gpu_record_event(), *last = mx_gpu_record_event();
  EXPECT_EQ(mx_gpu_elapsed(first, last), 0.25F);
  EXPECT_EQ(fake_count_calls("cuEventDestroy"), 2);
}

TEST_F(Runtime, FetchesCopies) {
  int32_t numbers[] = {5, 6}, *copy = nullptr;
  void *buffer = mx_gpu_alloc(8);
  mx_gpu_upload(buffer, numbers, 8);
  EXPECT_EQ(run([&] {
              copy = static_cast<int32_t *>(mx_gpu_fetch(buffer, 8));
              EXPECT_EQ(copy[1], 6);
            }),
            0);
  EXPECT_EQ(run([&] {
              mx_gpu_fetch(buffer, 12);
              ADD_FAILURE() << "returned after an error";
            }),
            1);
  EXPECT_STREQ(mx_gpu_error(),
               "expected to read 12 bytes, got error 1 (invalid argument)");
}

TEST_F(Runtime, EncodesTensorMaps) {
  std::vector<void *> maps;
  alignas(16) static char bytes[64];
  int64_t extents[] = {192, 20, 1}, strides[] = {192, 3840};
  int32_t box[] = {128, 64, 1};
  auto encode = [&](void *address, int32_t bits, int32_t swizzle) {
    return mx_gpu_encode_tensor_map(address, 3, bits, extents, strides, box,
                                    swizzle);
  };
  EXPECT_EQ(run([&] {
              for (int i = 0; i < 64; ++i)
                maps.push_back(encode(bytes, 8, 128));
              // What does not fit is no error.
              EXPECT_EQ(encode(bytes + 1, 8, 128), nullptr);
              EXPECT_EQ(encode(bytes, 7, 128), nullptr);
              EXPECT_EQ(encode(bytes, 8, 16), nullptr);
              EXPECT_EQ(mx_gpu_encode_tensor_map(bytes, 6, 8, extents, strides,
                                                 box, 0),
                        nullptr);
            }),
            0);
  EXPECT_NE(std::string(fake_calls())
                .find("cuTensorMapEncodeTiled 0 192/128 20/64 1/1 +192 +3840"),
            std::string::npos)
      << fake_calls();
  for (void *map : maps) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(map) % 128, 0U);
    EXPECT_EQ(std::count(maps.begin(), maps.end(), map), 1);
  }
}

TEST_F(Runtime, ServesManyThreads) {
  static const int32_t host[] = {1};
  constexpr int threadCount = 64, runs = 20;
  fake_set_kernel("k", doubleNumbers);
  std::vector<std::thread> threads;
  std::vector<int32_t> failures(threadCount);
  for (int t = 0; t < threadCount; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < runs; ++i) {
        int32_t value = 0;
        // Every second thread has a run that fails, which is nobody else's.
        int32_t status = run([&] {
          void *buffer = mx_gpu_alloc(4);
          mx_gpu_copy(buffer, mx_gpu_constant(&place, host, 4), 4);
          int32_t count = 1;
          void *parameters[] = {&buffer, &count};
          launch(parameters, 50000 + i);
          if (t % 2 && i == runs / 2)
            mx_gpu_copy(buffer, buffer, 1 << 20);
          mx_gpu_load(&value, buffer, 4);
          mx_gpu_free(buffer);
        });
        bool fails = t % 2 && i == runs / 2;
        failures[t] += (status != 0) != fails || (!fails && value != 2) ||
                       (*mx_gpu_error() != 0) != fails;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, std::vector<int32_t>(threadCount));
  EXPECT_EQ(fake_count_calls("cuModuleLoadDataEx"), 1);
  EXPECT_EQ(fake_count_calls("cuMemcpyHtoDAsync"), 1);
  EXPECT_EQ(fake_count_allocations(), 1);
}
