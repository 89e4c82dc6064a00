//===- Matmul.h - the reference matrix product ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N7: one element of C, exactly, with the bound that a lowering must meet. In
// the exact domain (N7.3) a lowering must give `nearest` itself.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_MATMUL_H
#define MX_NUMERICS_MATMUL_H

#include <cstdint>

namespace mxnum {

/// The exact result of one dot product, and how far a lowering may be off.
struct DotReference {
  /// The exact value rounded once to f32.
  float nearest;
  /// The exact value rounded to double.
  double value;
  /// The right side of N7.2 without the narrow-result term, rounded up.
  /// Without meaning if `value` is not finite.
  double bound;
};

/// Computes init + scale · Σ a[k]·b[k] over `count` terms, `scale` being
/// t_A·t_B given as its two factors, for a lowering that declares `additions`
/// f32 additions.
DotReference referenceDot(const float *a, const float *b, int64_t count,
                          float tensorScaleA, float tensorScaleB, float init,
                          int64_t additions);

} // namespace mxnum

#endif // MX_NUMERICS_MATMUL_H
