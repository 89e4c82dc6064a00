//===- TargetName.h - what --target says ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_TARGETNAME_H
#define MX_LIB_DRIVER_TARGETNAME_H

#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {

/// The target called `name`: "cpu" (any machine of the host's kind), "native"
/// (this machine), a processor name of LLVM, or a chip of Chips.def, whose
/// features then name a PTX version. Null if there is none.
TargetAttr lookupTarget(MLIRContext &context, StringRef name);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_TARGETNAME_H
