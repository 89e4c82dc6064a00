//===- Linker.h - shared libraries ------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_LINKER_H
#define MX_LIB_DRIVER_LINKER_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::mx {

/// Links an object into a shared library that needs libc and libm only, with
/// the first of cc, clang, gcc and ld.lld on PATH. An older file at `path` is
/// replaced when the library is complete. All of `archive`, the bytes of a
/// static library, becomes part of it, unless that is empty.
llvm::Error linkSharedLibrary(llvm::MemoryBufferRef object, StringRef archive,
                              StringRef path);

/// The static library whose functions host code of a GPU calls.
StringRef getRuntimeArchive();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_LINKER_H
