//===- Linker.h - shared libraries ------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_LINKER_H
#define MX_LIB_DRIVER_LINKER_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::mx {

/// What goes into a shared library, where it is not empty.
struct LinkInputs {
  /// Objects, all of one kind of machine.
  SmallVector<llvm::MemoryBufferRef> objects;
  /// The bytes of a static library, all of which becomes part of it.
  StringRef archive;
  /// The path of a shared library that it needs when it is loaded.
  std::string library;
};

/// Links objects into a shared library that otherwise needs libc and libm
/// only, with the first of cc, clang, gcc and ld.lld on PATH, or of the cross
/// compiler (aarch64-linux-gnu-gcc) and ld.lld for objects of another kind of
/// machine. An older file at `path` is replaced when the library is complete.
llvm::Error linkSharedLibrary(const LinkInputs &inputs, StringRef path);

/// The static library whose functions host code of a GPU calls.
StringRef getRuntimeArchive();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_LINKER_H
