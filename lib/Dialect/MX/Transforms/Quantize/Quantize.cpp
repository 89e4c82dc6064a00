//===- Quantize.cpp - obey plans ------------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Everything that constants need is collected first: which are used more than
// once, and which share a tensor scale. Then constants are made, one after
// another, and then sites are rewritten. Expressions of weights that are left
// are evaluated last.
//===----------------------------------------------------------------------===//

#include "Quantize/ActivationScales.h"
#include "Quantize/LowerSites.h"
#include "Quantize/WeightRequests.h"
#include "Rotate/FuseRotations.h"
#include "Weights/WeightData.h"
#include "Weights/WeightExpression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include <cmath>

namespace mlir::mx {
#define GEN_PASS_DEF_QUANTIZEPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Sites
//===----------------------------------------------------------------------===//

static LogicalResult verifyPlan(const PlannedSite &site) {
  if (site.plan && site.plan.getRotation())
    return site.op->emitOpError("expected a plan without a rotation "
                                "(mx-fuse-rotations carries it out), got ")
           << site.plan;
  return success();
}

namespace {

/// Encodes the sides of sites as their plans say.
class SiteRewriter {
public:
  SiteRewriter(MLIRContext *context, const WeightRequests &weights,
               const ActivationScales &scales)
      : rewriter(context), weights(weights), scales(scales) {}

  void rewrite(const PlannedSite &site);

private:
  Value encode(const PlannedSite &site, ProductSide side);
  Value quantizeActivation(const PlannedSite &site, ProductSide side);
  Value createTensorScale(const PlannedSite &site, ProductSide side);

