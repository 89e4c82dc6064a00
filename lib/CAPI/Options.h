//===- Options.h - flags by name --------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CAPI_OPTIONS_H
#define MX_LIB_CAPI_OPTIONS_H

#include "mx-c/MX.h"
#include "mx/Driver/Compiler.h"

struct MXOptions {
  mlir::mx::CompilerOptions compiler;
  /// The first option that means nothing without an objective; empty if there
  /// is none.
  std::string needsObjective;
};

#endif // MX_LIB_CAPI_OPTIONS_H
