//===- Hessian.h - second moments of activations ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Σ x·xᵀ over calibration rows, in f64, and what becomes of it when the rows
// are rotated.
//===----------------------------------------------------------------------===//

#ifndef MX_QUANTIZATION_HESSIAN_H
#define MX_QUANTIZATION_HESSIAN_H

#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mxquant {

/// Adds Σ x·xᵀ of `count` rows [count, columns] to `sum` [columns, columns].
void accumulateHessian(const float *rows, int64_t count, int64_t columns,
                       std::vector<double> &sum, const ParallelFor &parallel);

/// Replaces H by Rᵀ·H·R, the Hessian of rows x·R, where R is the block Hadamard
/// rotation of N6.1 with group `size`; `signs` is null or `size` values of ±1.
void rotateHessian(std::vector<double> &hessian, int64_t columns, int64_t size,
                   const int8_t *signs);

} // namespace mxquant

#endif // MX_QUANTIZATION_HESSIAN_H
