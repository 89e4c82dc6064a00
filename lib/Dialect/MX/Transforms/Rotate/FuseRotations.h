//===- FuseRotations.h - rotations and quantisation as one ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_FUSEROTATIONS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_FUSEROTATIONS_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// mx.quantize(mx.rotate(x))  ⇒  mx.quantize x rotate, which reads the data
/// once. Applies if the result type states this rotation and both are along the
/// last axis; otherwise nothing changes. The mx.rotate stays, perhaps without
/// uses.
void fuseRotationIntoQuantize(QuantizeOp op, RewriterBase &rewriter);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FUSEROTATIONS_H
