//===- ScaleSearch.h - the best of several scales ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rules that compare errors (N3.3, N4.3, N4.4), made quick. The definition
// is in QuantizeBlock.cpp. An error is a sum in element order, so the values of
// one block cannot share a vector, but those of several blocks can: each lane
// does for its block what the definition does, in the same order. Scales that
// win in no lane are left early, which is safe because a rounded sum of terms
// that are not negative is at least each of its own partial sums, and the sum
// of any of its terms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_NUMERICS_SCALESEARCH_H
#define MX_LIB_NUMERICS_SCALESEARCH_H

#include "FastGrid.h"
#include "QuantizeBlock.h"
#include <limits>

namespace mxnum {

/// Values between two looks at whether a scale has lost.
inline constexpr int64_t kValuesPerCheck = 4;

/// N blocks of finite values, one in each lane. Shorter ones end in zeros,
/// which add nothing to an error.
template <int N>
struct BlockLanes {
  /// N for each place in a block.
  const float *magnitudes;
  /// The length of the longest, rounded up to a multiple of kValuesPerCheck.
  int64_t count;
  /// The largest magnitude of each.
  FloatLanes<N> amax;

  MX_ALWAYS_INLINE FloatLanes<N> load(int64_t place) const {
    return loadLanes<FloatLanes<N>>(magnitudes + place * N);
  }
};

//===----------------------------------------------------------------------===//
// E8M0
//===----------------------------------------------------------------------===//

/// The error of N3.3 for the scale 2^offset times the rceil scale, or something
/// at least `limit`.
template <int N>
MX_ALWAYS_INLINE FloatLanes<N>
measureE8M0(const FastGrid<FloatLanes<N>> &grid, const BlockLanes<N> &blocks,
            FloatLanes<N> toUnit, int offset, FloatLanes<N> limit) {
  FloatLanes<N> down = broadcast<N>(powerOfTwo(-offset));
  FloatLanes<N> up = broadcast<N>(powerOfTwo(offset));
  FloatLanes<N> sum{};
  for (int64_t i = 0; i < blocks.count && isAny(sum < limit);
       i += kValuesPerCheck)
    for (int64_t j = 0; j < kValuesPerCheck; ++j) {
      FloatLanes<N> unit = blocks.load(i + j) * toUnit;
      FloatLanes<N> difference = unit - grid.round(unit * down) * up;
      sum += difference * difference;
    }
  return sum;
}

/// N3.3 from the bytes of `rceil`.
template <int N>
MX_ALWAYS_INLINE BitLanes<N> searchE8M0(ElementType element,
                                        const BlockLanes<N> &blocks,
                                        BitLanes<N> rceil) {
  FastGrid<FloatLanes<N>> grid(getElementInfo(element));
  // 2^(127 - byte); the inverse of a byte is 254 less it (N1.2), and that of
  // 254 is subnormal.
  BitLanes<N> inverse = kLargestE8M0 - rceil;
  FloatLanes<N> toUnit = fromBits(inverse << kF32MantissaBits);
  toUnit = inverse == 0 ? broadcast<N>(powerOfTwo(-kF32Bias)) : toUnit;
  FloatLanes<N> least = broadcast<N>(std::numeric_limits<float>::infinity());
  BitLanes<N> best = rceil;
  for (int offset : kMseOffsets) {
    BitLanes<N> candidate = rceil + static_cast<uint32_t>(offset);
    FloatLanes<N> error = measureE8M0<N>(grid, blocks, toUnit, offset, least);
    // A byte below zero is a large one.
    auto isBetter = (error < least) & (candidate <= kLargestE8M0);
    least = isBetter ? error : least;
    best = isBetter ? candidate : best;
  }
  return best;
}

//===----------------------------------------------------------------------===//
// UE4M3
//===----------------------------------------------------------------------===//

/// The values of bytes up to kLargestUE4M3 (N1.3).
template <int N>
MX_ALWAYS_INLINE FloatLanes<N> decodeUE4M3(BitLanes<N> bytes) {
  constexpr uint32_t mantissaBits = 3, bias = 7;
  constexpr uint32_t rebias = (kF32Bias - bias) << kF32MantissaBits;
  FloatLanes<N> normal =
      fromBits((bytes << (kF32MantissaBits - mantissaBits)) + rebias);
  FloatLanes<N> multiple =
      __builtin_convertvector(bytes, FloatLanes<N>) * powerOfTwo(-9);
  return bytes < (1u << mantissaBits) ? multiple : normal;
}

/// What some scales cost; all are measured together, so that a machine has
/// something to do while it waits for the sum of one.
template <int N, int K>
struct UE4M3Errors {
  FloatLanes<N> all[K] = {};
  /// The part of the values that become zero, and do so under every larger
  /// scale.
  FloatLanes<N> ofZeros[K] = {};
};

/// Measures scales of N blocks.
template <int N>
class UE4M3Search {
public:
  using Floats = FloatLanes<N>;
  using Bits = BitLanes<N>;
  using Mask = decltype(Floats{} < Floats{});

  MX_ALWAYS_INLINE UE4M3Search(ElementType element, float tensorScale,
                               const BlockLanes<N> &blocks)
      : blocks(blocks), grid(getElementInfo(element)),
        largest(broadcast<N>(getElementInfo(element).maxFinite)),
        tensorScale(broadcast<N>(tensorScale)) {}

  /// N4.3 from the bytes for 6 and for 4.
  MX_ALWAYS_INLINE Bits searchFourOverSix(bool isAbsolute, Bits toSix,
                                          Bits toFour) const {
    auto errors = measure<2>({toSix, toFour}, isAbsolute, infinity());
    return errors.all[1] < errors.all[0] ? toFour : toSix;
  }

