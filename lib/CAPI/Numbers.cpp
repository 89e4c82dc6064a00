//===- Numbers.cpp - quantising arrays from C -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// lib/Numerics states what must hold of its arguments; here it is checked.
//===----------------------------------------------------------------------===//

#include "Text.h"
#include "mx/Driver/Array.h"
#include "mx/Numerics/BlockParts.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/RotationSigns.h"

using namespace mxnum;
using llvm::Twine;
using mlir::mx::fail;
using mlir::mx::setMessages;

static_assert(static_cast<int>(ElementType::E2M1) == MX_E2M1 &&
                  static_cast<int>(ElementType::E5M2) == MX_E5M2 &&
                  static_cast<int>(ScaleType::E8M0) == MX_E8M0 &&
                  static_cast<int>(ScaleType::UE4M3) == MX_UE4M3,
              "the types of the two interfaces have the same numbers");

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static bool checkElement(MXElement element, MXText **messages) {
  if (element >= MX_E2M1 && element <= MX_E5M2)
    return true;
  return fail(messages, "expected an element type of MXElement, got " +
                            Twine(static_cast<int>(element)));
}

static std::optional<BlockFormat> readFormat(const MXFormat &format,
                                             MXText **messages) {
  if (!checkElement(format.element, messages))
    return std::nullopt;
  if (format.scale != MX_E8M0 && format.scale != MX_UE4M3) {
    fail(messages, "expected a scale type of MXScale, got " +
                       Twine(static_cast<int>(format.scale)));
    return std::nullopt;
  }
  BlockFormat result{static_cast<ElementType>(format.element),
                     static_cast<ScaleType>(format.scale), format.block,
                     format.hasTensorScale};
  if (const char *expected = explainInvalidFormat(result)) {
    fail(messages, "expected " + Twine(expected) + ", got " +
                       Twine(format.block) + " elements of " +
                       Twine(getElementInfo(result.element).bits) + " bits");
    return std::nullopt;
  }
  return result;
}

/// Reads a shape that has an axis `axis` and whose f64 elements fit in memory.
static std::optional<std::vector<int64_t>>
readShape(int64_t rank, const int64_t *shape, int64_t axis, MXText **messages) {
  if (rank < 1) {
    fail(messages,
         "expected an array of at least one dimension, got " + Twine(rank));
    return std::nullopt;
  }
  if (axis < 0 || axis >= rank) {
    fail(messages, "expected an axis from 0 to " + Twine(rank - 1) + ", got " +
                       Twine(axis));
    return std::nullopt;
  }
  llvm::ArrayRef<int64_t> sizes(shape, rank);
  if (!mlir::mx::countElements(sizes, sizeof(double))) {
    fail(messages, "expected sizes of an array of less than 2^62 bytes, got '" +
                       mlir::mx::formatShape(sizes, mlir::mx::DType::F32) +
                       "'");
    return std::nullopt;
  }
  return sizes.vec();
}

