//===- SiteHessian.h - statistics of the rows that meet a weight *- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_SITEHESSIAN_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_SITEHESSIAN_H

#include "Quantize/QuantizeWeights.h"

namespace mlir::mx {

/// Returns Σ x·xᵀ, [columns, columns], of all rows that meet the weight,
/// rotated like it. `calibration` may be null. Fails, having said why, if there
/// are no statistics of a site or if they do not fit.
FailureOr<std::vector<double>>
readHessian(const WeightRequest &request, int64_t columns,
            const CalibrationFile *calibration,
            const mxquant::ParallelFor &parallel);

/// What a weight took over from the rows that it meets: a factor of every
/// column, or another order of the columns, of which the other is empty.
struct MovedStep {
  std::vector<float> gain;
  /// Column i is now the one that was column order[i].
  SmallVector<int64_t> order;
};

/// All that a weight took over, what was taken over first before the rest.
SmallVector<MovedStep> getMovedSteps(Value weight);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SITEHESSIAN_H
