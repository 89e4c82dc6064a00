//===- GpuSymbols.h - the runtime of GPUs in this process -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_GPUSYMBOLS_H
#define MX_LIB_DRIVER_GPUSYMBOLS_H

#include "RuntimeSymbols.h"

namespace mlir::mx {

/// What host code of a GPU may call besides the runtime symbols.
ArrayRef<RuntimeSymbol> getGpuSymbols();

/// Whether `name` is one of these, or the variable that describes the kernels.
bool isGpuSymbol(StringRef name);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_GPUSYMBOLS_H
