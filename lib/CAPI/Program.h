//===- Program.h - compiled code across the C boundary ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CAPI_PROGRAM_H
#define MX_LIB_CAPI_PROGRAM_H

#include "mx-c/MX.h"
#include "mx/Driver/Executable.h"

namespace mlir::mx {

/// What the caller destroys.
MXProgram *makeProgram(Executable executable);

} // namespace mlir::mx

#endif // MX_LIB_CAPI_PROGRAM_H
