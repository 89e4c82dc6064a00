//===- ExactTerms.cpp - exact sums of near terms --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The sum is cut to 53 bits, the last of which is set if anything was lost; f64
// holds that exactly, and rounding it to f32 is then rounding the sum.
//===----------------------------------------------------------------------===//

#include "ExactTerms.h"
#include <algorithm>
#include <cmath>

using namespace mxsim;

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

/// Bits of the sum, less those that carries and the sign may take.
static constexpr int kRoom = 118;
static constexpr int kF64Precision = 53;

void ExactTerms::add(int64_t significand, int exponent) {
  if (significand == 0)
    return;
  uint64_t magnitude =
      significand < 0 ? 0 - uint64_t(significand) : uint64_t(significand);
  int top = exponent + 63 - __builtin_clzll(magnitude);
  lowest = count == 0 ? exponent : std::min(lowest, exponent);
  highest = count == 0 ? top : std::max(highest, top);
  significands[count] = significand;
  exponents[count++] = exponent;
}

static int countBits(UInt128 value) {
  auto high = uint64_t(value >> 64), low = uint64_t(value);
  if (high != 0)
    return 128 - __builtin_clzll(high);
  return low == 0 ? 0 : 64 - __builtin_clzll(low);
}

std::optional<uint32_t> ExactTerms::toF32() const {
  if (highest - lowest > kRoom)
    return std::nullopt;
  Int128 sum = 0;
  for (unsigned index = 0; index < count; ++index)
    sum += Int128(significands[index]) *
           (Int128(1) << (exponents[index] - lowest));
  UInt128 magnitude = sum < 0 ? 0 - UInt128(sum) : UInt128(sum);
  int shift = std::max(countBits(magnitude) - kF64Precision, 0);
  auto kept = uint64_t(magnitude >> shift);
  kept |= (UInt128(kept) << shift) != magnitude;
  auto value = float(std::ldexp(double(kept), shift + lowest));
  return toResultBits(sum < 0 ? -value : value);
}
