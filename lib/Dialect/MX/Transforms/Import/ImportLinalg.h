//===- ImportLinalg.h - generics that scale their operands ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the importers of products and of conversions share: which inputs a body
// scales, and which of their dimensions is blocked. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_IMPORTLINALG_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_IMPORTLINALG_H

#include "Import/Import.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::mx {

/// A factor of the body: an operand of the generic, extended to f32, and its
/// scales if it has any.
struct Factor {
  OpOperand *payload = nullptr;
  OpOperand *scales = nullptr;
};

/// Where the dimensions of an operand are: the loops that index it, and how its
/// scales are indexed.
struct BlockedDims {
  /// The loop of each dimension of the payload.
  SmallVector<unsigned> loops;
  /// The blocked dimension, with its blocks joined.
  int64_t axis = 0;
  int64_t block = 0;
  /// Whether the blocked dimension is two.
  bool blocksApart = false;
};

/// Fails unless `op` has one output, tensors, and a body that only computes.
LogicalResult matchGeneric(linalg::GenericOp op, ImportReport &report);

/// Returns the input that `value`, a block argument of the body, stands for;
/// null if it is none.
OpOperand *getInput(linalg::GenericOp op, Value value);

/// Matches arith.scaling_extf of two inputs.
FailureOr<Factor> matchScaledFactor(linalg::GenericOp op,
                                    arith::ScalingExtFOp extend,
                                    ImportReport &report);

/// Returns the loop that indexes each dimension of an operand; `what` names the
/// operand.
FailureOr<SmallVector<unsigned>> matchLoops(AffineMap map, StringRef what,
                                            ImportReport &report);

/// Finds the blocked dimension of a scaled factor.
FailureOr<BlockedDims> matchBlockedDims(linalg::GenericOp op,
                                        const Factor &factor,
                                        ImportReport &report);

/// Finds the value that the operands of a scaled factor make.
FailureOr<ImportParts> matchScaledParts(linalg::GenericOp op,
                                        const Factor &factor,
                                        const BlockedDims &dims,
                                        ImportReport &report);

/// What a remark says of the scales; empty for E8M0. Upstream leaves open what
/// a scale that is no power of two means; its value is the only reading that
/// gives NVFP4 its numbers.
StringRef noteScales(const ImportParts &parts);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_IMPORTLINALG_H
