//===- Numbers.cpp - quantising arrays from C -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Text.h"
#include "mx/Numerics/BlockParts.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/RotationSigns.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::mx;
using namespace mxnum;
using llvm::Twine;

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
  auto read = readBlocks(*blocks, blocks->format, messages);
  if (!read)
    return false;
  *payloadBytes = countPayloadBytes(read->format, read->sizes);
  *scaleCount = countScales(read->format, read->sizes, blocks->axis);
  return true;
}

bool mxQuantize(const MXQuantization *quantization, const float *values,
                MXBlocks *blocks, MXText **messages) {
  setMessages(messages, "");
  auto task = readQuantization(*quantization, *blocks, messages);
  if (!task)
    return false;
  blocks->format = quantization->format;
  std::memset(blocks->payload, 0, countPayloadBytes(task->format, task->sizes));
  blocks->tensorScale =
      quantizeTo(task->format, task->options, values, task->sizes, blocks->axis,
                 blocks->payload, blocks->scales);
  return true;
}

bool mxDequantize(const MXBlocks *blocks, MXType type, void *values,
                  MXText **messages) {
  setMessages(messages, "");
  auto read = readBlocks(*blocks, blocks->format, messages);
  if (!read)
    return false;
  BlockParts parts{read->format,    read->sizes,    blocks->axis,
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

/// Rotates groups of `size` numbers that lie `inner` apart.
static void rotateGroups(float *values, int64_t groups, int64_t inner,
                         int64_t size, const int8_t *signs, bool isInverse) {
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
}

bool mxRotate(float *values, int64_t rank, const int64_t *shape, int64_t axis,
              int64_t size, const int8_t *signs, bool isInverse,
              MXText **messages) {
  setMessages(messages, "");
  auto sizes = readShape(rank, shape, axis, messages);
  if (!sizes || !checkRotation(size, signs, messages))
    return false;
  if ((*sizes)[axis] % size != 0)
    return fail(messages, "expected the size of axis " + Twine(axis) +
                              " to be a multiple of the rotation's " +
                              Twine(size) + ", got " + Twine((*sizes)[axis]));
  if (llvm::is_contained(*sizes, 0))
    return true;
  int64_t inner = 1, outer = 1;
  for (int64_t dim = 0; dim < rank; ++dim)
    (dim > axis ? inner : outer) *= (*sizes)[dim];
  rotateGroups(values, outer / size, inner, size, signs, isInverse);
  return true;
}

bool mxDrawSigns(uint64_t seed, int64_t size, int8_t *signs,
                 MXText **messages) {
  setMessages(messages, "");
  if (!checkRotation(size, nullptr, messages))
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
