//===- BF16Placement.h - codes as bf16 numbers ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A code becomes a bf16 number by moving bits: its sign to the sign, its
// exponent and mantissa fields together to where bf16 has them.
//
//   E2M1   s ee m            ⇒   s 000000 ee m000000
//   E3M2   s eee mm          ⇒   s 00000 eee mm00000
//
// That is the number times a power of two, subnormal codes included, because
// bf16 reads an exponent field of zero in the same way. Multiplying by the
// power of two, and then by the scale, is exact (N1.4): a product has at most
// as many significant bits as bf16, and multiples of 2^-133 are bf16 numbers.
// Products above the largest bf16 number are above the largest f32 too, and
// become infinity in both (N7.1). Elements of 8 bits reach further down: with
// scales below kTinyScale they may be no bf16 numbers, but are f32 numbers.
//
// As in MmaFragments.h, each formula is written for integers and for values.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_BF16PLACEMENT_H
#define MX_LIB_CONVERSION_MXTONVVM_BF16PLACEMENT_H

#include "mx/Numerics/BlockFormat.h"
#include "mx/Numerics/SmallFloat.h"
#include <array>

namespace mlir::mx {

inline constexpr int kBF16Mantissa = 7;
inline constexpr int kBF16Bias = 127;

/// E8M0 bytes below this one times an element of 8 bits may be no bf16 number.
inline constexpr int kTinyScale = 16;

/// Neighbours that are decoded together, and the registers that they become.
inline constexpr int kRunCodes = 8;
inline constexpr int kRunPairs = kRunCodes / 2;

/// Four bytes of eight, `low` first: one for each hexadecimal digit of
/// `selector`, the last digit for the lowest byte.
inline uint32_t permuteBytes(uint32_t low, uint32_t high, int selector) {
  uint64_t bytes = uint64_t(high) << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i)
    result |= uint32_t(bytes >> (8 * (selector >> (4 * i) & 7)) & 0xFF)
              << (8 * i);
  return result;
}

/// The bf16 number that placed codes are to be multiplied with, as bits.
inline int getPlacementFactor(mxnum::ElementType type) {
  // The factor is 2^(bf16's bias - the element's).
  int exponent = kBF16Bias - mxnum::getElementInfo(type).bias;
  return (exponent + kBF16Bias) << kBF16Mantissa;
}

/// Places two codes, each at the top of its half of `codes`; other bits are
/// ignored.
template <typename T>
T placePair(T codes, mxnum::ElementType type) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  int magnitude = int(info.bits) - 1;
  int position = kBF16Mantissa - int(info.mantissaBits);
  int mask = ((1 << magnitude) - 1) << position;
  int shift = 15 - magnitude - position;
  return (codes & int(0x80008000)) | ((codes >> shift) & (mask * 0x10001));
}

/// Placed codes, with the exponent of those that are infinite or NaN made that
/// of bf16's. A carry out of the magnitude tells them: NaN of E4M3 is the last
/// code, and specials of E5M2 are those with the last exponent.
template <typename T>
T keepSpecials(T placed, mxnum::ElementType type) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  if (!info.hasNaN)
    return placed;
  int position = kBF16Mantissa - int(info.mantissaBits);
  int carry = position + int(info.bits) - 1;
  int mask = (1 << carry) - (1 << position);
  int unit = 1 << (info.hasInfinity ? kBF16Mantissa : position);
  T isSpecial =
      ((placed & (mask * 0x10001)) + unit * 0x10001) & ((1 << carry) * 0x10001);
  return placed |
         ((isSpecial << (15 - carry)) - (isSpecial >> (carry - kBF16Mantissa)));
}

/// Run `run` of the codes in `words`, of `bits` bits: four registers with a
/// code at the top of each half.
template <typename Words>
auto spreadRun(const Words &words, int bits, int run) {
  using T = typename Words::value_type;
  std::array<T, kRunPairs> pairs;
  for (int pair = 0; pair < kRunPairs; ++pair) {
    int first = (run * kRunCodes + 2 * pair) * bits;
    int word = first / 32, shift = first % 32;
    if (bits == 8) {
      int byte = shift / 8;
      pairs[pair] = permuteBytes(words[word], words[word],
                                 0x1000 * (byte + 1) + 0x10 * byte);
      continue;
    }
    if (bits == 4) {
      // A byte holds both codes: the lower one goes up by four bits.
      T low = words[word] << 4;
      int selector = 0x1111 * (shift / 8) + 0x4400;
      pairs[pair] = permuteBytes(low, words[word], selector);
      continue;
    }
    T codes = words[word] >> shift;
    if (shift + 2 * bits > 32)
      codes = codes | (words[word + 1] << (32 - shift));
    codes = codes & 0xFFF;
    pairs[pair] = (codes << 10) | (codes << 20);
  }
  return pairs;
}

/// The codes of a word in the order of fragments (N8.8), placed: four registers
/// with the neighbours 2i and 2i + 1.
template <typename T>
std::array<T, kRunPairs> placeFragments(T word) {
  constexpr int fields = int(0x81C081C0), high = 0x01000100;
  return {word & fields, ((word >> 4) | (word << 28)) & fields,
          (word << 6) & fields,
          ((word << 2) & (fields & ~high)) | ((word >> 6) & high)};
}

/// The largest scale byte whose product with the factor of E2M1 is a bf16
/// number: 2 of E8M0, and of UE4M3 what is below 4.
inline int getLargestScale(mxnum::ScaleType type) {
  return type == mxnum::ScaleType::E8M0 ? 128 : 0x47;
}

/// An E8M0 byte up to the largest one, times the factor of E2M1, as bf16 bits
/// in both halves: 2^(byte - 127 + 126).
template <typename T>
T placeScaledE8M0(T byte) {
  constexpr int both = 0x10001 << kBF16Mantissa;
  return byte * both + (kBF16Bias - 1) * both;
}

/// To be added to an E8M0 byte: the sum is more than a byte holds where a
/// finite element times the scale may be infinite (N7.1).
inline int getInfinityOffset(mxnum::ElementType type) {
  // From byte 255 - e on, the largest number, 2^e or more, is 2^128 or more.
  return 1 + mxnum::getElementInfo(type).emax;
}

/// An E8M0 byte (N1.2) as bf16 bits: the field of the exponent, but for 2^-127,
/// which is subnormal, and NaN.
template <typename T>
T placeE8M0(T byte) {
  // One for bytes 0 and 255: the bit below the exponent.
  T isSpecial = (((byte + 1) & 0xFE) - 1) >> 31;
  return (byte << kBF16Mantissa) | (isSpecial << (kBF16Mantissa - 1));
}

/// A UE4M3 byte (N1.3) as bf16 bits, to be multiplied by the factor of E4M3.
template <typename T>
T placeUE4M3(T byte) {
  // One for 0x7F and for bytes with the top bit set: a quiet NaN.
  T next = byte + 1;
  T isNaN = ((next >> 7) | (next >> 8)) & 1;
  return ((byte & 0x7F) << 4) | ((isNaN << 15) - (isNaN << 6));
}

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_BF16PLACEMENT_H
