//===- ImportContraction.cpp - products as linalg.generic -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Recognises C += A · B over four loops (m, n, k-block, k-in-block) or three
// (m, n, k), with batches, where one side or both are scaled. The output says
// which side is the left one.
//===----------------------------------------------------------------------===//

#include "Import/ImportLinalg.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

/// Matches what is multiplied: a scaled input, or a plain one.
static FailureOr<Factor> matchFactor(linalg::GenericOp op, Value value,
                                     ImportReport &report) {
  if (auto extend = value.getDefiningOp<arith::ScalingExtFOp>())
    return matchScaledFactor(op, extend, report);
  if (auto extend = value.getDefiningOp<arith::ExtFOp>())
    value = extend.getIn();
  Factor factor{getInput(op, value)};
  if (!factor.payload)
    return report.miss("expected a product (arith.mulf) of extended inputs");
  if (!isa<Float32Type, BFloat16Type, Float16Type>(value.getType()))
    return report.miss("expected a plain side of f32, bf16 or f16, got " +
                       quote(value.getType()));
  return factor;
}

/// Matches `out + left * right` in f32, in any order.
static FailureOr<std::pair<Factor, Factor>>
matchProductBody(linalg::GenericOp op, ImportReport &report) {
  Block *body = op.getBody();
  BlockArgument out = body->getArguments().back();
  if (!out.getType().isF32())
    return report.miss("expected an accumulator of f32, got " +
                       quote(out.getType()));
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || (add.getLhs() != out && add.getRhs() != out))
    return report.miss("expected a sum (arith.addf) with the output");
  Value term = add.getLhs() == out ? add.getRhs() : add.getLhs();
  auto multiply = term.getDefiningOp<arith::MulFOp>();
  if (!multiply)
    return report.miss("expected a product (arith.mulf) of extended inputs");
  FailureOr<Factor> left = matchFactor(op, multiply.getLhs(), report);
  if (failed(left))
    return failure();
  FailureOr<Factor> right = matchFactor(op, multiply.getRhs(), report);
  if (failed(right))
    return failure();
  if (!(*left).scales && !(*right).scales)
    return report.miss("expected a product of extended inputs of which one is "
                       "scaled");
  return std::make_pair(*left, *right);
}

//===----------------------------------------------------------------------===//
// Sides
//===----------------------------------------------------------------------===//

namespace {

/// A side of a product: its value, and the loops of its operand, of which the
/// last are contracted.
struct Side {
  ImportParts parts;
  SmallVector<unsigned> loops;
  unsigned contracted = 0;

  ArrayRef<unsigned> getRows() const {
    return ArrayRef<unsigned>(loops).drop_back(contracted);
  }
  ArrayRef<unsigned> getContracted() const {
    return ArrayRef<unsigned>(loops).take_back(contracted);
  }
};

/// A product: `lhs` has the rows of the output, `rhs` its columns.
struct Product {
  Side lhs;
  Side rhs;
  /// Whether `rhs` is one matrix for all batches.
  bool oneRhs = false;
};

} // namespace

/// Finds the value and the loops of an operand.
static FailureOr<Side> matchOperand(linalg::GenericOp op, const Factor &factor,
                                    unsigned contracted, ImportReport &report) {
  Side side;
  if (!factor.scales) {
    FailureOr<SmallVector<unsigned>> loops = matchLoops(
        op.getMatchingIndexingMap(factor.payload), "the plain side", report);
    if (failed(loops))
      return failure();
    side.loops = *loops;
    side.parts.payload = factor.payload->get();
    side.parts.blocksApart = contracted == 2;
    return side;
  }
  FailureOr<BlockedDims> dims = matchBlockedDims(op, factor, report);
  if (failed(dims))
    return failure();
  FailureOr<ImportParts> parts = matchScaledParts(op, factor, *dims, report);
  if (failed(parts))
    return failure();
  side.loops = (*dims).loops;
  side.parts = *parts;
  return side;
}

