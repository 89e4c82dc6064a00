//===- ImportTosa.cpp - TOSA's block-scaled operations --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Upstream parses and verifies these three operations (extension MXFP of
// TOSA 1.1) and lowers none. Data and scales are loose operands there; here
// they are bundled where they meet. TOSA's encoder chooses the scale so that
// the largest element just does not overflow, which is not OCP's `floor`.
//===----------------------------------------------------------------------===//

#include "Import/Import.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;
using namespace mlir::mx;

bool mlir::mx::isTosaBlockScaled(Operation *op) {
  return isa<tosa::CastToBlockScaledOp, tosa::CastFromBlockScaledOp,
             tosa::MatmulTBlockScaledOp>(op);
}

//===----------------------------------------------------------------------===//
// Shared
//===----------------------------------------------------------------------===//

/// TOSA blocks along the last dimension.
static FailureOr<ImportParts> matchParts(Value data, Value scales,
                                         tosa::BlockSize blockSize,
                                         ImportReport &report) {
  auto dataType = dyn_cast<RankedTensorType>(data.getType());
  auto scalesType = dyn_cast<RankedTensorType>(scales.getType());
  if (!dataType || !scalesType)
    return report.miss("expected ranked tensors, got " +
                       quote(dataType ? scales.getType() : data.getType()));
  FailureOr<FormatAttr> format =
      getImportFormat(dataType.getElementType(), scalesType.getElementType(),
                      static_cast<int64_t>(blockSize), report);
  if (failed(format))
    return failure();
  FailureOr<BlockTensorType> type =
      getImportType(data.getLoc(), dataType.getShape(), *format,
                    dataType.getRank() - 1, scalesType, report);
  if (failed(type))
    return failure();
  return ImportParts{data, scales, *type};
}

/// Fails unless the numbers have one of the types of mx's plain tensors.
static LogicalResult matchPlain(Type type, ImportReport &report) {
  Type element = getElementTypeOrSelf(type);
  if (isa<Float32Type, BFloat16Type, Float16Type>(element))
    return success();
  return report.miss("expected numbers of f32, bf16 or f16, got " +
                     quote(element));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// TOSA 1.1 takes the least k with a < L · 2^k, where L = F + half a unit in
/// F's last place is the first magnitude that rounds beyond F: N3.1's `even`.
/// For E4M3, whose top code is NaN, it takes the least k with a <= F · 2^k,
/// which is `rceil`; the drafts since March 2026 put L there too, and admit
/// either scale for the few a between F and L (another draft had F for L).
static ScaleRule getTosaScaleRule(FormatAttr format) {
  return format.getElement() == mxnum::ElementType::E4M3 ? ScaleRule::RCeil
                                                         : ScaleRule::Even;
}

/// What mx.quantize has when it does not round stochastically.
static constexpr uint32_t defaultRandomBits = 16;

/// tosa.cast_to_block_scaled ⇒ mx.quantize, mx.unbundle. Zero blocks, NaN and
/// infinities agree with N3.5 and N3.6.
static LogicalResult importCastTo(tosa::CastToBlockScaledOp op,
                                  RewriterBase &rewriter,
                                  ImportReport &report) {
  auto source = dyn_cast<RankedTensorType>(op.getInputData().getType());
  if (!source)
    return report.miss("expected ranked tensors, got " +
                       quote(op.getInputData().getType()));
  FailureOr<FormatAttr> format =
      getImportFormat(getElementTypeOrSelf(op.getOutputData()),
                      getElementTypeOrSelf(op.getOutputScale()),
                      static_cast<int64_t>(op.getBlockSize()), report);
  if (failed(matchPlain(source, report)) || failed(format))
    return failure();
  FailureOr<BlockTensorType> type =
      getImportType(op.getLoc(), source.getShape(), *format,
                    source.getRank() - 1, /*scales=*/{}, report);
  if (failed(type))
    return failure();

  ScaleRule rule = getTosaScaleRule(*format);
  Location loc = op.getLoc();
  auto quantize = QuantizeOp::create(
      rewriter, loc, *type, op.getInputData(), Value(), Value(), rule,
      Rounding::NearestEven, defaultRandomBits, /*rotate=*/false,
      /*satfinite=*/false, StringAttr());
  auto parts = UnbundleOp::create(rewriter, loc, (*type).getPayloadType(),
                                  (*type).getScalesType(), Type(), quantize);
  rewriter.replaceOp(op, {castResult(rewriter, loc, parts.getPayload(),
                                     op.getOutputData().getType()),
                          castResult(rewriter, loc, parts.getScales(),
                                     op.getOutputScale().getType())});
  return report.pass("mx.quantize with scale_rule(" + stringifyScaleRule(rule) +
                     ")");
}

/// tosa.cast_from_block_scaled ⇒ mx.bundle, mx.dequantize. TOSA multiplies in
/// f32 and rounds; a product of an element and a power of two is exact in f32
/// or overflows, so this is the one rounding of N1.7.
static LogicalResult importCastFrom(tosa::CastFromBlockScaledOp op,
                                    RewriterBase &rewriter,
                                    ImportReport &report) {
  FailureOr<ImportParts> parts = matchParts(
      op.getInputData(), op.getInputScale(), op.getBlockSize(), report);
  if (failed(parts) || failed(matchPlain(op.getType(), report)))
    return failure();
  auto type = RankedTensorType::get((*parts).type.getShape(),
                                    getElementTypeOrSelf(op.getType()));

  Location loc = op.getLoc();
  Value numbers = DequantizeOp::create(
      rewriter, loc, type, bundleParts(rewriter, loc, *parts), StringAttr());
  rewriter.replaceOp(op, castResult(rewriter, loc, numbers, op.getType()));
  return report.pass("mx.dequantize");
}

//===----------------------------------------------------------------------===//
// Product
//===----------------------------------------------------------------------===//

/// Finds out whether B, having one batch, meets every batch of A.
static FailureOr<bool> matchBroadcast(const ImportParts &lhs,
                                      const ImportParts &rhs,
                                      ImportReport &report) {
  int64_t left = lhs.type.getShape().front();
  int64_t right = rhs.type.getShape().front();
  if (left == 1 || !ShapedType::isDynamic(right))
    return right == 1 && left != 1;
  return report.miss("expected a static batch size of B, because the size 1 "
                     "broadcasts, got '?'");
}

/// A zero for each row of A, row of B and batch.
static Value buildZeros(RewriterBase &rewriter, Location loc, Value lhs,
                        Value rhs, Type elementType) {
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(rewriter, loc, lhs, 0),
      tensor::getMixedSize(rewriter, loc, lhs, 1),
      tensor::getMixedSize(rewriter, loc, rhs, 1)};
  Value empty = tensor::EmptyOp::create(rewriter, loc, sizes, elementType);
  Value zero = arith::ConstantOp::create(rewriter, loc,
                                         rewriter.getZeroAttr(elementType));
  return linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
}

