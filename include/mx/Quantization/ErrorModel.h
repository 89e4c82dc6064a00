//===- ErrorModel.h - what an encoding costs in accuracy --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Measures the error of an encoding on the numbers at hand. The error of a
// product is modelled as ε_Y ≈ ε_X + ε_W, the sum of the relative squared
// errors of its sides.
//===----------------------------------------------------------------------===//

#ifndef MX_QUANTIZATION_ERRORMODEL_H
#define MX_QUANTIZATION_ERRORMODEL_H

#include "mx/Numerics/Quantize.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mxquant {

/// An encoding as it is tried out: a format, how its scales are chosen, and the
/// group of the Hadamard rotation before it (0 for none; no signs).
struct Candidate {
  mxnum::BlockFormat format;
  mxnum::ScaleRule rule;
  int64_t rotation = 0;
};

/// Squared error and squared magnitude, both summed over the same values.
struct ErrorSum {
  double error = 0.0;
  double signal = 0.0;
  /// Σ(x−x̂)² / Σx²; 0 if all values are 0.
  double getRelative() const { return signal == 0.0 ? 0.0 : error / signal; }
};

/// Measures rows [rows, columns] blocked along their columns. NaN and infinite
/// values give a NaN error. `rotation` must divide `columns`.
ErrorSum measureError(const Candidate &candidate, const float *values,
                      int64_t rows, int64_t columns,
                      const ParallelFor &parallel);

/// The same with the error of an output: Σ_r (w−ŵ)ᵀ·H·(w−ŵ) over Σ_r wᵀ·H·w,
/// where `hessian` [columns, columns] is that of unrotated rows.
ErrorSum measureOutputError(const Candidate &candidate, const float *weights,
                            int64_t rows, int64_t columns,
                            const std::vector<double> &hessian,
                            const ParallelFor &parallel);

} // namespace mxquant

#endif // MX_QUANTIZATION_ERRORMODEL_H
