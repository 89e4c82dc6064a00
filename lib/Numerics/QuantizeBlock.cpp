//===- QuantizeBlock.cpp - one block: its scale, then its codes -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The definition, to be read beside the clauses; FastQuantizer.cpp and
// ScaleSearch.h get the same bits sooner.
//
// The largest magnitude of a block, as an integer, decides between poison
// (N3.6) and the rules of N3 and N4. Sums and differences are single f32
// operations; the library is built with -ffp-contract=off, since a fused
// multiply-add would change which candidate wins.
//===----------------------------------------------------------------------===//

#include "QuantizeBlock.h"
#include "ElementGrid.h"
#include "mx/Numerics/Philox.h"
#include "mx/Numerics/Quantize.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace mxnum;

namespace {

/// The values of one block with their place in the random sequence.
struct Block {
  const float *values;
  int64_t count;
  uint64_t index;
  uint64_t stride;
};

/// Turns scaled values into codes with the rounding of the options.
struct ElementEncoder {
  ElementInfo info;
  ElementType element;
  const QuantizeOptions &options;

  ElementEncoder(ElementType element, const QuantizeOptions &options)
      : info(getElementInfo(element)), element(element), options(options) {}

  /// Writes the code of `scaleValue(x)` for each value x of the block.
  template <typename Scaling>
  void encodeBlock(const Block &block, Scaling scaleValue,
                   uint8_t *codes) const {
    if (options.rounding == Rounding::NearestEven) {
      for (int64_t i = 0; i < block.count; ++i)
        codes[i] = encodeNearest(info, scaleValue(block.values[i]));
      return;
    }
    uint64_t index = block.index;
    for (int64_t i = 0; i < block.count; ++i, index += block.stride) {
      uint32_t random = getRandomBits(options.seed, index, options.randomBits);
      codes[i] = encodeElementStochastic(element, scaleValue(block.values[i]),
                                         random, options.randomBits);
    }
  }
};

} // namespace

uint32_t mxnum::findLargestMagnitude(const float *values, int64_t count) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, magnitudeBits(values[i]));
  return largest;
}

//===----------------------------------------------------------------------===//
// E8M0 (N3)
//===----------------------------------------------------------------------===//

uint8_t mxnum::chooseE8M0(ScaleRule rule, ElementType element, uint32_t amax) {
  uint32_t threshold = getScaleThreshold(rule, element);
  uint32_t exponent = (amax + kF32ImplicitBit - threshold) >> kF32MantissaBits;
  int byte = static_cast<int>(exponent) - getScaleExponentOffset(rule, element);
  return static_cast<uint8_t>(std::max(byte, 0));
}

/// The error of N3.3 for the scale 2^offset times the rceil scale. Rounded sums
/// of non-negative terms never fall, so once the error has reached `limit` the
/// candidate has lost and the rest is not computed.
static float measureE8M0Error(ElementType element, const Block &block,
                              float toUnit, int offset, float limit) {
  const ElementInfo info = getElementInfo(element);
  float down = powerOfTwo(-offset), up = powerOfTwo(offset);
  float error = 0.0f;
  for (int64_t i = 0; i < block.count && error < limit; ++i) {
    float unit = block.values[i] * toUnit;
    float decoded = decodeElement(element, encodeNearest(info, unit * down));
    float difference = unit - decoded * up;
    error += difference * difference;
  }
  return error;
}

/// N3.3 from the byte of `rceil`.
static uint8_t improveE8M0(ElementType element, const Block &block,
                           uint8_t rceil) {
  float toUnit = powerOfTwo(kF32Bias - rceil);
  float bestError = std::numeric_limits<float>::infinity();
  uint8_t best = rceil;
  for (int offset : kMseOffsets) {
    int candidate = rceil + offset;
    if (candidate < 0 || candidate > kLargestE8M0)
      continue;
    float error = measureE8M0Error(element, block, toUnit, offset, bestError);
    if (!(error < bestError))
      continue;
    best = static_cast<uint8_t>(candidate);
    bestError = error;
  }
  return best;
}

static uint8_t quantizeWithE8M0(ElementType element,
                                const QuantizeOptions &options,
                                const Block &block, uint32_t amax,
                                uint8_t *codes) {
  uint8_t byte = chooseE8M0(options.rule, element, amax);
  if (options.rule == ScaleRule::Mse)
    byte = improveE8M0(element, block, byte);
  ElementEncoder encoder(element, options);
  float factor = powerOfTwo(kF32Bias - byte);
  if (options.rule == ScaleRule::Abs3) // N3.4
    encoder.encodeBlock(
        block, [=](float x) { return (3.0f * x) * factor; }, codes);
  else // N3.8
    encoder.encodeBlock(block, [=](float x) { return x * factor; }, codes);
  return byte;
}

//===----------------------------------------------------------------------===//
// UE4M3 (N4)
//===----------------------------------------------------------------------===//

namespace {

/// A UE4M3 scale as the element arithmetic of N4 sees it.
struct UE4M3Scale {
  float scale;
  float tensorScale;
  /// s · t, which divides the values.
  float step;

  UE4M3Scale(uint8_t byte, float tensorScale)
      : scale(decodeScale(ScaleType::UE4M3, byte)), tensorScale(tensorScale),
        step(scale * tensorScale) {}

  /// N4.5: a step of zero leaves only the sign of the value.
  float divide(float value) const {
    return step == 0.0f ? std::copysign(0.0f, value) : value / step;
  }
};

} // namespace

