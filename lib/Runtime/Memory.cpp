//===- Memory.cpp - memory of the device ----------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Program.h"
#include <cstdlib>
#include <cstring>
#include <initializer_list>

using namespace mxgpu;

static DevicePointer toDevice(const void *address) {
  return reinterpret_cast<uintptr_t>(address);
}

static void *toHost(DevicePointer address) {
  return reinterpret_cast<void *>(static_cast<uintptr_t>(address));
}

//===----------------------------------------------------------------------===//
// Allocations
//===----------------------------------------------------------------------===//

bool Allocations::add(void *memory) {
  constexpr size_t first = 16;
  if (size == capacity) {
    size_t more = capacity ? 2 * capacity : first;
    void *grown = std::realloc(list, more * sizeof(void *));
    if (!grown)
      return false;
    list = static_cast<void **>(grown);
    capacity = more;
  }
  list[size++] = memory;
  return true;
}

/// Buffers mostly end in the reverse order.
void Allocations::remove(void *memory) {
  for (size_t i = size; i-- > 0;)
    if (list[i] == memory) {
      list[i] = list[--size];
      return;
    }
}

void mxgpu::freeMemory(Run &run, void *memory) {
  int result = run.hasPools
                   ? run.driver->freeAsync(toDevice(memory), run.stream)
                   : run.driver->free(toDevice(memory));
  run.check(result, "device memory that can be freed");
}

void *mx_gpu_alloc(int64_t bytes) {
  Entered run;
  if (!run)
    return nullptr;
  // The driver gives nothing for nothing.
  size_t size = bytes > 0 ? bytes : 1;
  DevicePointer memory = 0;
  int result = run->hasPools
                   ? run->driver->allocAsync(&memory, size, run->stream)
                   : run->driver->alloc(&memory, size);
  if (!run->check(result, "%lld bytes of device memory",
                  static_cast<long long>(bytes)))
    return nullptr;
  if (!run->isTracked || run->allocations.add(toHost(memory)))
    return toHost(memory);
  setError(MX_GPU_NO_HOST_MEMORY, "expected host memory, got none");
  freeMemory(*run, toHost(memory));
  return nullptr;
}

void mx_gpu_free(void *memory) {
  Entered run(/*evenAfterErrors=*/true);
  if (!run || !memory)
    return;
  run->allocations.remove(memory);
  freeMemory(*run, memory);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void mx_gpu_copy(void *to, const void *from, int64_t bytes) {
  Entered run;
  if (run && bytes > 0)
    run->check(run->driver->copyInDevice(toDevice(to), toDevice(from), bytes,
                                         run->stream),
               "to copy %lld bytes", static_cast<long long>(bytes));
}

/// Reads and waits; returns where to go on if the host may not, or null.
static std::jmp_buf *load(void *to, const void *from, int64_t bytes) {
  Entered run(/*evenAfterErrors=*/true);
  if (!run)
    return nullptr;
  if (bytes > 0 && getStatus() == MX_GPU_SUCCESS &&
      run->check(
          run->driver->copyToHost(to, toDevice(from), bytes, run->stream),
          "to read %lld bytes", static_cast<long long>(bytes)))
    run->check(run->driver->synchronizeStream(run->stream),
               "the kernels before a read to end well");
  return getStatus() == MX_GPU_SUCCESS ? nullptr : run->exit;
}

void mx_gpu_load(void *to, const void *from, int64_t bytes) {
  // The host may wait for something that no kernel writes any more.
  if (bytes > 0)
    std::memset(to, 0, bytes);
  if (std::jmp_buf *exit = load(to, from, bytes))
    std::longjmp(*exit, 1);
}

/// New memory of the host, which `run` frees if it lasts; null after an error.
static void *allocateCopy(Run &run, int64_t bytes) {
  void *copy = std::calloc(bytes > 0 ? bytes : 1, 1);
  if (copy && (!run.isTracked || run.fetched.add(copy)))
    return copy;
  std::free(copy);
  setError(MX_GPU_NO_HOST_MEMORY,
           "expected %lld bytes of host memory, got none",
           static_cast<long long>(bytes));
  return nullptr;
}

void *mx_gpu_fetch(const void *from, int64_t bytes) {
  void *copy = nullptr;
  {
    Entered run(/*evenAfterErrors=*/true);
    if (run)
      copy = allocateCopy(*run, bytes);
  }
  if (std::jmp_buf *exit = load(copy, from, bytes))
    std::longjmp(*exit, 1);
  return copy;
}

static bool upload(Run &run, void *to, const void *from, int64_t bytes) {
  return run.check(
             run.driver->copyToDevice(toDevice(to), from, bytes, run.stream),
             "to write %lld bytes", static_cast<long long>(bytes)) &&
         run.check(run.driver->synchronizeStream(run.stream),
                   "the kernels before a write to end well");
}

void mx_gpu_upload(void *to, const void *from, int64_t bytes) {
  Entered run;
  if (run && bytes > 0)
    upload(*run, to, from, bytes);
}

/// Not in the order of a stream: what other streams read may not depend on it.
static void *uploadConstant(Run &run, const void *host, int64_t bytes) {
  DevicePointer memory = 0;
  if (!run.check(run.driver->alloc(&memory, bytes > 0 ? bytes : 1),
                 "%lld bytes of device memory for a constant",
                 static_cast<long long>(bytes)))
    return nullptr;
  if (bytes <= 0 || upload(run, toHost(memory), host, bytes))
    return toHost(memory);
  run.driver->free(memory);
  return nullptr;
}

void *mx_gpu_constant(void **place, const void *host, int64_t bytes) {
  Entered run;
  if (!run)
    return nullptr;
  Loaded *entry = find(*run, place);
  if (!entry) {
    Lock lock(getLoadMutex());
    entry = find(*run, place);
    if (!entry)
      if (void *memory = uploadConstant(*run, host, bytes)) {
        entry = add(*run, place, memory);
        if (!entry)
          run->driver->free(toDevice(memory));
      }
  }
  return entry ? entry->value : nullptr;
}

int32_t mx_gpu_synchronize() {
  Entered run;
  if (run)
    run->check(run->driver->synchronize(), "the kernels to end well");
  return getStatus();
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

void *mx_gpu_record_event() {
  Entered run;
  void *event = nullptr;
  if (!run || !run->check(run->driver->createEvent(&event, 0), "an event"))
    return nullptr;
  if (run->check(run->driver->recordEvent(event, run->stream),
                 "to record an event"))
    return event;
  run->driver->destroyEvent(event);
  return nullptr;
}

float mx_gpu_elapsed(void *first, void *last) {
  Entered run;
  float milliseconds = -1;
  if (run && first && last &&
      run->check(run->driver->synchronizeEvent(last),
                 "the kernels before an event to end well"))
    run->check(run->driver->getElapsedTime(&milliseconds, first, last),
               "the time between two events");
  for (void *event : {first, last})
    if (run && event)
      run->driver->destroyEvent(event);
  return milliseconds;
}
