//===- numerics_shim.cpp - mxnum behind plain C symbols ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What compare_reference.py loads: the numerics library over arrays. Floats
// cross the boundary as their bits, so that no NaN is changed on the way.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockFormat.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/ExactSum.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Matmul.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Philox.h"
#include "mx/Numerics/Quantize.h"
#include "mx/Numerics/ScaleRule.h"
#include "mx/Numerics/SmallFloat.h"
#include <algorithm>
#include <cstring>

using namespace mxnum;

namespace {

float f32FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

uint32_t f32ToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

double f64FromBits(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

uint64_t f64ToBits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

std::vector<float> f32VectorFromBits(const uint32_t *bits, int64_t count) {
  std::vector<float> values(count);
  std::transform(bits, bits + count, values.begin(), f32FromBits);
  return values;
}

ElementType elementAt(int32_t index) { return kElementTypes[index]; }
ScaleRule ruleAt(int32_t index) { return kScaleRules[index]; }
Rounding roundingOf(int32_t stochastic) {
  return stochastic ? Rounding::Stochastic : Rounding::NearestEven;
}

} // namespace

extern "C" {

/// The fields of BlockFormat, with enumerators as indices.
struct ShimFormat {
  int32_t element;
  int32_t scale;
  int32_t tensorScale;
  int32_t padding;
  int64_t block;
};

/// The fields of QuantizeOptions, with enumerators as indices.
struct ShimOptions {
  int32_t rule;
  int32_t stochastic;
  int32_t satfinite;
  uint32_t randomBits;
  uint64_t seed;
  int32_t hasTensorScale;
  uint32_t tensorScale;
};

} // extern "C"

namespace {

BlockFormat toFormat(const ShimFormat &format) {
  return {elementAt(format.element),
          format.scale == 0 ? ScaleType::E8M0 : ScaleType::UE4M3, format.block,
          format.tensorScale != 0};
}

QuantizeOptions toOptions(const ShimOptions &options) {
  QuantizeOptions result;
  result.rule = ruleAt(options.rule);
  result.rounding = roundingOf(options.stochastic);
  result.randomBits = options.randomBits;
  result.seed = options.seed;
  result.satfinite = options.satfinite != 0;
  if (options.hasTensorScale)
    result.tensorScale = f32FromBits(options.tensorScale);
  return result;
}

} // namespace

extern "C" {

//===----------------------------------------------------------------------===//
// N1, N2: elements, scales, formats, narrow types
//===----------------------------------------------------------------------===//

void shim_element_info(int32_t element, const char **name, int32_t *fields,
                       uint32_t *maxFinite) {
  const ElementInfo &info = getElementInfo(elementAt(element));
  *name = info.name;
  fields[0] = info.bits;
  fields[1] = info.exponentBits;
  fields[2] = info.mantissaBits;
  fields[3] = info.bias;
  fields[4] = info.emax;
  fields[5] = info.hasInfinity;
  fields[6] = info.hasNaN;
  *maxFinite = f32ToBits(info.maxFinite);
}

void shim_decode_elements(int32_t element, uint32_t *values) {
  for (int code = 0; code < 256; ++code)
    values[code] = f32ToBits(decodeElement(elementAt(element), code));
}

void shim_encode_elements(int32_t element, const uint32_t *values,
                          int64_t count, uint8_t *codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = encodeElement(elementAt(element), f32FromBits(values[i]));
}

void shim_encode_stochastic(int32_t element, const uint32_t *values,
                            const uint32_t *random, uint32_t randomBits,
                            int64_t count, uint8_t *codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = encodeElementStochastic(
        elementAt(element), f32FromBits(values[i]), random[i], randomBits);
}

void shim_decode_scales(int32_t scale, uint32_t *values) {
  for (int byte = 0; byte < 256; ++byte)
    values[byte] = f32ToBits(decodeScale(static_cast<ScaleType>(scale), byte));
}

void shim_encode_ue4m3(const uint32_t *values, int64_t count, uint8_t *bytes) {
  for (int64_t i = 0; i < count; ++i)
    bytes[i] = encodeUE4M3(f32FromBits(values[i]));
}

uint8_t shim_poison_scale(int32_t scale) {
  return getPoisonScale(static_cast<ScaleType>(scale));
}

uint8_t shim_unit_scale(int32_t scale) {
  return getUnitScale(static_cast<ScaleType>(scale));
}

void shim_bf16_to_f32(const uint16_t *bits, int64_t count, uint32_t *values) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = f32ToBits(bf16ToF32(bits[i]));
}

void shim_f16_to_f32(const uint16_t *bits, int64_t count, uint32_t *values) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = f32ToBits(f16ToF32(bits[i]));
}

