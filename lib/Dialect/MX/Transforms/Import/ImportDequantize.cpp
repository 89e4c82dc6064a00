//===- ImportDequantize.cpp - element-wise generics that scale ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A generic that yields arith.scaling_extf and nothing else is mx.dequantize,
// if both round alike. scaling_truncf is given its scales, so it is no
// mx.quantize.
//===----------------------------------------------------------------------===//

#include "Import/ImportLinalg.h"

using namespace mlir;
using namespace mlir::mx;

/// Fails unless the rounding of arith.scaling_extf is that of N1.7.
static LogicalResult matchResultType(Type element, BlockTensorType source,
                                     ImportReport &report) {
  if (!isa<Float32Type, BFloat16Type, Float16Type>(element))
    return report.miss("expected a result of f32, bf16 or f16, got " +
                       quote(element));
  // arith.scaling_extf extends the scale first, and half of E8M0 is beyond f16.
  if (element.isF16() &&
      source.getFormat().getScale() == mxnum::ScaleType::E8M0)
    return report.miss("expected a result of f32 or bf16 with E8M0 scales, "
                       "which f16 cannot hold, got 'f16'");
  return success();
}

LogicalResult mlir::mx::importDequantize(linalg::GenericOp op,
                                         RewriterBase &rewriter,
                                         ImportReport &report) {
  if (failed(matchGeneric(op, report)))
    return failure();
  auto extend = op.getBody()
                    ->getTerminator()
                    ->getOperand(0)
                    .getDefiningOp<arith::ScalingExtFOp>();
  if (!extend)
    return report.miss("expected the body to yield arith.scaling_extf");
  FailureOr<Factor> factor = matchScaledFactor(op, extend, report);
  if (failed(factor))
    return failure();
  OpOperand *init = op.getDpsInitOperand(0);
  if (op.getMatchingIndexingMap(init) !=
      op.getMatchingIndexingMap((*factor).payload))
    return report.miss("expected the output to be indexed like the payload");
  FailureOr<BlockedDims> dims = matchBlockedDims(op, *factor, report);
  if (failed(dims))
    return failure();
  if ((*dims).loops.size() != op.getNumLoops())
    return report.miss("expected every loop to index the output");
  FailureOr<ImportParts> parts = matchScaledParts(op, *factor, *dims, report);
  if (failed(parts) ||
      failed(matchResultType(extend.getType(), (*parts).type, report)))
    return failure();

  Location loc = op.getLoc();
  auto type = RankedTensorType::get((*parts).type.getShape(), extend.getType());
  Value numbers = DequantizeOp::create(
      rewriter, loc, type, bundleParts(rewriter, loc, *parts), StringAttr());
  int64_t last = (*dims).axis + (*dims).blocksApart;
  numbers = splitDimension(rewriter, loc, numbers, (*dims).axis, last,
                           (*parts).payload);
  rewriter.replaceOp(
      op, castResult(rewriter, loc, numbers, op.getResult(0).getType()));
  return report.pass("mx.dequantize" + noteScales(*parts));
}
