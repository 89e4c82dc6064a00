//===- ImportLinalg.cpp - generics that scale their operands --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Other compilers write block scaling as arith.scaling_extf in the body of a
// linalg.generic. The block is a loop of its own (k-block, k-in-block), or the
// scales are indexed by k floordiv block. What is matched is the body and the
// maps, not the order of loops or operands.
//===----------------------------------------------------------------------===//

#include "Import/ImportLinalg.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

LogicalResult mlir::mx::matchGeneric(linalg::GenericOp op,
                                     ImportReport &report) {
  if (!op.hasPureTensorSemantics())
    return report.miss("expected operands of tensor type");
  if (op.getNumDpsInits() != 1)
    return report.miss("expected one output, got " +
                       Twine(op.getNumDpsInits()));
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<arith::ScalingTruncFOp>(inner))
      return report.miss("arith.scaling_truncf is given its scales, which "
                         "mx.quantize chooses itself");
    if (!isPure(&inner))
      return report.miss("expected a body without side effects");
  }
  return success();
}

OpOperand *mlir::mx::getInput(linalg::GenericOp op, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBody() ||
      argument.getArgNumber() >= op.getNumDpsInputs())
    return nullptr;
  return op.getDpsInputOperand(argument.getArgNumber());
}

FailureOr<Factor> mlir::mx::matchScaledFactor(linalg::GenericOp op,
                                              arith::ScalingExtFOp extend,
                                              ImportReport &report) {
  Factor factor{getInput(op, extend.getIn()), getInput(op, extend.getScale())};
  if (!factor.payload || !factor.scales)
    return report.miss("expected arith.scaling_extf of two inputs");
  return factor;
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<unsigned>>
mlir::mx::matchLoops(AffineMap map, StringRef what, ImportReport &report) {
  SmallVector<unsigned> loops;
  for (AffineExpr result : map.getResults()) {
    auto loop = dyn_cast<AffineDimExpr>(result);
    if (!loop || llvm::is_contained(loops, loop.getPosition()))
      return report.miss("expected each dimension of " + what +
                         " to be indexed by a loop of its own");
    loops.push_back(loop.getPosition());
  }
  return loops;
}

/// Matches scales with one index for each of the payload's but one: that one is
/// k-in-block, its neighbour to the left k-block.
static LogicalResult matchBlocksApart(ArrayRef<AffineExpr> scales,
                                      RankedTensorType payload,
                                      BlockedDims &dims, ImportReport &report) {
  size_t inner = 0;
  auto agrees = [&](size_t dim, AffineExpr scale) {
    auto loop = dyn_cast<AffineDimExpr>(scale);
    return loop && loop.getPosition() == dims.loops[dim];
  };
  while (inner < scales.size() && agrees(inner, scales[inner]))
    ++inner;
  for (size_t dim = inner; dim < scales.size(); ++dim)
    if (!agrees(dim + 1, scales[dim]))
      return report.miss("expected the scales to be indexed like the payload "
                         "without k-in-block");
  if (inner == 0)
    return report.miss("expected k-in-block to follow k-block in the payload");
  dims.axis = inner - 1;
  dims.block = payload.getDimSize(inner);
  dims.blocksApart = true;
  if (ShapedType::isDynamic(dims.block))
    return report.miss("expected a static block size, got '?'");
  return success();
}

/// Matches scales with as many indices as the payload, all equal but one, which
/// is k floordiv block.
static LogicalResult matchFloorDiv(ArrayRef<AffineExpr> scales,
                                   RankedTensorType payload, BlockedDims &dims,
                                   ImportReport &report) {
  int64_t blocked = 0;
  for (auto [dim, scale] : llvm::enumerate(scales)) {
    auto divide = dyn_cast<AffineBinaryOpExpr>(scale);
    auto loop = dyn_cast<AffineDimExpr>(divide ? divide.getLHS() : scale);
    if (!loop || loop.getPosition() != dims.loops[dim])
      return report.miss("expected the scales to be indexed in the payload's "
                         "order");
    if (!divide)
      continue;
    auto block = dyn_cast<AffineConstantExpr>(divide.getRHS());
    if (divide.getKind() != AffineExprKind::FloorDiv || !block)
      return report.miss("expected scales indexed by k floordiv a constant");
    dims.axis = dim;
    dims.block = block.getValue();
    ++blocked;
  }
  if (blocked != 1)
    return report.miss("expected one dimension of the scales to be indexed by "
                       "k floordiv block, got " +
                       Twine(blocked));
  // A dynamic k would leave open how many scales a row has.
  if (payload.isDynamicDim(dims.axis))
    return report.miss("expected a static k with scales indexed by k floordiv "
                       "block, got '?'");
  return success();
}

FailureOr<BlockedDims> mlir::mx::matchBlockedDims(linalg::GenericOp op,
                                                  const Factor &factor,
                                                  ImportReport &report) {
  BlockedDims dims;
  FailureOr<SmallVector<unsigned>> loops = matchLoops(
      op.getMatchingIndexingMap(factor.payload), "the payload", report);
  if (failed(loops))
    return failure();
  dims.loops = *loops;
  auto payload = cast<RankedTensorType>(factor.payload->get().getType());
  ArrayRef<AffineExpr> scales =
      op.getMatchingIndexingMap(factor.scales).getResults();
  if (scales.size() + 1 == dims.loops.size()) {
    if (failed(matchBlocksApart(scales, payload, dims, report)))
      return failure();
    return dims;
  }
  if (scales.size() != dims.loops.size())
    return report.miss("expected scales of the payload's rank, or one less");
  if (failed(matchFloorDiv(scales, payload, dims, report)))
    return failure();
  return dims;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

FailureOr<ImportParts> mlir::mx::matchScaledParts(linalg::GenericOp op,
                                                  const Factor &factor,
                                                  const BlockedDims &dims,
                                                  ImportReport &report) {
  Value payload = factor.payload->get(), scales = factor.scales->get();
  auto payloadType = cast<RankedTensorType>(payload.getType());
  auto scalesType = cast<RankedTensorType>(scales.getType());
  FailureOr<FormatAttr> format =
      getImportFormat(payloadType.getElementType(), scalesType.getElementType(),
                      dims.block, report);
  if (failed(format))
    return failure();
  SmallVector<int64_t> shape(payloadType.getShape());
  if (dims.blocksApart) {
    int64_t blocks = shape[dims.axis];
    shape.erase(shape.begin() + dims.axis + 1);
    if (!ShapedType::isDynamic(blocks) &&
        llvm::MulOverflow(blocks, dims.block, shape[dims.axis]))
      return report.miss("its blocks have too many elements");
  }
  FailureOr<BlockTensorType> type =
      getImportType(op.getLoc(), shape, *format, dims.axis, scalesType, report);
  if (failed(type))
    return failure();
  return ImportParts{payload, scales, *type, dims.blocksApart};
}

StringRef mlir::mx::noteScales(const ImportParts &parts) {
  if (parts.type &&
      parts.type.getFormat().getScale() == mxnum::ScaleType::UE4M3)
    return ", with the scales of f8E4M3FN taken by value";
  return "";
}
