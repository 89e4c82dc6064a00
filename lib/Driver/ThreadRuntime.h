//===- ThreadRuntime.h - who divides loops among threads --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Programs compiled with --openmp call LLVM's runtime of OpenMP (libomp), which
// this process shares with whoever else uses it, so that there is one team of
// threads. OMP_NUM_THREADS and its other variables are obeyed.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_THREADRUNTIME_H
#define MX_LIB_DRIVER_THREADRUNTIME_H

#include "RuntimeSymbols.h"
#include "llvm/Support/Error.h"

namespace mlir::mx {

struct ThreadRuntime {
  /// The file that was loaded.
  std::string path;
  /// What compiled code calls.
  SmallVector<RuntimeSymbol> symbols;
};

/// Loads the runtime, once for the process, or says that there is none.
llvm::Expected<ThreadRuntime> loadThreadRuntime();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_THREADRUNTIME_H
