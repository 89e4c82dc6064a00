//===- ProtectedLoop.h - threads that may crash -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// runProtected sees crashes of its own thread only. This loop brings those of
// other threads there.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_PROTECTEDLOOP_H
#define MX_LIB_DRIVER_PROTECTEDLOOP_H

#include "mx/Quantization/Parallel.h"

namespace llvm {
class ThreadPoolInterface;
} // namespace llvm

namespace mlir::mx {

/// Returns a loop on the threads of `pool`, which must outlive it. If an
/// iteration crashes, no other one is begun, those that run are finished, and
/// the caller of the loop crashes in the same way.
mxquant::ParallelFor makeProtectedLoop(llvm::ThreadPoolInterface &pool);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_PROTECTEDLOOP_H