/// tosa.matmul_t_block_scaled ⇒ mx.bundle twice, mx.matmul on zeros.
static LogicalResult importMatmul(tosa::MatmulTBlockScaledOp op,
                                  RewriterBase &rewriter,
                                  ImportReport &report) {
  FailureOr<ImportParts> lhs =
      matchParts(op.getAData(), op.getAScale(), op.getBlockSize(), report);
  if (failed(lhs))
    return failure();
  FailureOr<ImportParts> rhs =
      matchParts(op.getBData(), op.getBScale(), op.getBlockSize(), report);
  if (failed(rhs))
    return failure();
  FailureOr<bool> broadcast = matchBroadcast(*lhs, *rhs, report);
  if (failed(broadcast))
    return failure();
  Type element = getElementTypeOrSelf(op.getType());
  if (!element.isF32())
    return report.miss("expected a result of f32, got " + quote(element));

  Location loc = op.getLoc();
  Value zeros =
      buildZeros(rewriter, loc, op.getAData(), op.getBData(), element);
  Value product =
      buildMatmul(rewriter, loc, *lhs, *rhs, zeros, /*oneRhs=*/*broadcast);
  rewriter.replaceOp(op, castResult(rewriter, loc, product, op.getType()));
  return report.pass("mx.matmul");
}

LogicalResult mlir::mx::importTosa(Operation *op, RewriterBase &rewriter,
                                   ImportReport &report) {
  if (auto cast = dyn_cast<tosa::CastToBlockScaledOp>(op))
    return importCastTo(cast, rewriter, report);
  if (auto cast = dyn_cast<tosa::CastFromBlockScaledOp>(op))
    return importCastFrom(cast, rewriter, report);
  return importMatmul(cast<tosa::MatmulTBlockScaledOp>(op), rewriter, report);
}
