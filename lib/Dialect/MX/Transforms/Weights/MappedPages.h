//===- MappedPages.h - memory of files that can come back -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights of a bytecode file lie in the mapped file. Once read they need not
// stay in memory. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_MAPPEDPAGES_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_MAPPEDPAGES_H

#include "llvm/ADT/ArrayRef.h"

namespace mlir::mx {

/// Tells the system that `bytes` are not needed for now. Whole pages of a
/// mapped file leave memory, and come back when they are read; nothing is lost,
/// and other memory is left alone.
void releasePages(llvm::ArrayRef<char> bytes);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_MAPPEDPAGES_H
