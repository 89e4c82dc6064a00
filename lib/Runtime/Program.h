//===- Program.h - kernels and constants in contexts ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A place is a null pointer in the compiled program. The runtime hangs a list
// there: what was loaded, for each context that used the program so far. Lists
// only grow, so that they are read without a lock.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_RUNTIME_PROGRAM_H
#define MX_LIB_RUNTIME_PROGRAM_H

#include "Lock.h"
#include "Run.h"
#include "mx/Runtime/GpuRuntime.h"

namespace mxgpu {

/// What stands at a place for one context.
struct Loaded {
  Loaded *next;
  unsigned long long contextId;
  /// A module, a function, or device memory.
  void *value;
  /// Of a function: the dynamic shared memory that it may be given so far.
  int32_t sharedBytes;
};

/// The entry of this run's context at `place`, or null.
Loaded *find(const Run &run, void **place);
/// Adds one; the caller holds `getLoadMutex`. Null after an error.
Loaded *add(Run &run, void **place, void *value);
/// Held while something is loaded.
Mutex &getLoadMutex();

/// The module of `program` in this context. Null after an error.
Loaded *loadProgram(Run &run, mx_gpu_program &program);

} // namespace mxgpu

#endif // MX_LIB_RUNTIME_PROGRAM_H
