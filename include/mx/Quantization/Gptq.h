//===- Gptq.h - quantise weights against the output's error -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// GPTQ (Frantar et al., 2022) on block-scaled formats, with scales chosen first
// and frozen: columns are rounded one after another, and the error of each is
// made up for in those that are still to come, as the Hessian of the output
// error says.
//===----------------------------------------------------------------------===//

#ifndef MX_QUANTIZATION_GPTQ_H
#define MX_QUANTIZATION_GPTQ_H

#include "mx/Numerics/Quantize.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mxquant {

struct GptqOptions {
  mxnum::BlockFormat format;
  /// Chooses the scales, from the weights as they are given. Rounding is to
  /// nearest even.
  mxnum::QuantizeOptions quantize;
  /// Start with the columns of the largest activations.
  bool actOrder = true;
  /// What is added to the diagonal of the Hessian, as a part of its mean.
  double damping = 0.01;
};

struct GptqResult {
  mxnum::BlockTensor tensor;
  /// The damping with which the decomposition succeeded; 0 if none sufficed.
  double damping = 0.0;
  /// No damping sufficed: `tensor` is rounded to nearest.
  bool fellBack = false;
  /// Columns that no activation reaches; their weights became zero, unless
  /// everything is rounded to nearest.
  int64_t deadColumns = 0;
};

/// Quantises row-major weights [rows, columns] along their columns. `hessian`
/// is [columns, columns], symmetric: the mean of x·xᵀ over calibration rows x,
/// up to a factor, of the same rotation as the weights. One that is not finite
/// counts as one that no damping suffices for.
GptqResult quantizeGptq(const float *weights, int64_t rows, int64_t columns,
                        const std::vector<double> &hessian,
                        const GptqOptions &options,
                        const ParallelFor &parallel);

/// Quantises the same weights to nearest, in parallel; equal to
/// mxnum::quantize.
mxnum::BlockTensor quantizeNearest(const mxnum::BlockFormat &format,
                                   const mxnum::QuantizeOptions &options,
                                   const float *weights, int64_t rows,
                                   int64_t columns,
                                   const ParallelFor &parallel);

} // namespace mxquant

#endif // MX_QUANTIZATION_GPTQ_H
