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

/// The vectors that the weight took over from the rows that it meets, each a
/// factor of every column.
SmallVector<std::vector<float>> getMovedGains(Value weight);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SITEHESSIAN_H
