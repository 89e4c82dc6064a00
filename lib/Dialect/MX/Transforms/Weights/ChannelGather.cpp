//===- ChannelGather.cpp - channels in another order ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Only whole permutations of a dimension of known size are matched; what moves
// rows, repeats or drops channels is left alone.
//===----------------------------------------------------------------------===//

#include "Weights/ChannelGather.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

/// The numbers of the constant vector that `index` reads along loop `dim`.
static std::optional<SmallVector<int64_t>>
getIndices(linalg::GenericOp op, Value index, unsigned dim) {
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    index = cast.getIn();
  auto argument = dyn_cast<BlockArgument>(index);
  if (!argument || argument.getOwner() != op.getBody() ||
      argument.getArgNumber() != 0 || op.getNumDpsInputs() != 1)
    return std::nullopt;
  AffineMap map = op.getIndexingMapsArray().front();
  DenseIntElementsAttr numbers;
  if (map.getNumResults() != 1 ||
      map.getResult(0) != getAffineDimExpr(dim, op.getContext()) ||
      !matchPattern(op.getDpsInputs().front(), m_Constant(&numbers)))
    return std::nullopt;
  SmallVector<int64_t> indices;
  for (const APInt &number : numbers)
    indices.push_back(number.getSExtValue());
  if (!isPermutationVector(indices))
    return std::nullopt;
  return indices;
}

std::optional<ChannelGather> mlir::mx::matchGather(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || !generic.hasPureTensorSemantics() ||
      generic->getNumResults() != 1 || generic.getNumReductionLoops() != 0 ||
      !generic.getIndexingMapsArray().back().isIdentity())
    return std::nullopt;
  auto read = generic.getBody()
                  ->getTerminator()
                  ->getOperand(0)
                  .getDefiningOp<tensor::ExtractOp>();
  if (!read || read.getTensor().getType() != generic.getResult(0).getType())
    return std::nullopt;
  std::optional<ChannelGather> gather;
  for (auto [dim, index] : llvm::enumerate(read.getIndices())) {
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    if (loop && loop.getDim() == dim)
      continue;
    std::optional<SmallVector<int64_t>> indices =
        getIndices(generic, index, dim);
    if (!indices || gather ||
        read.getTensor().getType().getDimSize(dim) !=
            static_cast<int64_t>(indices->size()))
      return std::nullopt;
    gather =
        ChannelGather{read.getTensor(), static_cast<int64_t>(dim), *indices};
  }
  return gather;
}

/// Matches a dimension that is split, transposed and joined again.
static std::optional<ChannelGather>
matchSplitTranspose(tensor::CollapseShapeOp join) {
  auto transpose = join.getSrc().getDefiningOp<linalg::TransposeOp>();
  auto split = transpose
                   ? transpose.getInput().getDefiningOp<tensor::ExpandShapeOp>()
                   : tensor::ExpandShapeOp();
  if (!split || split.getSrcType() != join.getResultType() ||
      split.getReassociationIndices() != join.getReassociationIndices())
    return std::nullopt;
  ArrayRef<int64_t> order = transpose.getPermutation();
  std::optional<ChannelGather> gather;
  for (auto [axis, group] : llvm::enumerate(join.getReassociationIndices())) {
    SmallVector<int64_t> sizes, moved;
    for (int64_t dim : group) {
      sizes.push_back(split.getResultType().getDimSize(dim));
      moved.push_back(order[dim] - group.front());
    }
    if (isIdentityPermutation(moved))
      continue;
    if (gather || !isPermutationVector(moved) ||
        split.getSrcType().isDynamicDim(axis))
      return std::nullopt;
    gather = ChannelGather{split.getSrc(), static_cast<int64_t>(axis), {}};
    SmallVector<int64_t> strides =
        applyPermutation(computeSuffixProduct(sizes), moved);
    SmallVector<int64_t> basis =
        computeSuffixProduct(applyPermutation(sizes, moved));
    for (int64_t i = 0; i < split.getSrcType().getDimSize(axis); ++i)
      gather->indices.push_back(linearize(delinearize(i, basis), strides));
  }
  return gather;
}

std::optional<ChannelGather> mlir::mx::matchChannelOrder(Operation *op) {
  if (auto join = dyn_cast<tensor::CollapseShapeOp>(op))
    return matchSplitTranspose(join);
  return matchGather(op);
}

Value mlir::mx::createGather(OpBuilder &builder, Value source, int64_t axis,
                             ArrayRef<int64_t> indices) {
  Location loc = source.getLoc();
  auto type = cast<RankedTensorType>(source.getType());
  auto indexType = RankedTensorType::get({static_cast<int64_t>(indices.size())},
                                         builder.getI64Type());
  Value order = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(indexType, indices));
  Value init = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                       type.getElementType());
  unsigned rank = type.getRank();
  AffineMap channel = AffineMap::get(rank, 0, builder.getAffineDimExpr(axis));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto buildBody = [&](OpBuilder &inner, Location loc, ValueRange numbers) {
    SmallVector<Value> place;
    for (unsigned dim = 0; dim < rank; ++dim)
      place.push_back(linalg::IndexOp::create(inner, loc, dim));
    place[axis] = arith::IndexCastOp::create(inner, loc, inner.getIndexType(),
                                             numbers[0]);
    Value read = tensor::ExtractOp::create(inner, loc, source, place);
    linalg::YieldOp::create(inner, loc, read);
  };
  return linalg::GenericOp::create(
             builder, loc, TypeRange(type), ValueRange(order), ValueRange(init),
             ArrayRef<AffineMap>{channel, builder.getMultiDimIdentityMap(rank)},
             loops, buildBody)
      .getResult(0);
}
