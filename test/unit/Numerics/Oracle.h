//===- Oracle.h - the clauses, read literally -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What docs/Numerics.md says, in the most direct exact arithmetic: values are
// found by searching the decoded grid, exponents by testing their definition.
// Nothing here calls the library or shares a formula with it.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_NUMERICS_ORACLE_H
#define MX_TEST_UNIT_NUMERICS_ORACLE_H

#include "mx/Numerics/Quantize.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

namespace oracle {

using mxnum::ElementType;
using mxnum::ScaleRule;
using mxnum::ScaleType;

/// A row of the table in N1.1.
struct Format {
  int exponentBits, mantissaBits, bias, emax;
  double largest;
  bool hasInfinity, hasNaN;

  int bits() const { return 1 + exponentBits + mantissaBits; }
};

inline Format getFormat(ElementType type) {
  switch (type) {
  case ElementType::E2M1:
    return {2, 1, 1, 2, 6.0, false, false};
  case ElementType::E2M3:
    return {2, 3, 1, 2, 7.5, false, false};
  case ElementType::E3M2:
    return {3, 2, 3, 4, 28.0, false, false};
  case ElementType::E4M3:
    return {4, 3, 7, 8, 448.0, false, true};
  case ElementType::E5M2:
    return {5, 2, 15, 15, 57344.0, true, true};
  }
  return {};
}

inline float floatFromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// Equal as numbers including the sign of zero, or both NaN.
inline bool isSame(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

/// N1.1.
inline double decodeElement(ElementType type, unsigned code) {
  Format f = getFormat(type);
  int exponent = int(code >> f.mantissaBits) & ((1 << f.exponentBits) - 1);
  int mantissa = int(code) & ((1 << f.mantissaBits) - 1);
  double sign = code >> (f.bits() - 1) & 1 ? -1.0 : 1.0;
  if (type == ElementType::E5M2 && exponent == 31)
    return mantissa ? std::nan("") : sign * HUGE_VAL;
  if (type == ElementType::E4M3 && (code & 0x7F) == 0x7F)
    return std::nan("");
  double fraction = std::ldexp(double(mantissa), -f.mantissaBits);
  if (exponent == 0)
    return sign * std::ldexp(fraction, 1 - f.bias);
  return sign * std::ldexp(1.0 + fraction, exponent - f.bias);
}

/// The finite magnitudes of a format with their codes.
inline const std::map<double, unsigned> &getGrid(ElementType type) {
  static std::map<ElementType, std::map<double, unsigned>> grids;
  std::map<double, unsigned> &grid = grids[type];
  if (grid.empty())
    for (int code = 0; code < 1 << (getFormat(type).bits() - 1); ++code)
      if (double value = decodeElement(type, unsigned(code));
          std::isfinite(value))
        grid[value] = unsigned(code);
  return grid;
}

/// N2.1 to N2.4: the nearest point of the grid, comparing twice the magnitude
/// with the sum of its neighbours, which is exact in double.
inline unsigned encodeElement(ElementType type, double value) {
  Format f = getFormat(type);
  const std::map<double, unsigned> &grid = getGrid(type);
  if (std::isnan(value))
    return f.hasNaN ? 0x7F : grid.rbegin()->second;
  unsigned sign = std::signbit(value) ? 1u << (f.bits() - 1) : 0;
  double magnitude = std::fabs(value);
  auto above = grid.lower_bound(magnitude);
  if (above == grid.end())
    return sign | grid.rbegin()->second;
  if (above->first == magnitude)
    return sign | above->second;
  auto below = std::prev(above);
  double twice = 2 * magnitude, middle = below->first + above->first;
  if (twice != middle)
    return sign | (twice < middle ? below->second : above->second);
  return sign | (below->second % 2 == 0 ? below->second : above->second);
}

/// N5.2.
inline unsigned encodeStochastic(ElementType type, double value,
                                 uint32_t random, unsigned bits) {
  const std::map<double, unsigned> &grid = getGrid(type);
  unsigned sign = std::signbit(value) ? 1u << (getFormat(type).bits() - 1) : 0;
  double magnitude = std::fabs(value);
  auto above = grid.lower_bound(magnitude);
  if (above == grid.end())
    return sign | grid.rbegin()->second;
  if (above->first == magnitude)
    return sign | above->second;
  auto below = std::prev(above);
  double p = (magnitude - below->first) / (above->first - below->first);
  bool up = 2.0 * random + 1.0 < std::ldexp(p, int(bits) + 1);
  return sign | (up ? above->second : below->second);
}

/// N1.2, N1.3.
inline double decodeScale(ScaleType type, unsigned byte) {
  if (type == ScaleType::E8M0)
    return byte == 255 ? std::nan("") : std::ldexp(1.0, int(byte) - 127);
  return byte > 0x7E ? std::nan("") : decodeElement(ElementType::E4M3, byte);
}

/// The smallest k in [-400, 400) for which a monotone condition holds.
template <typename Condition>
int findSmallest(Condition holds) {
  int low = -400, high = 400;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (holds(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// N3.1, N3.4: the byte for a positive finite amax.
inline int chooseE8M0(ScaleRule rule, ElementType type, double amax) {
  Format f = getFormat(type);
  auto power = [](int k) { return std::ldexp(1.0, k); };
  // The e with 2^e <= amax < 2^(e+1).
  int e = findSmallest([&](int k) { return amax < power(k + 1); });
  int k = 0;
  if (rule == ScaleRule::Abs3)
    k = e;
  if (rule == ScaleRule::Floor)
    k = e - f.emax;
  if (rule == ScaleRule::Ceil)
    k = findSmallest([&](int c) { return power(c) >= amax; }) - f.emax;
  if (rule == ScaleRule::RCeil)
    k = findSmallest([&](int c) { return f.largest * power(c) >= amax; });
  if (rule == ScaleRule::Even)
    k = e - f.emax + (amax / power(e) >= 2 - power(-(f.mantissaBits + 1)));
  return std::min(std::max(k + 127, 0), 254);
}

/// A quantised block as the clauses describe it.
struct Block {
  unsigned scale;
  std::vector<unsigned> codes;
};

inline Block encodeWithE8M0(ElementType type, const std::vector<float> &x,
                            int byte, bool isAbs3) {
  Block block{unsigned(byte), {}};
  for (float value : x) {
    float product = isAbs3 ? 3.0f * value : value;
    float scaled = product * float(std::ldexp(1.0, 127 - byte));
    block.codes.push_back(encodeElement(type, scaled));
  }
  return block;
}

/// N3.3.
inline int chooseMse(ElementType type, const std::vector<float> &x, int rceil) {
  float best = std::numeric_limits<float>::infinity();
  int bestByte = rceil;
  for (int j : {0, -3, -2, -1, 1}) {
    if (rceil + j < 0 || rceil + j > 254)
      continue;
    float error = 0.0f;
    for (float value : x) {
      float u = value * float(std::ldexp(1.0, 127 - rceil));
      float y = u * float(std::ldexp(1.0, -j));
      float q = float(decodeElement(type, encodeElement(type, y)));
      float d = u - q * float(std::ldexp(1.0, j));
      float square = d * d;
      error = error + square;
    }
    if (j == 0 || error < best) {
      best = error;
      bestByte = rceil + j;
    }
  }
  return bestByte;
}

inline float getAmax(const std::vector<float> &x) {
  float amax = 0.0f;
  for (float value : x)
    amax = std::fmax(amax, std::fabs(value));
  return amax;
}

/// N3 for a block of finite values.
inline Block quantizeE8M0(ElementType type, ScaleRule rule,
                          const std::vector<float> &x) {
  float amax = getAmax(x);
  int byte = 0; // N3.5
  if (amax != 0.0f && rule == ScaleRule::Mse)
    byte = chooseMse(type, x, chooseE8M0(ScaleRule::RCeil, type, amax));
  else if (amax != 0.0f)
    byte = chooseE8M0(rule, type, amax);
  return encodeWithE8M0(type, x, byte, rule == ScaleRule::Abs3);
}

/// N4.5, with the error of N4.3.
struct UE4M3Trial {
  Block block;
  float squared = 0.0f, absolute = 0.0f;
};

inline UE4M3Trial tryUE4M3(ElementType type, const std::vector<float> &x,
                           unsigned byte, float t) {
  UE4M3Trial trial{{byte, {}}};
  float s = float(decodeScale(ScaleType::UE4M3, byte));
  float step = s * t;
  for (float value : x) {
    float y = step == 0.0f ? std::copysign(0.0f, value) : value / step;
    unsigned code = encodeElement(type, y);
    trial.block.codes.push_back(code);
    float scaled = float(decodeElement(type, code)) * s;
    float decoded = scaled * t;
    float d = value - decoded;
    float square = d * d;
    trial.squared = trial.squared + square;
    trial.absolute = trial.absolute + std::fabs(d);
  }
  return trial;
}

/// N4.2 to N4.4 for a block of finite values, without head-room.
inline Block quantizeUE4M3(ElementType type, ScaleRule rule,
                           const std::vector<float> &x, float t) {
  float base = (getAmax(x) / float(getFormat(type).largest)) / t;
  auto round = [](float value) {
    return encodeElement(ElementType::E4M3, std::fmin(value, 448.0f));
  };
  UE4M3Trial best = tryUE4M3(type, x, round(base), t);
  std::vector<unsigned> candidates;
  if (rule == ScaleRule::FourOverSixMse || rule == ScaleRule::FourOverSixMae)
    candidates = {round(1.5f * base)};
  for (unsigned byte = 1; rule == ScaleRule::Sweep && byte <= 126; ++byte)
    candidates.push_back(byte);
  for (unsigned byte : candidates) {
    UE4M3Trial trial = tryUE4M3(type, x, byte, t);
    bool isBetter = rule == ScaleRule::FourOverSixMae
                        ? trial.absolute < best.absolute
                        : trial.squared < best.squared;
    if (isBetter)
      best = trial;
  }
  return best.block;
}

} // namespace oracle

#endif // MX_TEST_UNIT_NUMERICS_ORACLE_H
