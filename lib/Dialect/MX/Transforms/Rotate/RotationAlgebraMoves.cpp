//===- RotationAlgebraMoves.cpp - moved numbers and rotations -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Operations that move numbers commute with a rotation where they keep its
// groups of neighbours whole: reshapes, slices, padding, gathers, and those
// that join tensors.
//===----------------------------------------------------------------------===//

#include "Rotate/FusedProducts.h"
#include "Rotate/RotationAlgebra.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

static Tie makeObstacle(const Twine &reason) {
  Tie tie;
  tie.obstacle = reason.str();
  return tie;
}

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Operations with one source
//===----------------------------------------------------------------------===//

namespace {

/// A dimension of the source and the dimension of the result that has the same
/// groups.
struct AxisPair {
  int64_t source;
  int64_t result;
};

} // namespace

/// Every dimension is itself, but those for which `isExcluded` holds.
static SmallVector<AxisPair>
pairSameAxes(int64_t rank, function_ref<bool(int64_t)> isExcluded) {
  SmallVector<AxisPair> pairs;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!isExcluded(axis))
      pairs.push_back({axis, axis});
  return pairs;
}

/// Groups of neighbours in a joined dimension are those of its innermost part,
/// if that is a multiple of the group.
static SmallVector<AxisPair>
pairReshapedAxes(ArrayRef<ReassociationIndices> groups, RankedTensorType split,
                 bool isSplitSource) {
  SmallVector<AxisPair> pairs;
  for (auto [joined, group] : llvm::enumerate(groups)) {
    int64_t inner = group.back();
    for (int64_t dim : llvm::reverse(group))
      if (split.getDimSize(inner = dim) != 1)
        break;
    int64_t outer = joined;
    pairs.push_back(isSplitSource ? AxisPair{inner, outer}
                                  : AxisPair{outer, inner});
  }
  return pairs;
}

/// Whether a slice of dimension `dim` starts and ends between groups of `size`.
static bool isAligned(OffsetSizeAndStrideOpInterface slice, int64_t dim,
                      int64_t whole, int64_t size) {
  int64_t offset = slice.getStaticOffsets()[dim];
  int64_t length = slice.getStaticSizes()[dim];
  if (slice.getStaticStrides()[dim] != 1 || ShapedType::isDynamic(offset) ||
      ShapedType::isDynamic(length))
    return false;
  return (offset == 0 && length == whole) ||
         (offset % size == 0 && length % size == 0);
}

/// The dimensions of the large side of a slice (first) and of the small side.
static SmallVector<AxisPair> pairSlicedAxes(OffsetSizeAndStrideOpInterface op,
                                            const llvm::SmallBitVector &dropped,
                                            RankedTensorType large,
                                            int64_t size) {
  SmallVector<AxisPair> pairs;
  int64_t small = 0;
  for (int64_t dim = 0; dim < large.getRank(); ++dim) {
    if (dropped.test(dim))
      continue;
    if (isAligned(op, dim, large.getDimSize(dim), size))
      pairs.push_back({dim, small});
    ++small;
  }
  return pairs;
}

/// Padding with zeros keeps groups whole if whole groups are added.
static SmallVector<AxisPair> pairPaddedAxes(tensor::PadOp op, int64_t size) {
  Value padding = op.getConstantPaddingValue();
  if (!padding || !matchPattern(padding, m_AnyZeroFloat()))
    return {};
  auto isBroken = [&](int64_t axis) {
    int64_t low = op.getStaticLow()[axis], high = op.getStaticHigh()[axis];
    return ShapedType::isDynamic(low) || ShapedType::isDynamic(high) ||
           low % size != 0 || high % size != 0;
  };
  return pairSameAxes(getType(op.getSource()).getRank(), isBroken);
}

