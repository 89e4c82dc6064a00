//===- ExactTerms.h - exact sums of near terms ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A sum without rounding of terms significand · 2^exponent, quick as long as
// all of them fit into one 128-bit number. Where they do not, the caller asks
// mxnum::ExactSum, which is the meaning of the result and takes longer.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_EXACTTERMS_H
#define MX_SIMULATOR_EXACTTERMS_H

#include "MatrixProduct.h"
#include <optional>

namespace mxsim {

class ExactTerms {
public:
  /// Adds significand · 2^exponent; at most kMaxK + 1 terms.
  void add(int64_t significand, int exponent);

  /// The sum rounded once to f32, ties to even; nothing if it does not fit.
  std::optional<uint32_t> toF32() const;

private:
  int64_t significands[kMaxK + 1];
  int exponents[kMaxK + 1];
  unsigned count = 0;
  /// Weights of the lowest and highest bits of all terms.
  int lowest = 0, highest = 0;
};

} // namespace mxsim

#endif // MX_SIMULATOR_EXACTTERMS_H
