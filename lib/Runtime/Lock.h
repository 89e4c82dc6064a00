//===- Lock.h - mutual exclusion --------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As std::mutex, which would need the C++ library to report errors.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_RUNTIME_LOCK_H
#define MX_LIB_RUNTIME_LOCK_H

#include <pthread.h>

namespace mxgpu {

/// Initialised when the program is loaded, and never destroyed.
struct Mutex {
  pthread_mutex_t handle = PTHREAD_MUTEX_INITIALIZER;
};

class Lock {
public:
  explicit Lock(Mutex &mutex) : mutex(mutex) { lock(); }
  ~Lock() { ::pthread_mutex_unlock(&mutex.handle); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

private:
  void lock() { ::pthread_mutex_lock(&mutex.handle); }

  Mutex &mutex;
};

} // namespace mxgpu

#endif // MX_LIB_RUNTIME_LOCK_H
