//===- ElementTypes.h - elements of formats as types of MLIR ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_ELEMENTTYPES_H
#define MX_DIALECT_MX_IR_ELEMENTTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mx/Numerics/BlockFormat.h"

namespace mlir::mx {

/// The builtin type of an element (N1.1).
FloatType getElementFloatType(MLIRContext *context, mxnum::ElementType type);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_IR_ELEMENTTYPES_H