  IRRewriter rewriter;
  const WeightRequests &weights;
  const ActivationScales &scales;
  /// Encoded activations, by value, type and rule.
  DenseMap<std::tuple<Value, Type, Attribute>, Value> activations;
};

} // namespace

/// The tensor scale of an activation as a constant; null if it is computed from
/// the data.
Value SiteRewriter::createTensorScale(const PlannedSite &site,
                                      ProductSide side) {
  std::optional<float> scale = scales.lookup(site, side);
  if (!scale)
    return {};
  auto type = RankedTensorType::get({}, rewriter.getF32Type());
  return arith::ConstantOp::create(rewriter, site.getSide(side).getLoc(),
                                   DenseElementsAttr::get(type, *scale));
}

/// mx.quantize of a side, with the rotation that may stand before it.
Value SiteRewriter::quantizeActivation(const PlannedSite &site,
                                       ProductSide side) {
  Value value = site.getSide(side);
  EncodingAttr encoding = site.getEncoding(side);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  auto type = BlockTensorType::get(shape, encoding.getFormat(),
                                   shape.size() - 1, site.rotation);
  Value &known = activations[{value, type, encoding.getScaleRule()}];
  if (known)
    return known;
  rewriter.setInsertionPointAfterValue(value);
  auto quantize = QuantizeOp::create(
      rewriter, value.getLoc(), type, value, createTensorScale(site, side),
      /*seed=*/Value(), encoding.getScaleRule().getValue(),
      Rounding::NearestEven, mxnum::QuantizeOptions().randomBits,
      /*rotate=*/false, /*satfinite=*/false, /*kernel=*/StringAttr());
  fuseRotationIntoQuantize(quantize, rewriter);
  known = quantize;
  return known;
}

/// What a side becomes.
Value SiteRewriter::encode(const PlannedSite &site, ProductSide side) {
  if (!site.getEncoding(side))
    return site.getSide(side);
  if (Value constant = weights.lookup(site, side))
    return constant;
  return quantizeActivation(site, side);
}

/// Says that a method for constants has nothing to work on.
static void remarkNoConstant(const PlannedSite &site) {
  remark::missed(site.op->getLoc(),
                 remark::RemarkOpts::name("method").category("mx-quantize"))
      << getSiteName(site.op) +
             ": rounded to nearest instead of gptq, because no side that is "
             "encoded is a constant";
}

void SiteRewriter::rewrite(const PlannedSite &site) {
  if (site.plan && site.plan.getMethod() == Method::Gptq &&
      !weights.lookup(site, Lhs) && !weights.lookup(site, Rhs))
    remarkNoConstant(site);
  Value lhs = encode(site, Lhs), rhs = encode(site, Rhs);
  rewriter.modifyOpInPlace(site.op, [&] {
    site.op->setOperand(Lhs, lhs);
    site.op->setOperand(Rhs, rhs);
    for (StringRef attribute : {kSiteAttr, kPlanAttr, kRotatedAttr})
      site.op->removeAttr(attribute);
  });
}

/// Turns the sites that stay plain on both sides into linalg, and returns the
/// others.
static FailureOr<SmallVector<PlannedSite>>
lowerKeptSites(ArrayRef<PlannedSite> sites, RewriterBase &rewriter) {
  SmallVector<PlannedSite> encoded;
  for (const PlannedSite &site : sites) {
    if (!site.isKept()) {
      encoded.push_back(site);
      continue;
    }
    if (!site.plan)
      remark::missed(site.op->getLoc(),
                     remark::RemarkOpts::name("plan").category("mx-quantize"))
          << getSiteName(site.op) + ": kept, because it has no plan";
    rewriter.setInsertionPoint(site.op);
    auto product = dyn_cast<MatmulOp>(site.op);
    if (failed(product ? lowerSite(product, rewriter)
                       : lowerSite(cast<GroupedMatmulOp>(site.op), rewriter)))
      return failure();
  }
  return encoded;
}

//===----------------------------------------------------------------------===//
// What is left of expressions
//===----------------------------------------------------------------------===//

static void eraseDeadOperations(ModuleOp module) {
  module.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}

/// Whether the numbers of a constant are written down, or few.
static bool isCompact(Operation *constant) {
  auto splat = dyn_cast<SplatElementsAttr>(getConstantValue(constant));
  return !splat || isFoldable(splat.getType().getShape());
}

/// Whether `value` is rotated, transposed or multiplied; that a constant is
/// decoded, extended, sliced or reshaped alone is not worth a copy.
static bool isWorthEvaluating(Value value) {
  if (value.getDefiningOp<arith::ConstantOp>())
    return false;
  std::optional<WeightExpression> expression = getWeightExpression(value);
  if (!expression || !isCompact(expression->constant))
    return false;
  bool isEncoded = isa<ConstantOp>(expression->constant);
  return llvm::any_of(expression->steps, [&](const WeightStep &step) {
    return step.rotate ||
           (!isEncoded &&
            (step.factor || !step.permutation.empty() || !step.gather.empty()));
  });
}

/// Whether `op` makes a weight of its operands, which is evaluated instead.
static bool continuesExpression(Operation *op) {
  return op->getNumResults() == 1 && isWorthEvaluating(op->getResult(0));
}

/// Evaluates expressions of constants that are used by more than products.
static LogicalResult evaluateExpressions(ModuleOp module,
                                         const mxquant::ParallelFor &parallel) {
  SmallVector<Value> expressions;
  module.walk([&](Operation *op) {
    if (continuesExpression(op) &&
        !llvm::all_of(op->getUsers(), continuesExpression))
      expressions.push_back(op->getResult(0));
  });
  // The outer ones first: what they are made of is not rounded then.
  for (Value value : llvm::reverse(expressions)) {
    FailureOr<Weights> weights = evaluateWeights(value, parallel);
    if (failed(weights))
      return failure();
    releaseWeights(value);
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Value constant = arith::ConstantOp::create(builder, value.getLoc(),
                                               createWeights(*weights));
    value.replaceAllUsesWith(constant);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {

struct QuantizePass : public mx::impl::QuantizePassBase<QuantizePass> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(verifyOptions()) || failed(quantize()))
      signalPassFailure();
  }

  LogicalResult verifyOptions() {
    if (activationScale != "dynamic" && activationScale != "static")
      return getOperation().emitError("expected 'activation-scale' to be "
                                      "dynamic or static, got '")
             << activationScale << "'";
    if (std::isfinite(damping) && damping > 0.0)
      return success();
    return getOperation().emitError("expected a damping that is positive and "
                                    "finite, got ")
           << damping;
  }

  /// Opens the calibration file, if there is one.
  FailureOr<std::optional<CalibrationFile>> openCalibration() {
    if (calibration.empty())
      return std::optional<CalibrationFile>();
    llvm::Expected<CalibrationFile> opened = CalibrationFile::open(calibration);
    if (!opened)
      return getOperation().emitError() << llvm::toString(opened.takeError());
    return std::optional<CalibrationFile>(std::move(*opened));
  }

  /// Makes constants and rewrites sites.
  LogicalResult encodeSites(ArrayRef<PlannedSite> sites,
                            const mxquant::ParallelFor &parallel) {
    auto file = openCalibration();
    if (failed(file))
      return failure();
    GptqSettings settings{*file ? &**file : nullptr, actOrder, damping};
    ActivationScales scales;
    if (activationScale == "static" &&
        failed(scales.read(sites, settings.calibration)))
      return failure();
    WeightRequests weights(sites);
    if (failed(weights.shareTensorScales(parallel)) ||
        failed(weights.createConstants(settings, parallel)))
      return failure();
    // Kept ones first: no value goes away while activations are looked up.
    IRRewriter lowering(&getContext());
    FailureOr<SmallVector<PlannedSite>> encoded =
        lowerKeptSites(sites, lowering);
    if (failed(encoded))
      return failure();
    SiteRewriter rewriter(&getContext(), weights, scales);
    for (const PlannedSite &site : *encoded)
      rewriter.rewrite(site);
    return success();
  }

  LogicalResult quantize() {
    SmallVector<PlannedSite> sites = collectPlannedSites(getOperation());
    for (const PlannedSite &site : sites)
      if (failed(verifyPlan(site)))
        return failure();
    if (sites.empty())
      return success();
    mxquant::ParallelFor parallel = getParallelFor(&getContext());
    if (failed(encodeSites(sites, parallel)))
      return failure();
    eraseDeadOperations(getOperation());
    if (failed(evaluateExpressions(getOperation(), parallel)))
      return failure();
    eraseDeadOperations(getOperation());
    return success();
  }
};

} // namespace
