//===- ScaleRule.h - how a block's scale is chosen --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The standards leave open how an encoder picks a block's scale, and public
// encoders disagree. Each rule therefore has a name and a clause (N3, N4), and
// every quantisation names the one it uses.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_SCALERULE_H
#define MX_NUMERICS_SCALERULE_H

#include "mx/Numerics/BlockFormat.h"

namespace mxnum {

enum class ScaleRule : uint8_t {
  /// N3.1: OCP's rule; saturates when the mantissa of amax exceeds F's.
  Floor,
  /// N3.1: never saturates and never uses the top of the E2M1 grid.
  Ceil,
  /// N3.1: the smallest power of two that does not saturate (NVIDIA).
  RCeil,
  /// N3.1: amax rounded to the element's precision first (AMD Quark).
  Even,
  /// N3.3: least squared error among five powers of two.
  Mse,
  /// N3.4: elements scaled by 3 and decoded by 1/3 (FP-Quant), not OCP.
  Abs3,
  /// N4.2: amax / F, rounded to UE4M3 (NVFP4's rule).
  Amax,
  /// N4.3: amax mapped to 6 or to 4, whichever has less squared error.
  FourOverSixMse,
  /// N4.3 with absolute error.
  FourOverSixMae,
  /// N4.4: least squared error among all UE4M3 scales.
  Sweep,
};

inline constexpr ScaleRule kScaleRules[] = {ScaleRule::Floor,
                                            ScaleRule::Ceil,
                                            ScaleRule::RCeil,
                                            ScaleRule::Even,
                                            ScaleRule::Mse,
                                            ScaleRule::Abs3,
                                            ScaleRule::Amax,
                                            ScaleRule::FourOverSixMse,
                                            ScaleRule::FourOverSixMae,
                                            ScaleRule::Sweep};

enum class Rounding : uint8_t {
  /// N2.1.
  NearestEven,
  /// N5.
  Stochastic,
};

/// The spelling used in IR and on command lines, e.g. "four_over_six_mse".
const char *getScaleRuleName(ScaleRule rule);
std::optional<ScaleRule> lookupScaleRule(std::string_view name);

/// Returns null if `rule` can encode `format` with `rounding`, else what must
/// hold, e.g. "a rule for E8M0 scales (floor, ceil, rceil, even, mse)" (N3.4,
/// N4.3, N5.3).
const char *explainInvalidRule(const BlockFormat &format, ScaleRule rule,
                               Rounding rounding);

/// The mantissa threshold T of N3.2, for Floor, Ceil, RCeil, Even, Mse (as
/// RCeil, where N3.3 starts) and Abs3 (as Floor).
uint32_t getScaleThreshold(ScaleRule rule, ElementType element);

/// The exponent E that N3.2 subtracts: 0 for Abs3, else the element's emax.
int getScaleExponentOffset(ScaleRule rule, ElementType element);

/// The divisor of N4.1, F·448 or F·256, rounded to f32.
float getTensorScaleDivisor(ScaleRule rule, ElementType element);

/// The factor of N5.3 on every amax, the product of which saturates: 1.0625 for
/// Amax with stochastic rounding, else 1.
float getHeadRoom(ScaleRule rule, Rounding rounding);

/// The offsets of N3.3 in the order in which they are tried.
inline constexpr int kMseOffsets[] = {0, -3, -2, -1, +1};

} // namespace mxnum

#endif // MX_NUMERICS_SCALERULE_H
