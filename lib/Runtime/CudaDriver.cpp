//===- CudaDriver.cpp - the NVIDIA driver, found at run time --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "CudaDriver.h"
#include "Lock.h"
#include "Run.h"
#include "mx/Runtime/GpuRuntime.h"
#include <cstdio>
#include <dlfcn.h>

using namespace mxgpu;

namespace {

enum Need { Required, Optional };

/// What the first call finds, for all later ones.
struct Search {
  bool isDone;
  Driver driver;
  /// Why there is no driver; 0 if there is one.
  int32_t code;
  char text[256];

  void run();
  bool find(void *library);
};

} // namespace

/// Looks up all functions; false, with text, if one is missing.
bool Search::find(void *library) {
#define MX_DRIVER_CALL(FIELD, SYMBOL, NEED, ...)                               \
  driver.FIELD =                                                               \
      reinterpret_cast<int (*)(__VA_ARGS__)>(::dlsym(library, SYMBOL));        \
  if (!driver.FIELD && NEED == Required) {                                     \
    std::snprintf(text, sizeof(text),                                          \
                  "expected an NVIDIA driver with '" SYMBOL                    \
                  "', got an older one");                                      \
    return false;                                                              \
  }
#include "DriverCalls.def"
  return true;
}

void Search::run() {
  isDone = true;
  code = MX_GPU_NO_DRIVER;
  void *library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::snprintf(text, sizeof(text),
                  "expected an NVIDIA driver (libcuda.so.1), got none: %s",
                  ::dlerror());
    return;
  }
  if (!find(library))
    return;
  code = driver.init(0);
  if (code == 0)
    return;
  const char *reason = nullptr;
  driver.getErrorString(code, &reason);
  std::snprintf(text, sizeof(text),
                "expected the NVIDIA driver to find a GPU, got error %d (%s)",
                code, reason ? reason : "unknown");
}

const Driver *mxgpu::getDriver() {
  static Mutex mutex;
  static Search search;
  {
    Lock lock(mutex);
    if (!search.isDone)
      search.run();
  }
  if (search.code == 0)
    return &search.driver;
  setError(search.code, "%s", search.text);
  return nullptr;
}
