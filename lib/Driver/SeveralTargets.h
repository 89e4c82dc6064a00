//===- SeveralTargets.h - a library that fits many machines -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_SEVERALTARGETS_H
#define MX_LIB_DRIVER_SEVERALTARGETS_H

#include "mx/Driver/Compiler.h"

namespace mlir::mx {

/// Compiles `input` once for each target of `options.target`, a list with
/// commas, into one shared library, which chooses when it is loaded.
ExitCode compileForTargets(const DialectRegistry &registry,
                           const CompilerOptions &options, StringRef input,
                           StringRef output, raw_ostream &errors);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_SEVERALTARGETS_H
