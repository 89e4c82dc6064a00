//===- HostBooks.h - what bufferisation adds to free buffers ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Where only the run shows which buffers are still in use, bufferisation writes
// addresses to lists and has a function compare them. In a program for a GPU
// the lists are the only buffers that are memory of the host.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_HOSTBOOKS_H
#define MX_CONVERSION_HOSTBOOKS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace mlir::mx {

/// Whether a function of this name and type is the one that compares.
bool isDeallocator(StringRef name, FunctionType type);

/// Whether `op` makes, fills, compares, reads or frees a list.
bool keepsBooks(Operation *op);

} // namespace mlir::mx

#endif // MX_CONVERSION_HOSTBOOKS_H