/// The error of N4.3, squared or absolute, or something at least `limit` if
/// that is reached (see measureE8M0Error).
static float measureUE4M3Error(ElementType element, const Block &block,
                               const UE4M3Scale &scale, bool isAbsolute,
                               float limit) {
  const ElementInfo info = getElementInfo(element);
  float error = 0.0f;
  for (int64_t i = 0; i < block.count && error < limit; ++i) {
    float value = block.values[i];
    uint8_t code = encodeNearest(info, scale.divide(value));
    float decoded =
        decodeElement(element, code) * scale.scale * scale.tensorScale;
    float difference = value - decoded;
    error += isAbsolute ? std::fabs(difference) : difference * difference;
  }
  return error;
}

/// N4.3 and N4.4: the best of `best`, the scale of N4.2, and the codes `first`
/// to `last` in ascending order.
template <typename Measure>
static uint8_t improveUE4M3(Measure measure, uint8_t best, uint8_t first,
                            uint8_t last) {
  float bestError = measure(best, std::numeric_limits<float>::infinity());
  for (uint8_t byte = first; byte <= last; ++byte) {
    float error = measure(byte, bestError);
    if (!(error < bestError))
      continue;
    best = byte;
    bestError = error;
  }
  return best;
}

/// N4.2 to N4.4. The minimum with 448 is the saturation of encodeUE4M3.
static uint8_t chooseUE4M3(ElementType element, ScaleRule rule,
                           const Block &block, float tensorScale, float base) {
  uint8_t scale = encodeUE4M3(base);
  if (rule == ScaleRule::Amax)
    return scale;
  auto measure = [&](uint8_t byte, float limit) {
    return measureUE4M3Error(element, block, UE4M3Scale(byte, tensorScale),
                             rule == ScaleRule::FourOverSixMae, limit);
  };
  if (rule == ScaleRule::Sweep)
    return improveUE4M3(measure, scale, 1, kLargestUE4M3);
  uint8_t toFour = encodeUE4M3(1.5f * base);
  return improveUE4M3(measure, scale, toFour, toFour);
}

static uint8_t quantizeWithUE4M3(ElementType element,
                                 const QuantizeOptions &options,
                                 const Block &block, float tensorScale,
                                 float amax, uint8_t *codes) {
  float largest = getElementInfo(element).maxFinite;
  float base = (amax / largest) / tensorScale;
  uint8_t byte = chooseUE4M3(element, options.rule, block, tensorScale, base);
  UE4M3Scale scale(byte, tensorScale);
  ElementEncoder(element, options)
      .encodeBlock(block, [&](float x) { return scale.divide(x); }, codes);
  return byte;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

/// Multiplies a magnitude by the factor of N5.3, saturating.
static float addHeadRoom(const QuantizeOptions &options, float amax) {
  float factor = getHeadRoom(options.rule, options.rounding);
  return std::min(amax * factor, fromBits(kF32LargestBits));
}

/// N3.7: quantises the block again with its infinities replaced.
static uint8_t quantizeClamped(const BlockFormat &format,
                               const QuantizeOptions &options,
                               float tensorScale, const Block &block,
                               uint8_t *codes) {
  float largest = fromBits(kF32LargestBits);
  std::vector<float> values(block.values, block.values + block.count);
  for (float &value : values)
    value = std::clamp(value, -largest, largest);
  return quantizeBlockByDefinition(format, options, tensorScale, values.data(),
                                   block.count, block.index, block.stride,
                                   codes);
}

bool mxnum::isTensorScaleBad(const BlockFormat &format, float tensorScale) {
  return format.scale == ScaleType::UE4M3 && format.tensorScale &&
         (!std::isfinite(tensorScale) || tensorScale <= 0.0f);
}

uint8_t mxnum::quantizeBlockByDefinition(const BlockFormat &format,
                                         const QuantizeOptions &options,
                                         float tensorScale, const float *values,
                                         int64_t count, uint64_t index,
                                         uint64_t stride, uint8_t *codes) {
  assert(count >= 1 && count <= format.block && "N1.6 bounds a block");
  Block block{values, count, index, stride};
  uint32_t amax = findLargestMagnitude(values, count);
  if (options.satfinite && amax == kF32InfinityBits)
    return quantizeClamped(format, options, tensorScale, block, codes);
  // N3.6, for UE4M3 by N4.6, and N4.1 for the tensor scale.
  if (amax >= kF32InfinityBits || isTensorScaleBad(format, tensorScale)) {
    std::fill(codes, codes + count, uint8_t(0));
    return getPoisonScale(format.scale);
  }
  if (format.scale == ScaleType::E8M0)
    return quantizeWithE8M0(format.element, options, block, amax, codes);
  if (!format.tensorScale)
    tensorScale = 1.0f; // N4.1
  return quantizeWithUE4M3(format.element, options, block, tensorScale,
                           addHeadRoom(options, fromBits(amax)), codes);
}

float mxnum::findLargestFinite(const QuantizeOptions &options,
                               const float *values, size_t count) {
  uint32_t infinity = options.satfinite ? kF32LargestBits : 0; // N3.7
  uint32_t largest = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t magnitude = magnitudeBits(values[i]);
    uint32_t special = magnitude == kF32InfinityBits ? infinity : 0;
    uint32_t counted = magnitude < kF32InfinityBits ? magnitude : special;
    largest = std::max(largest, counted);
  }
  return fromBits(largest);
}

float mxnum::computeTensorScale(const BlockFormat &format,
                                const QuantizeOptions &options,
                                const float *values, size_t count) {
  if (!format.tensorScale)
    return 1.0f;
  if (options.rule == ScaleRule::Abs3)
    return 1.0f / 3.0f; // N3.4
  if (options.tensorScale)
    return *options.tensorScale;
  float amax = findLargestFinite(options, values, count);
  if (amax == 0.0f)
    return 1.0f;
  constexpr float smallest = 0x1p-126f;
  float divisor = getTensorScaleDivisor(options.rule, format.element);
  return std::max(addHeadRoom(options, amax) / divisor, smallest);
}
