//===- GuardedThreads.h - threads of programs that may fault ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_GUARDEDTHREADS_H
#define MX_LIB_DRIVER_GUARDEDTHREADS_H

#include "RuntimeSymbols.h"

namespace mlir::mx {

/// What a program calls instead of `__kmpc_fork_call` and `__kmpc_barrier`,
/// which `runtime` must have, and `omp_get_num_threads`. A fault on any thread
/// ends that thread's part of the region; when the others have ended theirs, it
/// becomes one of the thread that began the region (GuardedCall.h).
SmallVector<RuntimeSymbol> guardThreads(ArrayRef<RuntimeSymbol> runtime,
                                        void *getThreadCount);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_GUARDEDTHREADS_H