void shim_f32_to_bf16(const uint32_t *values, int64_t count, uint16_t *bits) {
  for (int64_t i = 0; i < count; ++i)
    bits[i] = f32ToBF16(f32FromBits(values[i]));
}

void shim_f32_to_f16(const uint32_t *values, int64_t count, uint16_t *bits) {
  for (int64_t i = 0; i < count; ++i)
    bits[i] = f32ToF16(f32FromBits(values[i]));
}

void shim_f64_to_bf16(const uint64_t *values, int64_t count, uint16_t *bits) {
  for (int64_t i = 0; i < count; ++i)
    bits[i] = f64ToBF16(f64FromBits(values[i]));
}

void shim_f64_to_f16(const uint64_t *values, int64_t count, uint16_t *bits) {
  for (int64_t i = 0; i < count; ++i)
    bits[i] = f64ToF16(f64FromBits(values[i]));
}

/// Fills in the named format called `name` and returns whether there is one.
int32_t shim_lookup_format(const char *name, ShimFormat *format) {
  std::optional<BlockFormat> found = lookupFormat(name);
  if (!found)
    return 0;
  *format = {static_cast<int32_t>(found->element),
             static_cast<int32_t>(found->scale), found->tensorScale, 0,
             found->block};
  return getFormatName(*found) == name;
}

int32_t shim_is_valid_format(const ShimFormat *format) {
  return explainInvalidFormat(toFormat(*format)) == nullptr;
}

double shim_bits_per_value(const ShimFormat *format) {
  return getBitsPerValue(toFormat(*format));
}

/// Decodes a tensor of one block per row, `rows` by `block` elements.
void shim_dequantize(const ShimFormat *format, const uint8_t *payload,
                     int64_t payloadBytes, const uint8_t *scales, int64_t rows,
                     uint32_t tensorScale, uint32_t *dequantized,
                     uint64_t *decoded) {
  BlockTensor tensor;
  tensor.format = toFormat(*format);
  tensor.shape = {rows, format->block};
  tensor.axis = 1;
  tensor.payload.assign(payload, payload + payloadBytes);
  tensor.scales.assign(scales, scales + rows);
  tensor.tensorScale = f32FromBits(tensorScale);
  std::vector<float> singles = dequantize(tensor);
  std::transform(singles.begin(), singles.end(), dequantized, f32ToBits);
  std::vector<double> doubles = decodeAll(tensor);
  std::transform(doubles.begin(), doubles.end(), decoded, f64ToBits);
}

uint64_t shim_decode_value(const ShimFormat *format, uint8_t code,
                           uint8_t scale, uint32_t tensorScale) {
  return f64ToBits(
      decodeValue(toFormat(*format), code, scale, f32FromBits(tensorScale)));
}

//===----------------------------------------------------------------------===//
// N3, N4, N5: rules, blocks, tensors, random numbers
//===----------------------------------------------------------------------===//

/// Returns the index of the rule called `name`, or -1.
int32_t shim_lookup_rule(const char *name) {
  std::optional<ScaleRule> rule = lookupScaleRule(name);
  if (!rule || std::strcmp(getScaleRuleName(*rule), name) != 0)
    return -1;
  return static_cast<int32_t>(*rule);
}

int32_t shim_is_valid_rule(const ShimFormat *format, int32_t rule,
                           int32_t stochastic) {
  return explainInvalidRule(toFormat(*format), ruleAt(rule),
                            roundingOf(stochastic)) == nullptr;
}

uint32_t shim_scale_threshold(int32_t rule, int32_t element) {
  return getScaleThreshold(ruleAt(rule), elementAt(element));
}

