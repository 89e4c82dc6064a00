//===- GptqFactor.h - the Hessian as the rounding loop reads it -*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// In which order columns are rounded, and how far the error of each reaches
// into the others.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_QUANTIZATION_GPTQFACTOR_H
#define MX_LIB_QUANTIZATION_GPTQFACTOR_H

#include "DenseMatrix.h"
#include <optional>
#include <vector>

namespace mxquant {

/// The Hessian, its columns in the order in which they are rounded.
class GptqFactor {
public:
  GptqFactor(const std::vector<double> &hessian, int64_t columns,
             bool actOrder);

  /// Decomposes the Hessian with `damping` times the mean of its diagonal added
  /// to that, or more if it is not positive. Returns the damping used; nothing
  /// if none helped.
  std::optional<double> decompose(double damping, const ParallelFor &parallel);

  int64_t countDead() const {
    return std::count(isDead.begin(), isDead.end(), true);
  }

  /// The column at each place. The last place is rounded first.
  std::vector<int64_t> order;
  /// Columns that no activation reaches.
  std::vector<bool> isDead;
  /// L of H = L·Lᵀ by places, in the lower triangle.
  RowMatrix lower;

private:
  bool tryDamping(double damping, const ParallelFor &parallel);
  /// Writes one row of the damped Hessian into `lower`.
  void gatherRow(int64_t place, double damping);

  const std::vector<double> &hessian;
  int64_t columns;
  /// Of the diagonal, over the live columns.
  double mean = 0.0;
  double largest = 0.0;
};

} // namespace mxquant

#endif // MX_LIB_QUANTIZATION_GPTQFACTOR_H
