//===- FastQuantizer.cpp - quantisation several values at a time ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Per block: the largest magnitude, the scale, then all codes in one loop
// without branches or calls, which compilers turn into vector instructions.
//===----------------------------------------------------------------------===//

#include "FastQuantizer.h"
#include "QuantizeBlock.h"
#include "ScaleSearch.h"
#include <limits>

using namespace mxnum;

FastQuantizer::FastQuantizer(const BlockFormat &format,
                             const QuantizeOptions &options, float tensorScale)
    : format(format), options(options), grid(getElementInfo(format.element)),
      tensorScale(format.tensorScale ? tensorScale : 1.0f), // N4.1
      needsDefinition(options.rounding != Rounding::NearestEven ||
                      isTensorScaleBad(format, tensorScale)) {}

/// Writes the codes of `scaleValue(x)`, which must not be NaN. `grid` is a copy
/// that nothing written to `codes` can change.
template <typename Scaling>
static void encodeValues(FastGrid<float> grid, const float *values,
                         int64_t count, Scaling scaleValue,
                         uint8_t *__restrict codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<uint8_t>(grid.encode(scaleValue(values[i])));
}

uint8_t FastQuantizer::quantizeWithE8M0(const float *values, int64_t count,
                                        uint32_t amax, uint8_t *codes) const {
  uint8_t byte = chooseE8M0(options.rule, format.element, amax);
  if (options.rule == ScaleRule::Mse)
    byte = searchE8M0(format.element, {values, count, fromBits(amax)}, byte);
  float factor = powerOfTwo(kF32Bias - byte);
  if (options.rule == ScaleRule::Abs3) // N3.4
    encodeValues(
        grid, values, count, [=](float x) { return (3.0f * x) * factor; },
        codes);
  else // N3.8
    encodeValues(
        grid, values, count, [=](float x) { return x * factor; }, codes);
  return byte;
}

/// N4.2 to N4.4.
uint8_t FastQuantizer::chooseUE4M3(const float *values, int64_t count,
                                   float amax) const {
  float base = (amax / getElementInfo(format.element).maxFinite) / tensorScale;
  uint8_t byte = encodeUE4M3(base);
  if (options.rule == ScaleRule::Amax || amax == 0.0f)
    return byte;
  FiniteBlock block{values, count, amax};
  if (options.rule == ScaleRule::Sweep)
    return searchSweep(format.element, block, tensorScale, byte);
  return searchFourOverSix(format.element, options.rule, block, tensorScale,
                           byte, encodeUE4M3(1.5f * base));
}

uint8_t FastQuantizer::quantizeWithUE4M3(const float *values, int64_t count,
                                         float amax, uint8_t *codes) const {
  uint8_t byte = chooseUE4M3(values, count, amax);
  float step = decodeScale(ScaleType::UE4M3, byte) * tensorScale;
  // N4.5: a step of zero leaves only signs, and so does one of infinity.
  if (step == 0.0f)
    step = std::numeric_limits<float>::infinity();
  encodeValues(grid, values, count, [=](float x) { return x / step; }, codes);
  return byte;
}

uint8_t FastQuantizer::quantize(const float *values, int64_t count,
                                uint64_t index, uint64_t stride,
                                uint8_t *codes) const {
  uint32_t amax = findLargestMagnitude(values, count);
  if (needsDefinition || amax >= kF32InfinityBits)
    return quantizeBlockByDefinition(format, options, tensorScale, values,
                                     count, index, stride, codes);
  if (format.scale == ScaleType::E8M0)
    return quantizeWithE8M0(values, count, amax, codes);
  return quantizeWithUE4M3(values, count, fromBits(amax), codes);
}

uint8_t mxnum::quantizeBlock(const BlockFormat &format,
                             const QuantizeOptions &options, float tensorScale,
                             const float *values, int64_t count, uint64_t index,
                             uint64_t stride, uint8_t *codes) {
  return FastQuantizer(format, options, tensorScale)
      .quantize(values, count, index, stride, codes);
}

void mxnum::quantizeRow(const BlockFormat &format,
                        const QuantizeOptions &options, float tensorScale,
                        const float *values, int64_t count, uint64_t index,
                        uint8_t *codes, uint8_t *scales) {
  FastQuantizer quantizer(format, options, tensorScale);
  for (int64_t start = 0; start < count; start += format.block)
    *scales++ = quantizer.quantize(
        values + start, std::min(format.block, count - start), index + start,
        /*stride=*/1, codes + start);
}