int32_t shim_scale_exponent_offset(int32_t rule, int32_t element) {
  return getScaleExponentOffset(ruleAt(rule), elementAt(element));
}

uint32_t shim_tensor_scale_divisor(int32_t rule, int32_t element) {
  return f32ToBits(getTensorScaleDivisor(ruleAt(rule), elementAt(element)));
}

uint32_t shim_head_room(int32_t rule, int32_t stochastic) {
  return f32ToBits(getHeadRoom(ruleAt(rule), roundingOf(stochastic)));
}

uint32_t shim_compute_tensor_scale(const ShimFormat *format,
                                   const ShimOptions *options,
                                   const uint32_t *values, int64_t count) {
  std::vector<float> floats = f32VectorFromBits(values, count);
  return f32ToBits(computeTensorScale(toFormat(*format), toOptions(*options),
                                      floats.data(), floats.size()));
}

/// Quantises `blocks` consecutive blocks of `count` values, each with the same
/// tensor scale, index and stride.
void shim_quantize_blocks(const ShimFormat *format, const ShimOptions *options,
                          uint32_t tensorScale, const uint32_t *values,
                          int64_t blocks, int64_t count, uint64_t index,
                          uint64_t stride, uint8_t *scales, uint8_t *codes) {
  std::vector<float> floats = f32VectorFromBits(values, blocks * count);
  for (int64_t b = 0; b < blocks; ++b)
    scales[b] = quantizeBlock(
        toFormat(*format), toOptions(*options), f32FromBits(tensorScale),
        floats.data() + b * count, count, index, stride, codes + b * count);
}

/// Quantises a tensor and decodes it again. `sizes` receives the lengths of
/// payload and scales, which the caller has made room for.
void shim_quantize(const ShimFormat *format, const ShimOptions *options,
                   const uint32_t *values, const int64_t *shape, int64_t rank,
                   int64_t axis, int64_t *sizes, uint8_t *payload,
                   uint8_t *scales, uint32_t *tensorScale,
                   uint32_t *dequantized, uint64_t *decoded) {
  std::vector<int64_t> dims(shape, shape + rank);
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  std::vector<float> floats = f32VectorFromBits(values, count);
  BlockTensor tensor = quantize(toFormat(*format), toOptions(*options),
                                floats.data(), dims, axis);
  sizes[0] = tensor.payload.size();
  sizes[1] = tensor.scales.size();
  std::copy(tensor.payload.begin(), tensor.payload.end(), payload);
  std::copy(tensor.scales.begin(), tensor.scales.end(), scales);
  *tensorScale = f32ToBits(tensor.tensorScale);
  std::vector<float> singles = dequantize(tensor);
  sizes[2] = singles.size();
  std::transform(singles.begin(), singles.end(), dequantized, f32ToBits);
  std::vector<double> doubles = decodeAll(tensor);
  sizes[3] = doubles.size();
  std::transform(doubles.begin(), doubles.end(), decoded, f64ToBits);
}

void shim_philox(const uint32_t *counter, const uint32_t *key,
                 uint32_t *words) {
  std::array<uint32_t, 4> result = philox4x32(
      {counter[0], counter[1], counter[2], counter[3]}, {key[0], key[1]});
  std::copy(result.begin(), result.end(), words);
}

uint32_t shim_random_bits(uint64_t seed, uint64_t index, uint32_t bits) {
  return getRandomBits(seed, index, bits);
}

//===----------------------------------------------------------------------===//
// N6, N7: rotation and dot products
//===----------------------------------------------------------------------===//

int32_t shim_is_hadamard_size(int64_t size) { return isHadamardSize(size); }

uint32_t shim_hadamard_scale(int64_t size) {
  return f32ToBits(getHadamardScale(size));
}

void shim_rotate_group(const uint32_t *values, int64_t size,
                       const int8_t *signs, int32_t inverse,
                       uint32_t *rotated) {
  std::vector<float> floats = f32VectorFromBits(values, size);
  rotateGroup(floats.data(), size, signs, inverse != 0);
  std::transform(floats.begin(), floats.end(), rotated, f32ToBits);
}

