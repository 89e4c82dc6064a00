//===- RaiseContraction.cpp - products in the form of mx.matmul -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Brings each operand to [batch…, rows, contracted] by a transpose and a
// reshape, and the product back. Either is left out where it would do nothing.
//===----------------------------------------------------------------------===//

#include "Import/RaiseMatmuls.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

namespace {

/// How many dimensions become one, for each dimension of an operand of
/// mx.matmul; 0 stands for one of size 1 that is added.
using GroupSizes = SmallVector<int64_t>;

} // namespace

static bool isAllOnes(const GroupSizes &groups) {
  return llvm::all_of(groups, [](int64_t size) { return size == 1; });
}

/// The dimensions of each group but the empty ones.
static SmallVector<ReassociationIndices> getJoin(const GroupSizes &groups) {
  SmallVector<ReassociationIndices> join;
  int64_t dim = 0;
  for (int64_t size : groups) {
    if (size != 0)
      join.emplace_back();
    for (int64_t i = 0; i < size; ++i)
      join.back().push_back(dim++);
  }
  return join;
}

/// For each group that is not empty, the result dimensions of itself and the
/// empty ones after it; leading empty ones join the first.
static SmallVector<ReassociationIndices> getUnits(const GroupSizes &groups) {
  SmallVector<ReassociationIndices> units;
  bool isFirst = true;
  for (auto [dim, size] : llvm::enumerate(groups)) {
    if (units.empty() || (size != 0 && !isFirst))
      units.emplace_back();
    isFirst &= size == 0;
    units.back().push_back(dim);
  }
  // A scalar has no dimension to split.
  if (isFirst)
    units.clear();
  return units;
}

static bool hasUnits(const GroupSizes &groups) {
  return llvm::is_contained(groups, 0);
}

/// Joins the dimensions of each group.
static Value joinGroups(RewriterBase &rewriter, Location loc, Value value,
                        const GroupSizes &groups) {
  if (llvm::any_of(groups, [](int64_t size) { return size > 1; }))
    value = rewriter.createOrFold<tensor::CollapseShapeOp>(loc, value,
                                                           getJoin(groups));
  if (!hasUnits(groups))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
  SmallVector<int64_t> shape(type.getShape());
  for (auto [dim, size] : llvm::enumerate(groups)) {
    if (size != 0)
      continue;
    shape.insert(shape.begin() + dim, 1);
    sizes.insert(sizes.begin() + dim, rewriter.getIndexAttr(1));
  }
  return tensor::ExpandShapeOp::create(rewriter, loc, type.clone(shape), value,
                                       getUnits(groups), sizes);
}