  /// N4.4 from the bytes of `amax`. Of equal errors that of the start wins,
  /// then that of the smallest byte.
  MX_ALWAYS_INLINE Bits sweep(Bits start) const {
    Bits next = start + 1;
    auto errors = measure<2>({start, next}, /*isAbsolute=*/false, infinity());
    Best best{start, errors.all[0]};
    best.replace(areValid(next) & (errors.all[1] < errors.all[0]), next,
                 errors.all[1]);
    tryBelow(start, best);
    tryAbove(next, errors.ofZeros[1], best);
    return best.byte;
  }

private:
  struct Best {
    Bits byte;
    Floats error;

    MX_ALWAYS_INLINE void replace(Mask isBetter, Bits newByte,
                                  Floats newError) {
      byte = isBetter ? newByte : byte;
      error = isBetter ? newError : error;
    }
  };
  template <int K>
  struct Bytes {
    Bits of[K];
  };

  static MX_ALWAYS_INLINE Floats infinity() {
    return broadcast<N>(std::numeric_limits<float>::infinity());
  }

  template <int K>
  MX_ALWAYS_INLINE UE4M3Errors<N, K> measure(Bytes<K> bytes, bool isAbsolute,
                                             Floats limit) const;
  MX_ALWAYS_INLINE void tryBelow(Bits start, Best &best) const;
  MX_ALWAYS_INLINE void tryAbove(Bits byte, Floats ofZeros, Best &best) const;

  /// Where a scale and those below it lose: where the largest value exceeds the
  /// largest product it saturates, and its error grows as scales fall.
  /// (Products of few significant bits make errors whose squares are 0.)
  MX_ALWAYS_INLINE Mask areTooSmall(Bits bytes, Floats least) const {
    Floats excess = blocks.amax - largest * decodeUE4M3<N>(bytes) * tensorScale;
    return (excess > Floats{}) & (excess * excess > least);
  }

  /// Whether bytes are among those that compete with the start.
  static MX_ALWAYS_INLINE Mask areValid(Bits bytes) {
    return bytes - 1 < static_cast<uint32_t>(kLargestUE4M3); // 0 wraps around.
  }

  const BlockLanes<N> &blocks;
  FastGrid<Floats> grid;
  Floats largest;
  Floats tensorScale;
};

/// The errors of N4.3, squared or absolute, or numbers above `limit`.
template <int N>
template <int K>
MX_ALWAYS_INLINE UE4M3Errors<N, K>
UE4M3Search<N>::measure(Bytes<K> bytes, bool isAbsolute, Floats limit) const {
  Floats scale[K], step[K];
  Mask isZero[K];
  for (int k = 0; k < K; ++k) {
    scale[k] = decodeUE4M3<N>(bytes.of[k]);
    step[k] = scale[k] * tensorScale;
    // N4.5: a step of zero leaves only signs, and so does one of infinity.
    isZero[k] = step[k] == Floats{};
    step[k] = isZero[k] ? infinity() : step[k];
  }
  UE4M3Errors<N, K> errors;
  for (int64_t i = 0; i < blocks.count; i += kValuesPerCheck) {
    for (int64_t j = 0; j < kValuesPerCheck; ++j)
      for (int k = 0; k < K; ++k) {
        Floats value = blocks.load(i + j);
        Floats rounded = grid.round(value / step[k]);
        Floats difference = value - rounded * scale[k] * tensorScale;
        Floats error = isAbsolute ? fromBits(toBits(difference) & ~kF32SignBit)
                                  : difference * difference;
        errors.all[k] += error;
        errors.ofZeros[k] += rounded == Floats{} ? error : Floats{};
      }
    Mask competes{};
    for (int k = 0; k < K; ++k)
      competes |= errors.all[k] <= limit;
    if (!isAny(competes))
      break;
  }
  for (int k = 0; k < K; ++k) // A larger scale may have a step.
    errors.ofZeros[k] = isZero[k] ? Floats{} : errors.ofZeros[k];
  return errors;
}

/// Tries the bytes below the start, from the largest down.
template <int N>
MX_ALWAYS_INLINE void UE4M3Search<N>::tryBelow(Bits start, Best &best) const {
  constexpr int together = 2;
  for (Bits byte = start - 1;; byte -= together) {
    Mask open = areValid(byte) & ~areTooSmall(byte, best.error);
    if (!isAny(open))
      return;
    Bytes<together> bytes{byte, byte - 1};
    auto errors = measure(bytes, /*isAbsolute=*/false, best.error);
    for (int k = 0; k < together; ++k) {
      Mask isLess = errors.all[k] < best.error;
      Mask isEqual = (errors.all[k] == best.error) & (best.byte != start);
      best.replace(areValid(bytes.of[k]) & (isLess | isEqual), bytes.of[k],
                   errors.all[k]);
    }
  }
}

/// Tries the bytes above one that has been tried.
template <int N>
MX_ALWAYS_INLINE void UE4M3Search<N>::tryAbove(Bits byte, Floats ofZeros,
                                               Best &best) const {
  constexpr int together = 2;
  Mask open = ~Mask{};
  for (byte += 1;; byte += together) {
    open &= areValid(byte) & (ofZeros <= best.error);
    if (!isAny(open))
      return;
    Bytes<together> bytes{byte, byte + 1};
    auto errors = measure(bytes, /*isAbsolute=*/false, best.error);
    for (int k = 0; k < together; ++k)
      best.replace(areValid(bytes.of[k]) & (errors.all[k] < best.error),
                   bytes.of[k], errors.all[k]);
    ofZeros = errors.ofZeros[together - 1];
  }
}

} // namespace mxnum

#endif // MX_LIB_NUMERICS_SCALESEARCH_H