/// tensor.gather appends the dimensions of the whole tensor, those gathered as
/// 1 or not at all, to those of the indices; tensor.scatter reads such parts.
static SmallVector<AxisPair> pairGatheredAxes(RankedTensorType whole,
                                              RankedTensorType indices,
                                              RankedTensorType parts,
                                              ArrayRef<int64_t> gathered) {
  int64_t batch = indices.getRank() - 1;
  bool isReduced = parts.getRank() < batch + whole.getRank();
  SmallVector<AxisPair> pairs;
  int64_t part = batch;
  for (int64_t dim = 0; dim < whole.getRank(); ++dim) {
    bool isGathered = llvm::is_contained(gathered, dim);
    if (!isGathered)
      pairs.push_back({dim, part});
    if (!isGathered || !isReduced)
      ++part;
  }
  return pairs;
}

/// Why an operation that moves numbers breaks groups of `size`; `length` is
/// that of the dimension that should hold whole groups, if there is one.
static std::string explainBrokenGroup(int64_t size, int64_t length = 0) {
  std::string group = "a group of " + std::to_string(size);
  if (length > 0 && length % size != 0)
    return group + " that would cross a boundary at " + std::to_string(length);
  return group + " that is not kept whole";
}

/// The pairs of an operation with one source, or nothing if it is not one that
/// moves numbers.
static std::optional<SmallVector<AxisPair>> pairAxes(Operation *op,
                                                     int64_t size) {
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto source = dyn_cast<RankedTensorType>(cast.getSource().getType());
    if (!source || !isa<RankedTensorType>(cast.getType()))
      return std::nullopt;
    return pairSameAxes(source.getRank(), [](int64_t) { return false; });
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return pairReshapedAxes(collapse.getReassociationIndices(),
                            collapse.getSrcType(), /*isSplitSource=*/true);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return pairReshapedAxes(expand.getReassociationIndices(),
                            expand.getResultType(), /*isSplitSource=*/false);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return pairSlicedAxes(slice, slice.getDroppedDims(), slice.getSourceType(),
                          size);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return pairPaddedAxes(pad, size);
  if (auto gather = dyn_cast<tensor::GatherOp>(op))
    return pairGatheredAxes(gather.getSourceType(), gather.getIndicesType(),
                            gather.getResultType(), gather.getGatherDims());
  if (auto rotate = dyn_cast<RotateOp>(op)) {
    int64_t rotated = rotate.getAxis();
    return pairSameAxes(getType(rotate.getSource()).getRank(),
                        [=](int64_t axis) { return axis == rotated; });
  }
  return std::nullopt;
}

/// The tie of an operation that moves numbers, at `axis` of its source or, if
/// `isSource` is false, of its result.
static Tie getPairTie(Operation *op, ArrayRef<AxisPair> pairs, bool isSource,
                      int64_t axis, int64_t size) {
  auto rotate = dyn_cast<RotateOp>(op);
  if (rotate && static_cast<int64_t>(rotate.getAxis()) == axis)
    return makeObstacle("another rotation of the same axis");
  for (AxisPair pair : pairs) {
    if ((isSource ? pair.source : pair.result) != axis)
      continue;
    for (auto [value, dim] :
         {std::pair(op->getOperand(0), pair.source),
          std::pair<Value, int64_t>(op->getResult(0), pair.result)})
      if (!isRotatable(value, dim, size))
        return makeObstacle(
            explainBrokenGroup(size, getType(value).getDimSize(dim)));
    Tie tie;
    tie.uses.push_back({&op->getOpOperand(0), pair.source});
    tie.results.push_back({op->getResult(0), pair.result});
    return tie;
  }
  return makeObstacle(explainBrokenGroup(size));
}

//===----------------------------------------------------------------------===//
// Operations that join tensors
//===----------------------------------------------------------------------===//

static Tie getConcatTie(tensor::ConcatOp op, int64_t axis, int64_t size) {
  Tie tie;
  for (OpOperand &part : op->getOpOperands()) {
    if (axis == static_cast<int64_t>(op.getDim()) &&
        !isRotatable(part.get(), axis, size))
      return makeObstacle("a group of " + Twine(size) +
                          " that would cross the boundary of a part of " +
                          Twine(getType(part.get()).getDimSize(axis)));
    tie.uses.push_back({&part, axis});
  }
  tie.results.push_back({cast<OpResult>(op.getResult()), axis});
  return tie;
}

