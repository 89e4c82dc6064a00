//===- LowerSites.cpp - sites become linalg again -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// linalg's products extend operands to the type of the output, so an output of
// f32 gives the sum of N7.1; a narrower one is extended before and rounded
// after it.
//===----------------------------------------------------------------------===//

#include "Quantize/LowerSites.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::mx;

/// `value` as f32 numbers.
static Value widen(RewriterBase &rewriter, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType().isF32())
    return value;
  return arith::ExtFOp::create(rewriter, loc, type.clone(rewriter.getF32Type()),
                               value);
}

/// `value` rounded to `type`.
static Value narrow(RewriterBase &rewriter, Location loc, Value value,
                    Type type) {
  if (value.getType() == type)
    return value;
  return arith::TruncFOp::create(rewriter, loc, type, value);
}

/// A product of more than one batch dimension.
static Operation *buildContraction(RewriterBase &rewriter, Location loc,
                                   ValueRange inputs, Value init) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineExpr> batch;
  for (unsigned dim = 0; dim < rank - 2; ++dim)
    batch.push_back(rewriter.getAffineDimExpr(dim));
  auto buildMap = [&](unsigned first, unsigned second) {
    SmallVector<AffineExpr> dims(batch);
    dims.push_back(rewriter.getAffineDimExpr(first));
    dims.push_back(rewriter.getAffineDimExpr(second));
    return AffineMap::get(rank + 1, 0, dims, rewriter.getContext());
  };
  unsigned row = rank - 2, column = rank - 1, contracted = rank;
  ArrayAttr maps = rewriter.getAffineMapArrayAttr({buildMap(row, contracted),
                                                   buildMap(column, contracted),
                                                   buildMap(row, column)});
  return linalg::ContractOp::create(rewriter, loc, init.getType(), inputs, init,
                                    maps);
}

/// init + lhs · rhsᵀ on tensors of f32.
static Value buildProduct(RewriterBase &rewriter, Location loc, Value lhs,
                          Value rhs, Value init) {
  SmallVector<Value> inputs = {lhs, rhs};
  int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
  Operation *product = nullptr;
  if (rank == 2)
    product = linalg::MatmulTransposeBOp::create(rewriter, loc, init.getType(),
                                                 inputs, init);
  else if (rank == 3)
    product = linalg::BatchMatmulTransposeBOp::create(
        rewriter, loc, init.getType(), inputs, init);
  else
    product = buildContraction(rewriter, loc, inputs, init);
  return product->getResult(0);
}

/// mx.matmul ⇒ linalg.matmul, linalg.batch_matmul or linalg.contract.
static void lowerMatmul(MatmulOp site, RewriterBase &rewriter) {
  Location loc = site.getLoc();
  Value product = buildProduct(rewriter, loc, site.getLhs(), site.getRhs(),
                               widen(rewriter, loc, site.getInit()));
  rewriter.replaceOp(
      site, narrow(rewriter, loc, product, site.getResult().getType()));
}

//===----------------------------------------------------------------------===//
// Grouped
//===----------------------------------------------------------------------===//

/// `count` rows of a matrix from `first` on.
static Value sliceRows(OpBuilder &builder, Location loc, Value matrix,
                       Value first, Value count) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(
      builder, loc, matrix, {first, zero},
      {count, tensor::getMixedSize(builder, loc, matrix, 1)}, {one, one});
}

/// Matrix `expert` of a tensor of rank 3.
static Value sliceExpert(OpBuilder &builder, Location loc, Value experts,
                         Value expert) {
  auto type = cast<RankedTensorType>(experts.getType());
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  auto sliceType = RankedTensorType::get(type.getShape().drop_front(),
                                         type.getElementType());
  return tensor::ExtractSliceOp::create(
      builder, loc, sliceType, experts, {expert, zero, zero},
      {one, tensor::getMixedSize(builder, loc, experts, 1),
       tensor::getMixedSize(builder, loc, experts, 2)},
      {one, one, one});
}

/// N7.4: the end of the rows of `expert`, clamped to [`begin`, `rows`].
static Value buildEnd(OpBuilder &builder, Location loc, Value ends,
                      Value expert, Value begin, Value rows) {
  Value end = tensor::ExtractOp::create(builder, loc, ends, expert);
  if (!end.getType().isIndex())
    end = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), end);
  end = arith::MaxSIOp::create(builder, loc, end, begin);
  return arith::MinSIOp::create(builder, loc, end, rows);
}

/// mx.grouped_matmul ⇒ scf.for over the experts: a product of a slice of rows.
static void lowerGroupedMatmul(GroupedMatmulOp site, RewriterBase &rewriter) {
  Location loc = site.getLoc();
  Value lhs = site.getLhs(), rhs = site.getRhs(), ends = site.getGroupEnds();
  Value init = widen(rewriter, loc, site.getInit());
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  Value experts = tensor::DimOp::create(rewriter, loc, ends, zero);
  Value rows = tensor::DimOp::create(rewriter, loc, lhs, zero);
  auto buildExpert = [&](OpBuilder &, Location, Value expert,
                         ValueRange carried) {
    Value begin = carried[0], sum = carried[1];
    Value end = buildEnd(rewriter, loc, ends, expert, begin, rows);
    Value count = arith::SubIOp::create(rewriter, loc, end, begin);
    Value before = sliceRows(rewriter, loc, sum, begin, count);
    Value after =
        buildProduct(rewriter, loc, sliceRows(rewriter, loc, lhs, begin, count),
                     sliceExpert(rewriter, loc, rhs, expert), before);
    auto slice = before.getDefiningOp<tensor::ExtractSliceOp>();
    Value result = tensor::InsertSliceOp::create(
        rewriter, loc, after, sum, slice.getMixedOffsets(),
        slice.getMixedSizes(), slice.getMixedStrides());
    scf::YieldOp::create(rewriter, loc, {end, result});
  };
  auto loop = scf::ForOp::create(rewriter, loc, zero, experts, one,
                                 ValueRange{zero, init}, buildExpert);
  rewriter.replaceOp(site, narrow(rewriter, loc, loop.getResult(1),
                                  site.getResult().getType()));
}

//===----------------------------------------------------------------------===//
// Either
//===----------------------------------------------------------------------===//

LogicalResult mlir::mx::lowerSite(Operation *site, RewriterBase &rewriter) {
  if (!isa<MatmulOp, GroupedMatmulOp>(site) ||
      !isa<RankedTensorType>(site->getOperand(0).getType()) ||
      !isa<RankedTensorType>(site->getOperand(1).getType()))
    return failure();
  rewriter.setInsertionPoint(site);
  if (auto grouped = dyn_cast<GroupedMatmulOp>(site))
    lowerGroupedMatmul(grouped, rewriter);
  else
    lowerMatmul(cast<MatmulOp>(site), rewriter);
  return success();
}
