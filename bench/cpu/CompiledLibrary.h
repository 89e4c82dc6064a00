//===- CompiledLibrary.h - programs as libraries ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A program as mx-compile makes a library of it for this machine, loaded, and
// how its functions take buffers.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_COMPILEDLIBRARY_H
#define MX_BENCH_CPU_COMPILEDLIBRARY_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

enum class Threads { One, Many };

/// Compiles `program` and loads it. The handle is one for dlsym.
llvm::Expected<void *> compileLibrary(llvm::StringRef program, Threads threads);

/// How compiled code takes a row-major buffer of two dimensions.
struct Matrix {
  const void *allocated, *data;
  int64_t offset, sizes[2], strides[2];

  Matrix() = default;
  Matrix(const void *data, int64_t rows, int64_t columns)
      : allocated(data), data(data), offset(0), sizes{rows, columns},
        strides{columns, 1} {}
};

#endif // MX_BENCH_CPU_COMPILEDLIBRARY_H