/// Sums `count` products of three factors, given as 3 * `count` numbers.
void shim_exact_sum(const uint32_t *factors, int64_t count, uint64_t *asDouble,
                    uint32_t *asFloat) {
  ExactSum sum;
  for (int64_t i = 0; i < count; ++i)
    sum.addProduct(f32FromBits(factors[3 * i]), f32FromBits(factors[3 * i + 1]),
                   f32FromBits(factors[3 * i + 2]));
  *asDouble = f64ToBits(sum.toDouble());
  *asFloat = f32ToBits(sum.toFloat());
}

int32_t shim_is_within(const uint32_t *factors, int64_t count, uint64_t value,
                       uint64_t bound) {
  ExactSum sum;
  for (int64_t i = 0; i < count; ++i)
    sum.addProduct(f32FromBits(factors[3 * i]), f32FromBits(factors[3 * i + 1]),
                   f32FromBits(factors[3 * i + 2]));
  return sum.isWithin(f64FromBits(value), f64FromBits(bound));
}

void shim_reference_dot(const uint32_t *a, const uint32_t *b, int64_t count,
                        uint32_t tensorScaleA, uint32_t tensorScaleB,
                        uint32_t init, int64_t additions, uint32_t *nearest,
                        uint64_t *value, uint64_t *bound) {
  std::vector<float> left = f32VectorFromBits(a, count);
  std::vector<float> right = f32VectorFromBits(b, count);
  DotReference dot =
      referenceDot(left.data(), right.data(), count, f32FromBits(tensorScaleA),
                   f32FromBits(tensorScaleB), f32FromBits(init), additions);
  *nearest = f32ToBits(dot.nearest);
  *value = f64ToBits(dot.value);
  *bound = f64ToBits(dot.bound);
}

//===----------------------------------------------------------------------===//
// N8: layouts
//===----------------------------------------------------------------------===//

int64_t shim_packed_bytes(int64_t count, uint32_t bits) {
  return getPackedBytes(count, bits);
}

void shim_pack_row(const uint8_t *codes, int64_t count, uint32_t bits,
                   uint8_t *row) {
  packRow(codes, count, bits, row);
}

void shim_unpack_row(const uint8_t *row, int64_t count, uint32_t bits,
                     uint8_t *codes) {
  unpackRow(row, count, bits, codes);
}

uint8_t shim_read_code(const uint8_t *row, int64_t k, uint32_t bits) {
  return readCode(row, k, bits);
}

void shim_write_code(uint8_t *row, int64_t k, uint32_t bits, uint8_t code) {
  writeCode(row, k, bits, code);
}

void shim_mxfp4_to_ggml(const uint8_t *payload, const uint8_t *scales,
                        int64_t blocks, uint8_t *structs) {
  mxfp4ToGgml(payload, scales, blocks, structs);
}

void shim_mxfp4_from_ggml(const uint8_t *structs, int64_t blocks,
                          uint8_t *payload, uint8_t *scales) {
  mxfp4FromGgml(structs, blocks, payload, scales);
}

void shim_nvfp4_to_ggml(const uint8_t *payload, const uint8_t *scales,
                        int64_t superBlocks, uint8_t *structs) {
  nvfp4ToGgml(payload, scales, superBlocks, structs);
}

void shim_nvfp4_from_ggml(const uint8_t *structs, int64_t superBlocks,
                          uint8_t *payload, uint8_t *scales) {
  nvfp4FromGgml(structs, superBlocks, payload, scales);
}

int64_t shim_scale_tile_bytes(int64_t rows, int64_t columns) {
  return getScaleTileBytes(rows, columns);
}

int64_t shim_scale_tile_offset(int64_t row, int64_t column, int64_t columns) {
  return getScaleTileOffset(row, column, columns);
}

void shim_scales_to_tiles(const uint8_t *scales, int64_t rows, int64_t columns,
                          uint8_t *tiles) {
  scalesToTiles(scales, rows, columns, tiles);
}

void shim_scales_from_tiles(const uint8_t *tiles, int64_t rows, int64_t columns,
                            uint8_t *scales) {
  scalesFromTiles(tiles, rows, columns, scales);
}

} // extern "C"