/// The inverse: gives `value` the dimensions of `like`.
static Value splitGroups(RewriterBase &rewriter, Location loc, Value value,
                         const GroupSizes &groups, Value like) {
  if (hasUnits(groups))
    value =
        tensor::CollapseShapeOp::create(rewriter, loc, value, getUnits(groups));
  if (llvm::all_of(groups, [](int64_t size) { return size <= 1; }))
    return value;
  return tensor::ExpandShapeOp::create(
      rewriter, loc, like.getType(), value, getJoin(groups),
      tensor::getMixedSizes(rewriter, loc, like));
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static Value transpose(RewriterBase &rewriter, Location loc, Value value,
                       ArrayRef<int64_t> permutation) {
  if (isIdentityPermutation(permutation))
    return value;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
  applyPermutationToVector(sizes, permutation);
  Value empty = tensor::EmptyOp::create(rewriter, loc, sizes,
                                        getElementTypeOrSelf(value));
  return linalg::TransposeOp::create(rewriter, loc, value, empty, permutation)
      ->getResult(0);
}

/// Where `side` has each of `loops`.
static SmallVector<int64_t> getPermutation(const ContractionSide &side,
                                           ArrayRef<unsigned> loops) {
  return llvm::map_to_vector(loops, [&](unsigned loop) -> int64_t {
    return llvm::find(side.loops, loop) - side.loops.begin();
  });
}

/// Brings a block-scaled operand to its form; the contracted axis is the
/// blocked one and the last of `loops`.
static Value arrangeBlocks(RewriterBase &rewriter, Location loc, Value value,
                           ArrayRef<int64_t> permutation,
                           const GroupSizes &groups) {
  auto type = cast<BlockTensorType>(value.getType());
  if (!isIdentityPermutation(permutation)) {
    type = type.cloneWith(applyPermutation(type.getShape(), permutation),
                          type.getRank() - 1);
    value = TransposeOp::create(rewriter, loc, type, value, permutation);
  }
  if (isAllOnes(groups))
    return value;
  SmallVector<int64_t> shape;
  ArrayRef<int64_t> rest = type.getShape();
  for (int64_t size : groups) {
    shape.push_back(computeProduct(rest.take_front(size)));
    rest = rest.drop_front(size);
  }
  return ReshapeOp::create(rewriter, loc,
                           type.cloneWith(shape, shape.size() - 1), value);
}

namespace {

/// The loops of an operand of mx.matmul in their order, and how they are
/// grouped.
struct Form {
  SmallVector<unsigned> loops;
  GroupSizes groups;

  Form(ArrayRef<unsigned> batch, ArrayRef<unsigned> first,
       ArrayRef<unsigned> second)
      : loops(batch), groups(batch.size(), 1) {
    llvm::append_range(loops, first);
    llvm::append_range(loops, second);
    groups.push_back(first.size());
    groups.push_back(second.size());
  }
};

} // namespace

/// Drops the dimensions of size 1 that no loop indexes.
static ContractionSide dropUnits(RewriterBase &rewriter, Location loc,
                                 const ContractionSide &side) {
  GroupSizes groups = llvm::map_to_vector(side.loops, [](unsigned loop) {
    return int64_t(loop == kNoLoop ? 0 : 1);
  });
  if (!hasUnits(groups))
    return side;
  ContractionSide dropped{tensor::CollapseShapeOp::create(
                              rewriter, loc, side.value, getUnits(groups)),
                          {}};
  llvm::copy_if(side.loops, std::back_inserter(dropped.loops),
                [](unsigned loop) { return loop != kNoLoop; });
  return dropped;
}

static Value arrange(RewriterBase &rewriter, Location loc,
                     const ContractionSide &indexed, const Form &form) {
  ContractionSide side = dropUnits(rewriter, loc, indexed);
  SmallVector<int64_t> permutation = getPermutation(side, form.loops);
  if (isa<BlockTensorType>(side.value.getType()))
    return arrangeBlocks(rewriter, loc, side.value, permutation, form.groups);
  Value value = transpose(rewriter, loc, side.value, permutation);
  return joinGroups(rewriter, loc, value, form.groups);
}

/// Brings the output to its form. Returns it before and after groups are
/// joined. One that is filled is filled in the new form, where it is still seen
/// to hold one number.
static std::pair<Value, Value> arrangeOutput(RewriterBase &rewriter,
                                             Location loc, Value out,
                                             ArrayRef<int64_t> permutation,
                                             const GroupSizes &groups) {
  auto fill = out.getDefiningOp<linalg::FillOp>();
  if (!fill || (isIdentityPermutation(permutation) && isAllOnes(groups))) {
    Value ordered = transpose(rewriter, loc, out, permutation);
    return {ordered, joinGroups(rewriter, loc, ordered, groups)};
  }
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, fill.output());
  applyPermutationToVector(sizes, permutation);
  Value ordered =
      tensor::EmptyOp::create(rewriter, loc, sizes, getElementTypeOrSelf(out));
  Value joined = joinGroups(rewriter, loc, ordered, groups);
  return {ordered,
          linalg::FillOp::create(rewriter, loc, fill.value(), joined).result()};
}

MatmulOp mlir::mx::raiseContraction(linalg::LinalgOp op,
                                    const Contraction &contraction,
                                    RewriterBase &rewriter) {
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  const auto &[lhs, rhs, out, batch, rows, columns, contracted] = contraction;
  Value left = arrange(rewriter, loc, lhs, Form(batch, rows, contracted));
  Value right = arrange(rewriter, loc, rhs, Form(batch, columns, contracted));
  Form form(batch, rows, columns);
  SmallVector<int64_t> permutation = getPermutation(out, form.loops);
  auto [ordered, init] =
      arrangeOutput(rewriter, loc, out.value, permutation, form.groups);
  auto product = MatmulOp::create(rewriter, loc, init.getType(), left, right,
                                  init, StringAttr());
  Value result = splitGroups(rewriter, loc, product, form.groups, ordered);
  result =
      transpose(rewriter, loc, result, invertPermutationVector(permutation));
  rewriter.replaceOp(op, result);
  return product;
}
