//===- RotationSigns.h - signs of rotations ---------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// R = diag(s)·H/√h: the signs of a rotation that stays at run time are a
// diagonal matrix of their own, which commutes with more than R does: with
// products of elements and odd functions too. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONSIGNS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONSIGNS_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Moves the signs of a rotation of numbers known at run time only into
/// constants, where all products that read it have a constant on their other
/// side: into that one, and into those that the source is made from. Returns
/// whether it did; the products are then rotated without signs.
bool mergeSigns(RotateOp op);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONSIGNS_H
