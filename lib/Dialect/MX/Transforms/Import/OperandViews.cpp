//===- OperandViews.cpp - what stands before a product --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Importers bring a weight to the rank that an operation wants: they transpose
// it, extend it, add dimensions of size 1 and repeat it for each batch. To a
// product of any form all of this is a choice of loops, so it is composed to
// one view of the tensor that it started from.
//===----------------------------------------------------------------------===//

#include "Import/RaiseMatmuls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::mx;

/// How many operations are looked through. Unreachable code may hold cycles.
static constexpr unsigned maxDepth = 32;

static bool isPlainTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type &&
         isa<Float32Type, BFloat16Type, Float16Type>(type.getElementType());
}

static int64_t getSize(Value value, int64_t dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

//===----------------------------------------------------------------------===//
// One operation
//===----------------------------------------------------------------------===//

namespace {

/// The operand that an operation shows, and its dimension for each of the
/// result, or kRepeated.
struct Step {
  Value source;
  SmallVector<int64_t> dims;
};

} // namespace

static SmallVector<int64_t> getIdentity(Value value) {
  return llvm::to_vector(
      llvm::seq<int64_t>(0, cast<RankedTensorType>(value.getType()).getRank()));
}

/// Matches a body that yields its input, extended at most.
static bool isCopy(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 || !op.hasPureTensorSemantics() ||
      !op.getIndexingMapsArray().back().isIdentity())
    return false;
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  while (auto extend = yielded.getDefiningOp<arith::ExtFOp>())
    yielded = extend.getIn();
  return yielded == op.getBlock()->getArgument(0);
}

/// A copy in which each dimension of the input has a loop of its own, or is 1
/// and has none: transposes, broadcasts, extensions.
static std::optional<Step> matchCopy(linalg::LinalgOp op) {
  if (!isCopy(op))
    return std::nullopt;
  AffineMap map = op.getIndexingMapsArray().front();
  Step step{op.getDpsInputs().front(),
            SmallVector<int64_t>(map.getNumDims(), kRepeated)};
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (constant && constant.getValue() == 0 && getSize(step.source, dim) == 1)
      continue;
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop || step.dims[loop.getPosition()] != kRepeated)
      return std::nullopt;
    step.dims[loop.getPosition()] = dim;
  }
  return step;
}

/// Dimensions of size 1 that are added repeat what there is.
static std::optional<Step> matchExpand(tensor::ExpandShapeOp op) {
  Step step{op.getSrc(),
            SmallVector<int64_t>(op.getResultType().getRank(), kRepeated)};
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    int64_t shown = group.back();
    unsigned sized = 0;
    for (int64_t result : group)
      if (getSize(op.getResult(), result) != 1) {
        shown = result;
        ++sized;
      }
    if (sized > 1)
      return std::nullopt;
    step.dims[shown] = dim;
  }
  return step;
}

static std::optional<Step> matchStep(Operation *op) {
  if (auto extend = dyn_cast<arith::ExtFOp>(op))
    return Step{extend.getIn(), getIdentity(extend.getOut())};
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    if (!tensor::canFoldIntoConsumerOp(cast))
      return std::nullopt;
    return Step{cast.getSource(), getIdentity(cast.getDest())};
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return matchExpand(expand);
  if (auto copy = dyn_cast<linalg::LinalgOp>(op))
    return matchCopy(copy);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// Joins dimensions of a view: of each group one may have a size other than 1,
/// unless all are repeated.
static std::optional<OperandView> joinView(const OperandView &view,
                                           tensor::CollapseShapeOp op) {
  OperandView joined{view.source, {}};
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    SmallVector<int64_t> sized, varying;
    for (int64_t dim : group) {
      if (getSize(op.getSrc(), dim) != 1)
        sized.push_back(view.dims[dim]);
      if (view.dims[dim] != kRepeated)
        varying.push_back(view.dims[dim]);
    }
    bool isRepeated =
        llvm::all_of(sized, [](int64_t dim) { return dim == kRepeated; });
    if (sized.size() > 1 && !isRepeated)
      return std::nullopt;
    if (sized.empty())
      joined.dims.push_back(varying.empty() ? kRepeated : varying.back());
    else
      joined.dims.push_back(sized.front());
  }
  return joined;
}

static OperandView getView(Value value, bool allowRepeats, unsigned depth) {
  OperandView whole{value, getIdentity(value)};
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return whole;
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    OperandView inner = getView(collapse.getSrc(), allowRepeats, depth - 1);
    bool isRepeated = llvm::is_contained(inner.dims, kRepeated);
    std::optional<OperandView> joined =
        isRepeated ? joinView(inner, collapse) : std::nullopt;
    return joined.value_or(whole);
  }
  std::optional<Step> step = matchStep(op);
  if (!step || !isPlainTensor(step->source) ||
      (!allowRepeats && llvm::is_contained(step->dims, kRepeated)))
    return whole;
  OperandView view = getView(step->source, allowRepeats, depth - 1);
  for (int64_t &dim : step->dims)
    dim = dim == kRepeated ? kRepeated : view.dims[dim];
  view.dims = step->dims;
  return view;
}

OperandView mlir::mx::getOperandView(Value value, bool allowRepeats) {
  return getView(value, allowRepeats, maxDepth);
}
