//===- RaiseMatmuls.h - the parts of mx-raise-matmuls -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Matching a contraction touches nothing, so that the policy can still decline
// it; building cannot fail. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_RAISEMATMULS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_RAISEMATMULS_H

#include "Import/Import.h"

namespace mlir::mx {

/// Stands for a dimension along which a view repeats its source.
constexpr int64_t kRepeated = -1;

/// A tensor as a view of another one: what moves, extends or repeats numbers is
/// looked through.
struct OperandView {
  Value source;
  /// The dimension of `source` for each of the tensor, or kRepeated. Those of
  /// `source` that do not occur have size 1.
  SmallVector<int64_t> dims;
};

/// Returns `value` as a view of the earliest tensor that it is one of, perhaps
/// of itself. Without `allowRepeats`, every dimension is one of the source.
OperandView getOperandView(Value value, bool allowRepeats);

/// Stands for the loop of a dimension of size 1 that none indexes.
constexpr unsigned kNoLoop = ~0u;

/// An operand of a contraction: a plain tensor or a block-scaled one, and the
/// loop that indexes each of its dimensions.
struct ContractionSide {
  Value value;
  SmallVector<unsigned> loops;
};

/// `out[batch, rows, columns] += Σ_contracted lhs · rhs`, each of the four
/// being any number of loops.
struct Contraction {
  ContractionSide lhs;
  ContractionSide rhs;
  ContractionSide out;
  SmallVector<unsigned> batch;
  SmallVector<unsigned> rows;
  SmallVector<unsigned> columns;
  SmallVector<unsigned> contracted;

  /// Whether both sides are plain, which makes the product a site.
  bool isSite() const {
    return isa<RankedTensorType>(lhs.value.getType()) &&
           isa<RankedTensorType>(rhs.value.getType());
  }
};

/// Whether `value` is a constant or an expression over one, be it encoded.
bool isConstantSide(Value value);

/// Whether `op` multiplies and adds two tensors, or looks like it.
bool isContractionCandidate(Operation *op);

/// Matches a sum of products over loops, or says why not.
FailureOr<Contraction> matchContraction(linalg::LinalgOp op,
                                        ImportReport &report);

/// Replaces `op` by mx.matmul, with transposes and reshapes where the forms
/// differ.
MatmulOp raiseContraction(linalg::LinalgOp op, const Contraction &contraction,
                          RewriterBase &rewriter);

/// Replaces what is loaded from constant globals of f32, bf16 or f16 by
/// constants that share the data, and erases private globals that nobody uses
/// then. `isChosen` says in which functions.
void replaceConstantGlobals(ModuleOp module, RewriterBase &rewriter,
                            function_ref<bool(Operation *)> isChosen);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_RAISEMATMULS_H
