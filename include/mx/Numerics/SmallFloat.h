//===- SmallFloat.h - FP4, FP6 and FP8 element codes ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One element of a block-scaled tensor: what its code means (N1.1) and how a
// number becomes a code (N2). Nothing else in the project holds a table of
// these values; a lowering that needs one builds it from `decodeElement`.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_SMALLFLOAT_H
#define MX_NUMERICS_SMALLFLOAT_H

#include <cstdint>

namespace mxnum {

/// The element formats of N1.1, named by their exponent and mantissa widths.
enum class ElementType : uint8_t { E2M1, E2M3, E3M2, E4M3, E5M2 };

/// Every element type, for tables and exhaustive tests.
inline constexpr ElementType kElementTypes[] = {
    ElementType::E2M1, ElementType::E2M3, ElementType::E3M2, ElementType::E4M3,
    ElementType::E5M2};

/// The parameters of an element format (one row of the table in N1.1).
struct ElementInfo {
  /// Upper-case name, e.g. "E2M1".
  const char *name;
  unsigned bits;
  unsigned exponentBits;
  unsigned mantissaBits;
  int bias;
  /// floor(log2(maxFinite)), called E in the clauses.
  int emax;
  /// Largest finite magnitude, called F in the clauses.
  float maxFinite;
  bool hasInfinity;
  bool hasNaN;
};

/// Returns the parameters of `type`.
const ElementInfo &getElementInfo(ElementType type);

/// Returns the value of `code` (N1.1). Bits above the format's width are
/// ignored.
float decodeElement(ElementType type, uint8_t code);

/// Returns the code nearest to `value`: ties to even, saturating, zero signs
/// kept (N2).
uint8_t encodeElement(ElementType type, float value);

/// Returns the code chosen by stochastic rounding (N5.2) with the random
/// number `random` < 2^`randomBits`, 1 <= `randomBits` <= 23. NaN as in N2.4.
uint8_t encodeElementStochastic(ElementType type, float value, uint32_t random,
                                unsigned randomBits);

} // namespace mxnum

#endif // MX_NUMERICS_SMALLFLOAT_H
