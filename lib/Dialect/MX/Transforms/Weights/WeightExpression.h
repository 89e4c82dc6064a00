//===- WeightExpression.h - weights that are still to be made ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Which operations stand between a constant and the value that a product uses.
// Matching touches no data, so it costs the same for any size. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTEXPRESSION_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTEXPRESSION_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// A part of a row-major tensor, its dimensions permuted.
struct SliceView {
  SmallVector<int64_t> offsets;
  SmallVector<int64_t> sizes;
  SmallVector<int64_t> strides;
  /// Dimension i of the result is dimension permutation[i] of the tensor.
  SmallVector<int64_t> permutation;

  /// All of a tensor of `shape`.
  static SliceView getWhole(ArrayRef<int64_t> shape);
  /// The same part of a tensor whose dimension i becomes dimension i of the
  /// present one by `transpose`.
  SliceView getTransposed(ArrayRef<int64_t> transpose) const;
};

/// One operation of an expression: how its result is made from `source`. At
/// most one of the other members says what happens to the numbers; none means
/// that they stay.
struct WeightStep {
  Value source;
  /// Dimension i of the result is dimension permutation[i] of the source.
  SmallVector<int64_t> permutation;
  /// Row-major order stays, dimensions are joined or split.
  bool reshapes = false;
  /// The part of the source that stays; dimensions that are dropped come first
  /// in the permutation.
  std::optional<SliceView> slice;
  /// The rotation.
  RotateOp rotate;
  /// The positions along the rotation's axis that are rotated, if not all:
  /// tensor.insert_slice of the rotated part of a tensor into this tensor.
  std::optional<std::pair<int64_t, int64_t>> rotated;
  /// The constant that the result is multiplied by: one number, or one for each
  /// position along `axis` of the result.
  Operation *factor = nullptr;
  int64_t axis = 0;
  /// Position i along `axis` of the result is position gather[i] of the source;
  /// empty if positions stay.
  SmallVector<int64_t> gather;
};

using WeightSteps = SmallVector<WeightStep, 2>;

/// A constant and what is done to it, the last step first.
struct WeightExpression {
  /// An arith.constant, or an mx.constant, which is decoded.
  Operation *constant = nullptr;
  WeightSteps steps;
};

/// Returns how `value` is made from a constant of f32, bf16 or f16 numbers, if
/// it is made of known operations.
std::optional<WeightExpression> getWeightExpression(Value value);

/// The attribute of an arith.constant or mx.constant.
Attribute getConstantValue(Operation *constant);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTEXPRESSION_H
