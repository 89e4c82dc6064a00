//===- MappedPages.h - memory of files that can come back -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights of a bytecode file lie in the mapped file, and large constants that
// passes create in temporary files of their own. Neither need stay in memory
// once they have been read, so a program of any size is compiled in the memory
// that its largest weight needs.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MAPPEDPAGES_H
#define MX_DIALECT_MX_IR_MAPPEDPAGES_H

#include "mlir/IR/AsmState.h"

namespace mlir::mx {

/// Tells the system that `pieces` of memory are not needed for now. Whole pages
/// of a mapped file leave memory, and come back when they are read; nothing is
/// lost, and other memory is left alone.
void releasePages(ArrayRef<ArrayRef<char>> pieces);

/// A copy of `bytes` for a resource: on the heap, or in a mapped temporary file
/// if there are many and the system has room for the file. The file has no name
/// and vanishes with the blob. No page of it is in memory yet.
AsmResourceBlob createMappedBlob(ArrayRef<char> bytes, size_t alignment);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_IR_MAPPEDPAGES_H
