//===- FastGrid.h - rounding to a grid without branches ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N2 for everything but NaN, in a form that compilers turn into vector
// instructions. ElementGrid.h is the definition, on integers alone. Here a
// magnitude of exponent e is added to an anchor of 2^(e + 23 - M):
//
//   anchor      1.000…000000        steps of the sum are 2^(e - M), those of
//   magnitude       0…01.mmmmm…     the format, so that the addition rounds
//   sum         1.000…01.m          to nearest even (here M = 1)
//
// Below the smallest normal number of the format e stays that of this number.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_FASTGRID_H
#define MX_LIB_NUMERICS_FASTGRID_H

#include "FloatLanes.h"
#include "mx/Numerics/SmallFloat.h"

namespace mxnum {

/// The grid of an element format; `Number` is float or FloatLanes<N>.
template <typename Number>
class FastGrid {
public:
  using Bits = decltype(toBits(Number()));

  MX_ALWAYS_INLINE explicit FastGrid(const ElementInfo &info)
      : largest(Number{} + info.maxFinite),
        smallestNormal(Number{} + powerOfTwo(1 - info.bias)),
        droppedBits(kF32MantissaBits - static_cast<int>(info.mantissaBits)),
        signShift(32 - static_cast<int>(info.bits)) {}

  /// The grid point nearest to a magnitude.
  MX_ALWAYS_INLINE Number round(Number magnitude) const {
    Place place = findPlace(magnitude);
    return place.sum - fromBits(place.anchor);
  }

  /// The code of a number, as encodeElement gives it.
  MX_ALWAYS_INLINE Bits encode(Number value) const {
    Place place = findPlace(fromBits(toBits(value) & ~kF32SignBit));
    // A binade counts 2^M codes. The steps from the anchor count its power of
    // two as 2^M of them, hence the smallest normal number is one binade up.
    Bits binades = toBits(place.binade) - toBits(smallestNormal);
    Bits steps = toBits(place.sum) - place.anchor;
    Bits sign = toBits(value) & kF32SignBit; // N2.3
    return (steps + (binades >> droppedBits)) | (sign >> signShift);
  }

private:
  struct Place {
    /// The power of two below, at least the smallest normal number.
    Number binade;
    Bits anchor;
    Number sum;
  };

  MX_ALWAYS_INLINE Place findPlace(Number magnitude) const {
    magnitude = magnitude < largest ? magnitude : largest; // N2.2
    Number binade = fromBits(toBits(magnitude) & kF32InfinityBits);
    binade = binade > smallestNormal ? binade : smallestNormal;
    uint32_t distance = static_cast<uint32_t>(droppedBits) << kF32MantissaBits;
    Bits anchor = toBits(binade) + distance;
    return {binade, anchor, magnitude + fromBits(anchor)};
  }

  Number largest;
  Number smallestNormal;
  /// Mantissa bits that an f32 has and the format has not.
  int droppedBits;
  int signShift;
};

} // namespace mxnum

#endif // MX_LIB_NUMERICS_FASTGRID_H
