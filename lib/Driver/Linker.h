//===- Linker.h - shared libraries ------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_LINKER_H
#define MX_LIB_DRIVER_LINKER_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::mx {

/// What else goes into a shared library, where it is not empty.
struct LinkInputs {
  /// The bytes of a static library, all of which becomes part of it.
  StringRef archive;
  /// The path of a shared library that it needs when it is loaded.
  std::string library;
};

/// Links an object into a shared library that otherwise needs libc and libm
/// only, with the first of cc, clang, gcc and ld.lld on PATH. An older file at
/// `path` is replaced when the library is complete.
llvm::Error linkSharedLibrary(llvm::MemoryBufferRef object,
                              const LinkInputs &others, StringRef path);

/// The static library whose functions host code of a GPU calls.
StringRef getRuntimeArchive();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_LINKER_H