/// Rows that replace others; `axis` is that of the result.
static Tie getInsertSliceTie(tensor::InsertSliceOp op, int64_t axis,
                             int64_t size) {
  for (AxisPair pair :
       pairSlicedAxes(op, op.getDroppedDims(), op.getDestType(), size)) {
    if (pair.source != axis)
      continue;
    Tie tie;
    tie.uses.push_back({&op.getSourceMutable(), pair.result});
    tie.uses.push_back({&op.getDestMutable(), axis});
    tie.results.push_back({cast<OpResult>(op.getResult()), axis});
    return tie;
  }
  return makeObstacle(explainBrokenGroup(size));
}

/// The dimension of the result that dimension `axis` of an inserted slice
/// becomes.
static int64_t getInsertedAxis(tensor::InsertSliceOp op, int64_t axis) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  int64_t small = 0;
  for (int64_t dim = 0; dim < op.getDestType().getRank(); ++dim)
    if (!dropped.test(dim) && small++ == axis)
      return dim;
  return 0;
}

/// Rows that are written over others; `axis` is that of the result.
static Tie getScatterTie(tensor::ScatterOp op, int64_t axis) {
  for (AxisPair pair :
       pairGatheredAxes(op.getDestType(), op.getIndicesType(),
                        op.getSourceType(), op.getScatterDims())) {
    if (pair.source != axis)
      continue;
    Tie tie;
    tie.uses.push_back({&op.getSourceMutable(), pair.result});
    tie.uses.push_back({&op.getDestMutable(), axis});
    tie.results.push_back({cast<OpResult>(op.getResult()), axis});
    return tie;
  }
  return makeObstacle("rows are scattered along the axis");
}

/// The dimension of the result that dimension `axis` of what is scattered
/// becomes.
static int64_t getScatteredAxis(tensor::ScatterOp op, int64_t axis) {
  for (AxisPair pair :
       pairGatheredAxes(op.getDestType(), op.getIndicesType(),
                        op.getSourceType(), op.getScatterDims()))
    if (pair.result == axis)
      return pair.source;
  return op.getScatterDims().front();
}

//===----------------------------------------------------------------------===//
// Both
//===----------------------------------------------------------------------===//

std::optional<Tie> mlir::mx::getMoveTie(OpOperand &use, int64_t axis,
                                        int64_t size) {
  Operation *op = use.getOwner();
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return getConcatTie(concat, axis, size);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    bool isSource = &use == &insert.getSourceMutable();
    return getInsertSliceTie(
        insert, isSource ? getInsertedAxis(insert, axis) : axis, size);
  }
  if (auto scatter = dyn_cast<tensor::ScatterOp>(op)) {
    bool isSource = &use == &scatter.getSourceMutable();
    return getScatterTie(scatter,
                         isSource ? getScatteredAxis(scatter, axis) : axis);
  }
  if (std::optional<SmallVector<AxisPair>> pairs = pairAxes(op, size))
    return getPairTie(op, *pairs, /*isSource=*/true, axis, size);
  return std::nullopt;
}

std::optional<Tie> mlir::mx::getMoveTie(OpResult result, int64_t axis,
                                        int64_t size) {
  Operation *op = result.getOwner();
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return getConcatTie(concat, axis, size);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return getInsertSliceTie(insert, axis, size);
  if (auto scatter = dyn_cast<tensor::ScatterOp>(op))
    return getScatterTie(scatter, axis);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    if (std::optional<Tie> fused = getFusedTie(slice, axis, size))
      return fused;
  if (std::optional<SmallVector<AxisPair>> pairs = pairAxes(op, size))
    return getPairTie(op, *pairs, /*isSource=*/false, axis, size);
  return std::nullopt;
}
