//===- Run.h - one run of a program in one thread ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A run has a context, a stream, a list of what it allocated, and the first
// error. Functions of the runtime that are called outside of mx_gpu_run are
// runs of their own on the default stream.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_RUNTIME_RUN_H
#define MX_LIB_RUNTIME_RUN_H

#include "CudaDriver.h"
#include <csetjmp>

namespace mxgpu {

/// Memory that a run allocated and has not freed.
struct Allocations {
  void **list = nullptr;
  size_t size = 0, capacity = 0;

  /// False if there is no memory for the list.
  bool add(void *memory);
  void remove(void *memory);
};

struct Run {
  const Driver *driver = nullptr;
  /// Who runs code, as the driver numbers it.
  unsigned long long contextId = 0;
  int device = 0;
  void *stream = nullptr;
  /// Whether memory is allocated and freed in the order of the stream.
  bool hasPools = false;
  /// Whether the run has made a context the thread's.
  bool hasPushed = false;
  /// Inside mx_gpu_run: memory that an error would leave behind, and where to
  /// go on if the host cannot.
  bool isTracked = false;
  Allocations allocations;
  /// Copies in memory of the host.
  Allocations fetched;
  std::jmp_buf *exit = nullptr;
  /// What the thread did before: its run, and that run's status.
  Run *outer = nullptr;
  int32_t outerStatus = 0;

  /// Finds the driver and makes a context current. False after an error.
  bool begin(void *stream);
  void end();
  /// Whether the driver succeeded; sets the error otherwise: `what` (a format
  /// and its arguments) was expected.
  [[gnu::format(printf, 3, 4)]] bool check(int result, const char *what, ...);
  /// Reads an attribute of the device. False after an error.
  bool checkAttribute(int &value, int attribute);
};

/// Sets the thread's error, unless it has one.
[[gnu::format(printf, 2, 3)]] void setError(int32_t code, const char *format,
                                            ...);
/// The status of this thread: that of the first error, or 0.
int32_t getStatus();

/// The thread's run, or one for as long as this lives. False after an error:
/// nothing may be done then.
class Entered {
public:
  /// Where `evenAfterErrors`, an earlier error of the run does not matter.
  explicit Entered(bool evenAfterErrors = false);
  ~Entered();
  Entered(const Entered &) = delete;
  Entered &operator=(const Entered &) = delete;

  explicit operator bool() const { return run != nullptr; }
  Run *operator->() const { return run; }
  Run &operator*() const { return *run; }

private:
  Run own;
  Run *run = nullptr;
};

/// Frees device memory in the order of the stream.
void freeMemory(Run &run, void *memory);

} // namespace mxgpu

#endif // MX_LIB_RUNTIME_RUN_H
