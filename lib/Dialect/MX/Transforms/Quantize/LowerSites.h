//===- LowerSites.h - sites become linalg again -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The reverse of raising, for sites that stay as they are. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_LOWERSITES_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_LOWERSITES_H

#include "mlir/IR/PatternMatch.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Replaces mx.matmul or mx.grouped_matmul of two plain operands by linalg with
/// the same value (N7.1, N7.4): operands extended to f32, added up in f32,
/// rounded once. A grouped product becomes a loop over its experts. Makes
/// operations of arith, linalg, scf and tensor. Fails, touching nothing, for
/// any other operation and if an operand is block-scaled.
LogicalResult lowerSite(Operation *site, RewriterBase &rewriter);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_LOWERSITES_H
