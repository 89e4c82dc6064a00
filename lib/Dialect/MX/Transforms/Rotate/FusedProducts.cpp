//===- FusedProducts.cpp - slices of one product --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Goes back from the slices to the product, through views and sums with
// constants that nobody else reads, and keeps track of the dimensions that its
// columns have become. A slice along them is an interval of columns.
//===----------------------------------------------------------------------===//

#include "Rotate/FusedProducts.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::mx;

/// How many operations are looked through. Unreachable code may hold cycles.
static constexpr unsigned maxDepth = 16;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

namespace {

/// What the columns of a product have become in a tensor: dimensions, the
/// outermost first, and the constants that made them.
struct Columns {
  SmallVector<int64_t> dims;
  SmallVector<AxisUse> constants;
};

} // namespace

static std::optional<Columns> findColumns(Value value, int64_t size,
                                          unsigned depth);

/// Adds the constants of a tie that, besides them, reads at most `other`.
static bool addConstants(Columns &columns, const Tie &tie, Value other) {
  if (!tie.obstacle.empty() || tie.gain)
    return false;
  for (const AxisUse &use : tie.uses) {
    Value value = use.operand->get();
    if (isPlainWeight(value))
      columns.constants.push_back(use);
    else if (value != other && !isRotationFree(value))
      return false;
  }
  return true;
}

/// Columns are what the constant side counts, be it the left one.
static std::optional<Columns> startColumns(MatmulOp op, int64_t size) {
  bool isRhs = isPlainWeight(op.getRhs());
  if (isRhs == isPlainWeight(op.getLhs()))
    return std::nullopt;
  int64_t rank = getType(op.getResult()).getRank();
  Columns columns{{isRhs ? rank - 1 : rank - 2}, {}};
  Tie tie = getTie(cast<OpResult>(op.getResult()), columns.dims[0], size);
  if (!addConstants(columns, tie, Value()))
    return std::nullopt;
  return columns;
}

/// A sum with constants, or a factor, position by position.
static std::optional<Columns> addTerms(Operation *op, int64_t size,
                                       unsigned depth) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (op->getNumResults() != 1 ||
      (!linalgOp && !OpTrait::hasElementwiseMappableTraits(op)))
    return std::nullopt;
  OpOperand *term = nullptr;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    if (!isa<RankedTensorType>(value.getType()) || isPlainWeight(value) ||
        isRotationFree(value))
      continue;
    if (term)
      return std::nullopt;
    term = &operand;
  }
  if (!term ||
      (linalgOp && (!linalgOp.getMatchingIndexingMap(term).isIdentity() ||
                    !linalgOp.getIndexingMapsArray().back().isIdentity())))
    return std::nullopt;
  std::optional<Columns> columns = findColumns(term->get(), size, depth - 1);
  if (!columns || columns->dims.size() != 1)
    return std::nullopt;
  Tie tie = getTie(op->getResult(0), columns->dims[0], size);
  if (!addConstants(*columns, tie, term->get()))
    return std::nullopt;
  return columns;
}

/// Dimensions that are split are the columns' together.
static void splitColumns(Columns &columns, tensor::ExpandShapeOp op) {
  SmallVector<int64_t> dims;
  for (int64_t dim : columns.dims)
    llvm::append_range(dims, op.getReassociationIndices()[dim]);
  columns.dims = dims;
}

static void permuteColumns(Columns &columns, linalg::TransposeOp op) {
  SmallVector<int64_t> inverse = invertPermutationVector(op.getPermutation());
  for (int64_t &dim : columns.dims)
    dim = inverse[dim];
}

/// Columns of `value`, which nobody but the operation that was looked through
/// before may read.
static std::optional<Columns> findColumns(Value value, int64_t size,
                                          unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || (depth != maxDepth && !value.hasOneUse()))
    return std::nullopt;
  if (auto product = dyn_cast<MatmulOp>(op))
    return startColumns(product, size);
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return findColumns(cast.getSource(), size, depth - 1);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    std::optional<Columns> columns =
        findColumns(expand.getSrc(), size, depth - 1);
    if (columns)
      splitColumns(*columns, expand);
    return columns;
  }
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    std::optional<Columns> columns =
        findColumns(transpose.getInput(), size, depth - 1);
    if (columns)
      permuteColumns(*columns, transpose);
    return columns;
  }
  return addTerms(op, size, depth);
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

