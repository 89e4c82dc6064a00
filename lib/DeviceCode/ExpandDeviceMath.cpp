//===- ExpandDeviceMath.cpp - functions of math as arithmetic -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels have no libm to call, and NVIDIA's library of device functions comes
// with a toolkit that users may not have. So functions become polynomials here,
// on every machine the same.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mx/DeviceCode/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_EXPANDDEVICEMATHPASS
#include "mx/DeviceCode/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;

/// Functions that are polynomials of f32.
static bool isApproximated(StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"math.exp", "math.expm1", "math.log", "math.log2", "math.log1p"},
             true)
      .Cases({"math.tanh", "math.erf", "math.erfc", "math.cbrt"}, true)
      .Cases({"math.sin", "math.cos", "math.asin", "math.acos", "math.atan",
              "math.atan2"},
             true)
      .Default(false);
}

/// Functions that are written with others.
static constexpr StringRef kExpanded[] = {"sinh",  "cosh",  "tan",   "asinh",
                                          "acosh", "atanh", "exp2",  "powf",
                                          "fpowi", "rsqrt", "round", "clampf"};

/// What is left to be an instruction.
static bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
             math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp,
             math::SqrtOp, math::TruncOp>(op);
}

namespace {

struct ExpandDeviceMathPass
    : mx::impl::ExpandDeviceMathPassBase<ExpandDeviceMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, kExpanded);
    populateMathF32ExpansionPatterns(patterns, isApproximated);
    populateMathPolynomialApproximationPatterns(patterns, isApproximated);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult result = getOperation()->walk([](Operation *op) {
      if (!isa<math::MathDialect>(op->getDialect()) || isInstruction(op))
        return WalkResult::advance();
      return WalkResult(
          op->emitError("expected a function of math that kernels have, in f32 "
                        "or narrower, got '")
          << op->getName() << "' on "
          << getElementTypeOrSelf(op->getResult(0).getType()));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
