//===- RotationAlgebra.h - what commutes with a rotation --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The algebra behind mx-fuse-rotations. A place is a tensor together with one
// of its dimensions, along which groups of neighbours may be multiplied by an
// orthogonal matrix R. An operation *commutes* along some of its places if
// turning all of them at once leaves what it computes the same: a sum of two
// tensors does along both operands and the result, a product of matrices along
// the contracted dimension of both sides, since R·Rᵀ = 1. Such places are a
// *tie*. Everything else is an obstacle, with a reason that can be shown.
//
// Nothing here knows where rotations are wanted or changes IR. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONALGEBRA_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONALGEBRA_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include <string>

namespace mlir::mx {

/// A tensor as an operation reads it, and the dimension that may be rotated.
struct AxisUse {
  OpOperand *operand;
  int64_t axis;
  /// Begin and length of the part of the dimension that is meant, if not all;
  /// only of constants.
  std::optional<std::pair<int64_t, int64_t>> part = std::nullopt;
};

/// A tensor that an operation makes, and the dimension that may be rotated.
struct AxisResult {
  OpResult result;
  int64_t axis;
};

/// Places of one operation that are rotated together or not at all.
struct Tie {
  SmallVector<AxisUse> uses;
  SmallVector<AxisResult> results;

  /// The input that multiplies each position along the axis by a constant of
  /// its own (the gain of a normalisation), and where it has the axis. It
  /// commutes only after this factor moved into the consumers of the result.
  OpOperand *gain = nullptr;
  int64_t gainAxis = 0;

  /// Whether it is Σ x·w over the axis, for the two uses x and w: a factor of
  /// one may then become a factor of the other.
  bool isContraction = false;

  /// Why the operation does not commute; empty if it does.
  std::string obstacle;

  bool contains(const OpOperand &operand, int64_t axis) const;
  bool contains(OpResult result, int64_t axis) const;
};

/// Returns the tie of the operation that reads `use`, for groups of `size`
/// along dimension `axis` of the tensor. It contains `use`, or has an obstacle.
Tie getTie(OpOperand &use, int64_t axis, int64_t size);

/// Returns the tie of the operation that makes `result`, likewise.
Tie getTie(OpResult result, int64_t axis, int64_t size);

/// Whether groups of `size` along `axis` of `value` can be rotated: numbers of
/// f32, bf16 or f16, and a known length that is a multiple.
bool isRotatable(Value value, int64_t axis, int64_t size);

/// Whether `value` is an expression over a constant that mx-quantize evaluates,
/// so that rotating it costs nothing at run time. Numbers decoded from a
/// block-scaled constant do not count: rounding them twice would lose more.
bool isPlainWeight(Value value);

/// Whether `value` is decoded from a block-scaled constant.
bool isDecodedWeight(Value value);

/// Whether `value` is the same rotated or not: zeros, or numbers that nobody
/// reads.
bool isRotationFree(Value value);

/// If `value` varies along `axis` only, as a constant does, returns a constant
/// of rank 1 with its numbers, null otherwise. It may have to be materialised.
TypedAttr getConstantVector(Value value, int64_t axis);

/// The tie of an operation that moves numbers (RotationAlgebraMoves.cpp);
/// nothing for other operations.
std::optional<Tie> getMoveTie(OpOperand &use, int64_t axis, int64_t size);
std::optional<Tie> getMoveTie(OpResult result, int64_t axis, int64_t size);

/// The ties of one loop of a structured operation (RotationAlgebraLinalg.cpp).
Tie getLoopTie(linalg::LinalgOp op, unsigned loop);

/// The ties of an operation on tensors that works element by element.
Tie getElementwiseTie(Operation *op, int64_t axis);

/// The loop that indexes dimension `axis` of an operand of a structured
/// operation, or of a tensor that its body reads from, if there is one.
std::optional<unsigned> getLoop(OpOperand &use, int64_t axis);

/// The structured operation in whose body `use` reads single elements, or null.
linalg::LinalgOp getReadingOp(OpOperand &use);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONALGEBRA_H
