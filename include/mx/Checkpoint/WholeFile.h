//===- WholeFile.h - files that are written as a whole ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Whoever looks at a name sees the file that was there before or the new one,
// never a part of it, also if the disk is full or the machine stops.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_WHOLEFILE_H
#define MX_CHECKPOINT_WHOLEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_ostream;
}

namespace mlir::mx {

/// Writes a file under another name first, then in the place of an older one;
/// on failure the older one stays, and the error says why. Returns when both
/// the bytes and the name are on the disk. "-" is standard output. A device or
/// a pipe is written to as it is.
llvm::Error writeWholeFile(llvm::StringRef path,
                           llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_WHOLEFILE_H
