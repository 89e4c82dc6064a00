//===- Nesting.h - how deep IR may be nested --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// MLIR's parser calls itself for each bracket and each sign, so that text that
// is nested deep enough ends the process on its stack.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_NESTING_H
#define MX_LIB_DRIVER_NESTING_H

#include "mlir/Support/LLVM.h"

namespace mlir::mx {

/// The most brackets around a place, and signs before it: a tenth of what fits
/// on the stack of a thread.
inline constexpr size_t kMostNested = 500;

/// Returns the first place of `text` that is nested deeper, or null.
const char *findTooDeep(StringRef text);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_NESTING_H
