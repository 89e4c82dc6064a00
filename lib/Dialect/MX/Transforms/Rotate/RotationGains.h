//===- RotationGains.h - gains of normalisations ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A gain multiplies each channel by a constant of its own, which does not
// commute with rotations: diag(γ)·R ≠ R·diag(γ). If all that reads x·diag(γ)
// contracts it with constants, (x·diag(γ))·Wᵀ = x·(W·diag(γ))ᵀ moves it into
// them. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGAINS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGAINS_H

#include "Rotate/RotationAlgebra.h"

namespace mlir::mx {

/// A constant side of a product that can take over a gain.
struct GainTarget {
  /// The use of the constant.
  OpOperand *weight;
  /// The dimension that is contracted.
  int64_t axis;
  /// Whether the gain goes below the rotation that makes the weight, since the
  /// other side is rotated after its gain.
  bool isBelowRotation;
};

/// Finds all products that read the result of `tie`, which has a gain, and are
/// to take it over. Otherwise returns nothing and says why in `reason`.
std::optional<SmallVector<GainTarget>>
findGainTargets(const Tie &tie, int64_t size, std::string &reason);

/// Finds all products that contract `value` along `axis` with constants, if
/// nothing else reads it. Otherwise returns nothing and says in `reason` what
/// stands in the way.
std::optional<SmallVector<GainTarget>>
findContractions(Value value, int64_t axis, int64_t size, std::string &reason);

/// Multiplies the weights by the gain.
void scaleWeights(OpBuilder &builder, const Tie &tie,
                  ArrayRef<GainTarget> targets);

/// Multiplies a weight by a constant of rank 1 along one of its dimensions,
/// before `user`, the operation that reads it.
linalg::GenericOp scaleWeight(OpBuilder &builder, Operation *user, Value weight,
                              TypedAttr vector, int64_t axis);

/// The operation that reads a constant: `use` may be in its body.
Operation *getUser(OpOperand &use);

/// Takes gains, which are inputs of `op`, out of it; `op` is replaced.
void dropGains(RewriterBase &rewriter, Operation *op,
               ArrayRef<OpOperand *> gains);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGAINS_H
