//===- Problem.h - weights, activations and what comes out ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The same numbers for every provider. Activations are numbers of bf16, so that
// nobody has to round them.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_PROBLEM_H
#define MX_BENCH_CPU_PROBLEM_H

#include "Provider.h"
#include "mx/Numerics/BlockFormat.h"
#include <string>
#include <vector>

/// A layer with weights that a quantiser made of numbers with a normal
/// distribution.
class Problem {
public:
  Problem(const std::string &format, int64_t n, int64_t k, int64_t maxRows);

  const mx_bench_weights &getWeights() const { return weights; }
  const float *getActivations() const { return activations.data(); }
  std::string getName() const;
  /// Bytes of codes and scales, as every format has them.
  int64_t getWeightBytes() const { return codes.size() + scales.size(); }
  /// Compares results of `rows` rows in 64 places with sums in f64; returns the
  /// root of the squared error over that of the squared sums.
  double measureError(int64_t rows, const float *results) const;

private:
  double computeExactly(int64_t row, int64_t column) const;

  mxnum::BlockFormat format;
  std::string formatName;
  std::vector<uint8_t> codes, scales;
  std::vector<float> activations;
  mx_bench_weights weights;
};

#endif // MX_BENCH_CPU_PROBLEM_H
