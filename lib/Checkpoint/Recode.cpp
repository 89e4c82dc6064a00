//===- Recode.cpp - from one block format to another, exactly -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Works on exponents; no value is decoded, so nothing is rounded.
//===----------------------------------------------------------------------===//

#include "Recode.h"
#include "mx/Numerics/FloatBits.h"
#include <cmath>

using namespace mlir::mx;
using mxnum::BlockFormat;

/// Bytes of codes of a block of 32, and of 16.
static constexpr int64_t kBlockBytes = 16;
static constexpr int64_t kHalfBytes = 8;
static constexpr int kE8M0Bias = 127;
/// N1.3: the powers of two among UE4M3 scales, and how they are written.
static constexpr int kLeastPower = -9, kMostPower = 8;
static constexpr int kLeastNormalPower = -6;
static constexpr int kUE4M3Bias = 7, kUE4M3MantissaBits = 3;

std::optional<Recoding> mlir::mx::chooseRecoding(const BlockFormat &from,
                                                 const BlockFormat &to) {
  BlockFormat mxfp4 = *mxnum::lookupFormat("mxfp4");
  BlockFormat nvfp4 = *mxnum::lookupFormat("nvfp4");
  if (from == to)
    return Recoding::Same;
  if (from == mxfp4 && to == nvfp4)
    return Recoding::ToNVFP4;
  if (from == nvfp4 && to == mxfp4)
    return Recoding::ToMXFP4;
  return std::nullopt;
}

/// Whether so many bytes hold codes of zeros only, of either sign.
static bool isZero(const uint8_t *codes, int64_t bytes) {
  constexpr unsigned magnitudes = 0x77;
  unsigned seen = 0;
  for (int64_t i = 0; i < bytes; ++i)
    seen |= codes[i];
  return (seen & magnitudes) == 0;
}

void ScaleRange::add(const WeightRows &rows) {
  for (size_t block = 0; block < rows.scales.size(); ++block) {
    if (isZero(&rows.payload[block * kBlockBytes], kBlockBytes))
      continue;
    int exponent = rows.scales[block] - kE8M0Bias;
    least = std::min(least, exponent);
    most = std::max(most, exponent);
  }
}

std::optional<int> mlir::mx::chooseExponent(const ScaleRange &range) {
  if (range.isEmpty())
    return 0;
  // Reciprocals of smaller numbers are infinite.
  constexpr int least = -126;
  int exponent = std::max(range.most - kMostPower, least);
  if (range.least - exponent < kLeastPower)
    return std::nullopt;
  return exponent;
}

/// The UE4M3 scale 2^exponent.
static uint8_t encodePower(int exponent) {
  if (exponent < kLeastNormalPower)
    return static_cast<uint8_t>(1 << (exponent - kLeastPower));
  return static_cast<uint8_t>((exponent + kUE4M3Bias) << kUE4M3MantissaBits);
}

void mlir::mx::recodeToNVFP4(WeightRows &rows, int exponent) {
  std::vector<uint8_t> scales(2 * rows.scales.size());
  for (size_t block = 0; block < rows.scales.size(); ++block) {
    bool zero = isZero(&rows.payload[block * kBlockBytes], kBlockBytes);
    uint8_t scale =
        zero ? 0 : encodePower(rows.scales[block] - kE8M0Bias - exponent);
    scales[2 * block] = scales[2 * block + 1] = scale;
  }
  rows.scales = std::move(scales);
}

/// The exponent of a UE4M3 scale that is a power of two.
static std::optional<int> decodePower(uint8_t scale) {
  for (int exponent = kLeastPower; exponent <= kMostPower; ++exponent)
    if (encodePower(exponent) == scale)
      return exponent;
  return std::nullopt;
}

/// The E8M0 scale of a block of 32 with these halves.
static std::optional<uint8_t> joinScales(const uint8_t *codes,
                                         const uint8_t *scales, int exponent) {
  std::optional<int> joined;
  for (int half = 0; half < 2; ++half) {
    if (isZero(codes + half * kHalfBytes, kHalfBytes))
      continue;
    std::optional<int> power = decodePower(scales[half]);
    if (!power || joined.value_or(*power) != *power)
      return std::nullopt;
    joined = power;
  }
  if (!joined)
    return 0;
  int byte = *joined + exponent + kE8M0Bias;
  if (byte < 0 || byte > 2 * kE8M0Bias)
    return std::nullopt;
  return static_cast<uint8_t>(byte);
}

std::optional<int64_t> mlir::mx::recodeToMXFP4(WeightRows &rows,
                                               float tensorScale) {
  int exponent = std::ilogb(tensorScale);
  std::vector<uint8_t> scales(rows.scales.size() / 2);
  for (size_t block = 0; block < scales.size(); ++block) {
    std::optional<uint8_t> scale = joinScales(
        &rows.payload[block * kBlockBytes], &rows.scales[2 * block], exponent);
    if (!scale)
      return block;
    scales[block] = *scale;
  }
  rows.scales = std::move(scales);
  return std::nullopt;
}
