//===- ThreadRuntime.cpp - who divides loops among threads ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ThreadRuntime.h"
#include "GuardedThreads.h"
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::mx;

/// What the loops of `convert-scf-to-openmp` become calls of.
static constexpr const char *kFunctions[] = {
    "__kmpc_barrier",
    "__kmpc_for_static_fini",
    "__kmpc_for_static_init_4u",
    "__kmpc_for_static_init_8u",
    "__kmpc_fork_call",
    "__kmpc_global_thread_num",
};

llvm::Expected<ThreadRuntime> mlir::mx::loadThreadRuntime() {
  // Stays loaded: its threads outlive any program.
  void *library = ::dlopen("libomp.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(
        "expected LLVM's runtime of OpenMP (libomp.so.5) for --openmp, got "
        "none: " +
        Twine(::dlerror()));
  ThreadRuntime runtime;
  SmallVector<RuntimeSymbol> symbols;
  for (const char *name : kFunctions) {
    void *address = ::dlsym(library, name);
    if (!address)
      return llvm::createStringError("expected a runtime of OpenMP with '" +
                                     Twine(name) + "', got another one");
    symbols.push_back({name, address});
  }
  void *getThreadCount = ::dlsym(library, "omp_get_num_threads");
  if (!getThreadCount)
    return llvm::createStringError(
        "expected a runtime of OpenMP with 'omp_get_num_threads', got another "
        "one");
  Dl_info info;
  if (::dladdr(symbols.front().address, &info))
    runtime.path = info.dli_fname;
  runtime.symbols = guardThreads(symbols, getThreadCount);
  return runtime;
}