/// Matches an operand whose last dimensions, and no others, are contracted.
static FailureOr<Side> matchSide(linalg::GenericOp op, const Factor &factor,
                                 unsigned contracted, ImportReport &report) {
  FailureOr<Side> side = matchOperand(op, factor, contracted, report);
  if (failed(side))
    return failure();
  const ImportParts &parts = (*side).parts;
  if (parts.blocksApart != (contracted == 2))
    return report.miss("expected as many contracted loops as index the blocks "
                       "of a side, got " +
                       Twine(contracted));
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  auto isContracted = [&](unsigned loop) {
    return iterators[loop] == utils::IteratorType::reduction;
  };
  ArrayRef<unsigned> loops((*side).loops);
  bool isLast = !parts.type || parts.type.isLastAxisBlocked();
  if (!isLast || loops.size() <= contracted ||
      llvm::any_of(loops.drop_back(contracted), isContracted) ||
      !llvm::all_of(loops.take_back(contracted), isContracted))
    return report.miss("expected the contracted loops to index the last "
                       "dimensions of both sides (a transposed side is not "
                       "recognised)");
  (*side).contracted = contracted;
  return side;
}

/// Orders the sides as the output does: rows of `lhs`, then rows of `rhs`.
/// Returns whether `rhs` is one matrix for all batches.
static FailureOr<bool> matchOutput(ArrayRef<unsigned> output, Side &lhs,
                                   Side &rhs, ImportReport &report) {
  if (output.size() < 2)
    return report.miss("expected an output of rank 2 or more, got " +
                       Twine(output.size()));
  ArrayRef<unsigned> batch = output.drop_back(2);
  unsigned row = output[output.size() - 2], column = output.back();
  if (lhs.getRows().back() == column)
    std::swap(lhs, rhs);
  auto isMatrixOf = [&](const Side &side, ArrayRef<unsigned> batch,
                        unsigned row) {
    return side.getRows().back() == row && side.getRows().drop_back() == batch;
  };
  bool hasLhs = isMatrixOf(lhs, batch, row);
  if (hasLhs && isMatrixOf(rhs, batch, column))
    return false;
  if (hasLhs && isMatrixOf(rhs, {}, column))
    return true;
  return report.miss("expected the output to be indexed by the batches, the "
                     "rows of one side and the rows of the other");
}

/// Matches the sides of a product, and their loops with those of the output.
static FailureOr<Product> matchProduct(linalg::GenericOp op,
                                       ImportReport &report) {
  FailureOr<std::pair<Factor, Factor>> factors = matchProductBody(op, report);
  if (failed(factors))
    return failure();
  unsigned contracted = op.getNumReductionLoops();
  if (contracted > 2)
    return report.miss("expected one contracted loop (k) or two (k-block, "
                       "k-in-block), got " +
                       Twine(contracted));
  FailureOr<Side> lhs = matchSide(op, (*factors).first, contracted, report);
  if (failed(lhs))
    return failure();
  FailureOr<Side> rhs = matchSide(op, (*factors).second, contracted, report);
  if (failed(rhs))
    return failure();
  if ((*lhs).getContracted() != (*rhs).getContracted())
    return report.miss("expected both sides to split k in the same order");
  FailureOr<SmallVector<unsigned>> output =
      matchLoops(op.getIndexingMapsArray().back(), "the output", report);
  if (failed(output))
    return failure();
  if ((*output).size() + contracted != op.getNumLoops())
    return report.miss("expected every parallel loop to index the output");
  FailureOr<bool> oneRhs = matchOutput(*output, *lhs, *rhs, report);
  if (failed(oneRhs))
    return failure();
  return Product{*lhs, *rhs, *oneRhs};
}

LogicalResult mlir::mx::importContraction(linalg::GenericOp op,
                                          RewriterBase &rewriter,
                                          ImportReport &report) {
  if (failed(matchGeneric(op, report)))
    return failure();
  FailureOr<Product> product = matchProduct(op, report);
  if (failed(product))
    return failure();
  const ImportParts &lhs = (*product).lhs.parts, &rhs = (*product).rhs.parts;
  StringRef note = noteScales(lhs).empty() ? noteScales(rhs) : noteScales(lhs);
  rewriter.replaceOp(op, buildMatmul(rewriter, op.getLoc(), lhs, rhs,
                                     op.getDpsInitOperand(0)->get(),
                                     (*product).oneRhs));
  return report.pass("mx.matmul" + note);
}
