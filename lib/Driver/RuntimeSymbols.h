//===- RuntimeSymbols.h - what compiled code may call -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Code that is compiled into this process sees these symbols and no others;
// a library that we link may need only these, from libc and libm.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_RUNTIMESYMBOLS_H
#define MX_LIB_DRIVER_RUNTIMESYMBOLS_H

#include "mlir/Support/LLVM.h"
#include <string>

namespace mlir::mx {

struct RuntimeSymbol {
  std::string name;
  void *address;
};

/// The allow-list: memory, libm, and conversions of 16-bit floats.
ArrayRef<RuntimeSymbol> getRuntimeSymbols();

/// Whether `name` is on the list, a function of the checking runtime, or one
/// that records.
bool isAllowedSymbol(StringRef name);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_RUNTIMESYMBOLS_H