static bool checkCount(int64_t count, MXText **messages) {
  if (count >= 0)
    return true;
  return fail(messages, "expected a number of elements, got " + Twine(count));
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

bool mxFormatLookup(const char *name, MXFormat *format, MXText **messages) {
  setMessages(messages, "");
  if (std::optional<BlockFormat> found = lookupFormat(name)) {
    *format = {static_cast<MXElement>(found->element),
               static_cast<MXScale>(found->scale), found->block,
               found->tensorScale};
    return true;
  }
  std::string names;
  for (const NamedFormat &each : kNamedFormats)
    names += (names.empty() ? "'" : ", '") + std::string(each.name) + "'";
  return fail(messages,
              "expected a format (" + Twine(names) + "), got '" + name + "'");
}

bool mxBlocksMeasure(const MXBlocks *blocks, int64_t *payloadBytes,
                     int64_t *scaleCount, MXText **messages) {
  setMessages(messages, "");
  auto format = readFormat(blocks->format, messages);
  if (!format)
    return false;
  auto shape = readShape(blocks->rank, blocks->shape, blocks->axis, messages);
  if (!shape)
    return false;
  *payloadBytes = countPayloadBytes(*format, *shape);
  *scaleCount = countScales(*format, *shape, blocks->axis);
  return true;
}

static std::optional<QuantizeOptions>
readOptions(const MXQuantization &quantization, const BlockFormat &format,
            MXText **messages) {
  QuantizeOptions options;
  std::optional<ScaleRule> rule = lookupScaleRule(quantization.scaleRule);
  if (!rule) {
    std::string names;
    for (ScaleRule each : kScaleRules)
      names += (names.empty() ? "'" : ", '") +
               std::string(getScaleRuleName(each)) + "'";
    fail(messages, "expected a scale rule (" + names + "), got '" +
                       quantization.scaleRule + "'");
    return std::nullopt;
  }
  options.rule = *rule;
  options.rounding =
      quantization.isStochastic ? Rounding::Stochastic : Rounding::NearestEven;
  if (const char *expected =
          explainInvalidRule(format, options.rule, options.rounding)) {
    fail(messages, "expected " + Twine(expected) + ", got '" +
                       quantization.scaleRule + "'");
    return std::nullopt;
  }
  constexpr uint32_t mostBits = 23;
  if (quantization.isStochastic &&
      (quantization.randomBits < 1 || quantization.randomBits > mostBits)) {
    fail(messages,
         "expected 1 to 23 random bits, got " + Twine(quantization.randomBits));
    return std::nullopt;
  }
  options.randomBits = quantization.randomBits;
  options.seed = quantization.seed;
  options.satfinite = quantization.isSatfinite;
  if (quantization.tensorScale)
    options.tensorScale = *quantization.tensorScale;
  return options;
}

bool mxQuantize(const MXQuantization *quantization, const float *values,
                MXBlocks *blocks, MXText **messages) {
  setMessages(messages, "");
  auto format = readFormat(quantization->format, messages);
  if (!format)
    return false;
  auto options = readOptions(*quantization, *format, messages);
  if (!options)
    return false;
  auto shape = readShape(blocks->rank, blocks->shape, blocks->axis, messages);
  if (!shape)
    return false;
  blocks->format = quantization->format;
  std::memset(blocks->payload, 0, countPayloadBytes(*format, *shape));
  blocks->tensorScale =
      quantizeTo(*format, *options, values, *shape, blocks->axis,
                 blocks->payload, blocks->scales);
  return true;
}

bool mxDequantize(const MXBlocks *blocks, MXType type, void *values,
                  MXText **messages) {
  setMessages(messages, "");
  auto format = readFormat(blocks->format, messages);
  if (!format)
    return false;
  auto shape = readShape(blocks->rank, blocks->shape, blocks->axis, messages);
  if (!shape)
    return false;
  BlockParts parts{*format,         *shape,         blocks->axis,
                   blocks->payload, blocks->scales, blocks->tensorScale};
  switch (type) {
  case MX_F32:
    dequantizeTo(parts, static_cast<float *>(values));
    return true;
  case MX_F64:
    dequantizeTo(parts, static_cast<double *>(values));
    return true;
  case MX_BF16:
    dequantizeToBF16(parts, static_cast<uint16_t *>(values));
    return true;
  case MX_F16:
    dequantizeToF16(parts, static_cast<uint16_t *>(values));
    return true;
  default:
    return fail(messages, "expected f32, f64, bf16 or f16 as the type of the "
                          "result, got another");
  }
}

//===----------------------------------------------------------------------===//
// Rotation
//===----------------------------------------------------------------------===//

static bool checkRotation(int64_t size, MXText **messages) {
  if (isHadamardSize(size))
    return true;
  return fail(messages, "expected the size of a rotation to be a power of two "
                        "from 2 to 256, got " +
                            Twine(size));
}

static bool checkSigns(const int8_t *signs, int64_t size, MXText **messages) {
  for (int64_t i = 0; signs && i < size; ++i)
    if (signs[i] != 1 && signs[i] != -1)
      return fail(messages, "expected signs that are 1 or -1, got " +
                                Twine(static_cast<int>(signs[i])));
  return true;
}

bool mxRotate(float *values, int64_t rank, const int64_t *shape, int64_t axis,
              int64_t size, const int8_t *signs, bool isInverse,
              MXText **messages) {
  setMessages(messages, "");
  auto sizes = readShape(rank, shape, axis, messages);
  if (!sizes || !checkRotation(size, messages) ||
      !checkSigns(signs, size, messages))
    return false;
  if ((*sizes)[axis] % size != 0)
    return fail(messages, "expected the size of axis " + Twine(axis) +
                              " to be a multiple of the rotation's " +
                              Twine(size) + ", got " + Twine((*sizes)[axis]));
  if (llvm::is_contained(*sizes, 0))
    return true;
  int64_t inner = 1, groups = 1;
  for (int64_t dim = 0; dim < rank; ++dim)
    (dim > axis ? inner : groups) *= (*sizes)[dim];
  groups /= size;
  float group[kMaxHadamard];
  for (int64_t outer = 0; outer < groups; ++outer)
    for (int64_t column = 0; column < inner; ++column) {
      float *first = values + outer * size * inner + column;
      for (int64_t i = 0; i < size; ++i)
        group[i] = first[i * inner];
      rotateGroup(group, size, signs, isInverse);
      for (int64_t i = 0; i < size; ++i)
        first[i * inner] = group[i];
    }
  return true;
}

bool mxDrawSigns(uint64_t seed, int64_t size, int8_t *signs,
                 MXText **messages) {
  setMessages(messages, "");
  if (!checkRotation(size, messages))
    return false;
  drawRotationSigns(seed, size, signs);
  return true;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

bool mxEncode(MXElement element, const float *values, int64_t count,
              uint8_t *codes, MXText **messages) {
  setMessages(messages, "");
  if (!checkElement(element, messages) || !checkCount(count, messages))
    return false;
  for (int64_t i = 0; i < count; ++i)
    codes[i] = encodeElement(static_cast<ElementType>(element), values[i]);
  return true;
}

bool mxDecode(MXElement element, const uint8_t *codes, int64_t count,
              float *values, MXText **messages) {
  setMessages(messages, "");
  if (!checkElement(element, messages) || !checkCount(count, messages))
    return false;
  for (int64_t i = 0; i < count; ++i)
    values[i] = decodeElement(static_cast<ElementType>(element), codes[i]);
  return true;
}