namespace {

/// Columns from `begin` up to `end`; some between them may be left out.
struct Interval {
  int64_t begin;
  int64_t end;
  bool isWhole;
};

} // namespace

/// The columns that `slice` takes; nothing if that is not known.
static std::optional<Interval> getInterval(tensor::ExtractSliceOp slice,
                                           ArrayRef<int64_t> dims) {
  RankedTensorType type = slice.getSourceType();
  Interval interval{0, 1, true};
  int64_t stride = 1;
  bool isOuterPart = false;
  for (int64_t dim : llvm::reverse(dims)) {
    int64_t offset = slice.getStaticOffsets()[dim];
    int64_t count = slice.getStaticSizes()[dim];
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(count) ||
        type.isDynamicDim(dim) || slice.getStaticStrides()[dim] != 1 ||
        count == 0)
      return std::nullopt;
    // Outside of a dimension that is cut, there may be only one of each.
    interval.isWhole &= !isOuterPart || count == 1;
    isOuterPart |= count != type.getDimSize(dim);
    interval.begin += offset * stride;
    interval.end += (offset + count - 1) * stride;
    stride *= type.getDimSize(dim);
  }
  return interval;
}

/// The intervals of all readers, the one of `slice` first; nothing unless they
/// are known and apart.
static std::optional<SmallVector<Interval>>
getIntervals(tensor::ExtractSliceOp slice, ArrayRef<int64_t> dims) {
  SmallVector<Interval> intervals;
  for (Operation *user : slice.getSource().getUsers()) {
    auto other = dyn_cast<tensor::ExtractSliceOp>(user);
    std::optional<Interval> interval =
        other ? getInterval(other, dims) : std::nullopt;
    if (!interval)
      return std::nullopt;
    for (const Interval &known : intervals)
      if (interval->begin < known.end && known.begin < interval->end)
        return std::nullopt;
    intervals.push_back(*interval);
    if (other == slice)
      std::swap(intervals.front(), intervals.back());
  }
  return intervals;
}

/// The dimension of the source that dimension `axis` of a slice is.
static int64_t getSourceAxis(tensor::ExtractSliceOp slice, int64_t axis) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (int64_t dim = 0; dim < slice.getSourceType().getRank(); ++dim)
    if (!dropped.test(dim) && axis-- == 0)
      return dim;
  llvm_unreachable("a slice has a dimension of its source for each of its own");
}

std::optional<Tie> mlir::mx::getFusedTie(tensor::ExtractSliceOp slice,
                                         int64_t axis, int64_t size) {
  std::optional<Columns> columns =
      findColumns(slice.getSource(), size, maxDepth);
  if (!columns || getSourceAxis(slice, axis) != columns->dims.back())
    return std::nullopt;
  std::optional<SmallVector<Interval>> intervals =
      getIntervals(slice, columns->dims);
  if (!intervals)
    return std::nullopt;
  Tie tie;
  Interval interval = intervals->front();
  if (!interval.isWhole || !isRotatable(slice.getResult(), axis, size)) {
    tie.obstacle = "a slice of a product that is not made of whole groups of " +
                   std::to_string(size) + " columns";
    return tie;
  }
  tie.results.push_back({cast<OpResult>(slice.getResult()), axis});
  for (AxisUse use : columns->constants) {
    use.part = {interval.begin, interval.end - interval.begin};
    tie.uses.push_back(use);
  }
  return tie;
}

SmallVector<AxisUse> mlir::mx::findColumnConstants(Value value, int64_t axis,
                                                   int64_t size) {
  std::optional<Columns> columns = findColumns(value, size, maxDepth);
  if (!columns || columns->dims != ArrayRef<int64_t>{axis})
    return {};
  return columns->constants;
}
