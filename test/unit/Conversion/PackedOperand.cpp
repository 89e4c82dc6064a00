//===- PackedOperand.cpp - operands of packed operations ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Random matrices. Only lib/Numerics says what their bytes mean.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Quantize.h"
#include <cmath>
#include <cstring>

using namespace mxtest;
using namespace mxnum;

//===----------------------------------------------------------------------===//
// Kinds and text
//===----------------------------------------------------------------------===//

const std::vector<Kind> &mxtest::getKinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> result{{"f32", {}}, {"bf16", {}}, {"f16", {}}};
    for (const NamedFormat &named : kNamedFormats)
      result.push_back({named.name, named.format});
    return result;
  }();
  return kinds;
}

Kind mxtest::makeKind(const BlockFormat &format) {
  static const char *elements[] = {"f4E2M1FN", "f6E2M3FN", "f6E3M2FN",
                                   "f8E4M3FN", "f8E5M2"};
  std::string body = "element = ";
  body += elements[static_cast<size_t>(format.element)];
  body += format.scale == ScaleType::E8M0 ? ", scale = f8E8M0FNU"
                                          : ", scale = f8E4M3FN";
  body += ", block = " + std::to_string(format.block);
  if (format.tensorScale)
    body += ", tensor_scale";
  return {body, format};
}

std::string mxtest::getMemRefType(int64_t rank, const std::string &element,
                                  bool isStrided) {
  std::string sizes, strides;
  for (int64_t i = 0; i < rank; ++i) {
    sizes += "?x";
    strides += i + 1 == rank && !isStrided ? "1" : "?";
    strides += i + 1 == rank ? "" : ", ";
  }
  return "memref<" + sizes + element + ", strided<[" + strides +
         "], offset: ?>>";
}

std::vector<std::string> mxtest::getPartTypes(const Kind &kind, int64_t rank,
                                              bool isStrided) {
  if (!kind.format)
    return {getMemRefType(rank, kind.name, isStrided)};
  std::vector<std::string> types(2, getMemRefType(rank, "i8", isStrided));
  if (kind.format->tensorScale)
    types.push_back("memref<f32>");
  return types;
}

std::string mxtest::declareArguments(const std::string &prefix,
                                     const std::vector<std::string> &types) {
  std::string text;
  for (size_t i = 0; i < types.size(); ++i)
    text += (i ? ", %" : "%") + prefix + std::to_string(i) + ": " + types[i];
  return text;
}

std::string mxtest::useArguments(const std::string &prefix,
                                 const std::vector<std::string> &types) {
  std::string names, list;
  for (size_t i = 0; i < types.size(); ++i) {
    names += (i ? ", %" : "%") + prefix + std::to_string(i);
    list += (i ? ", " : "") + types[i];
  }
  return names + " : " + list;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

int64_t mxtest::getNumberBytes(const std::string &type) {
  return type == "f32" ? 4 : 2;
}

float mxtest::loadNumber(const std::string &type, const void *address) {
  float value;
  uint16_t bits;
  if (type == "f32")
    return std::memcpy(&value, address, sizeof(value)), value;
  std::memcpy(&bits, address, sizeof(bits));
  return type == "bf16" ? bf16ToF32(bits) : f16ToF32(bits);
}

void mxtest::storeNumber(const std::string &type, float value, void *address) {
  if (type == "f32") {
    std::memcpy(address, &value, sizeof(value));
    return;
  }
  uint16_t bits = type == "bf16" ? f32ToBF16(value) : f32ToF16(value);
  std::memcpy(address, &bits, sizeof(bits));
}

//===----------------------------------------------------------------------===//
// Operand
//===----------------------------------------------------------------------===//

/// Elements between the rows that belong to no row.
static constexpr int64_t kGap = 3;

Operand::Operand(const Kind &kind, int64_t batch, int64_t rows, int64_t count,
                 Fill fill, uint32_t seed)
    : kind(kind), allRows(batch * rows), count(count), random(seed) {
  if (kind.format)
    fillPacked(fill);
  else
    fillPlain(fill);
  decode();
}

void Operand::fillPlain(Fill fill) {
  int64_t size = getNumberBytes(kind.name);
  pitch = (count + kGap) * size;
  // 0xFF everywhere is NaN in all three types.
  bytes.assign(allRows * pitch, 0xFF);
  for (int64_t row = 0; row < allRows; ++row) {
    for (int64_t k = 0; k < count; ++k) {
      uint8_t *address = &bytes[row * pitch + k * size];
      float value = static_cast<int>(random() % 49) * 0.5f - 12;
      if (fill == Fill::Finite)
        value = std::ldexp(static_cast<float>(random()) * 0x1p-31f - 1,
                           static_cast<int>(random() % 10) - 5);
      if (fill == Fill::Any)
        for (int64_t i = 0; i < size; ++i)
          address[i] = static_cast<uint8_t>(random());
      else
        storeNumber(kind.name, value, address);
    }
  }
}

uint8_t Operand::makeCode(Fill fill) {
  unsigned bits = getElementInfo(kind.format->element).bits;
  for (;;) {
    auto code = static_cast<uint8_t>(random() & ((1u << bits) - 1));
    float value = decodeElement(kind.format->element, code);
    bool isExact = std::fabs(value) <= 6 && std::rint(2 * value) == 2 * value;
    if (fill == Fill::Any || (fill == Fill::Exact && isExact) ||
        (fill == Fill::Finite && std::isfinite(value)))
      return code;
  }
}

uint8_t Operand::makeScale(Fill fill) {
  if (fill == Fill::Any)
    return static_cast<uint8_t>(random());
  bool isE8M0 = kind.format->scale == ScaleType::E8M0;
  if (fill == Fill::Exact)
    return isE8M0 ? 127 + random() % 2 : encodeUE4M3(1.0f + random() % 2);
  return isE8M0 ? 120 + random() % 10 : random() % 0x7F;
}

void Operand::fillPacked(Fill fill) {
  const BlockFormat &format = *kind.format;
  unsigned bits = getElementInfo(format.element).bits;
  int64_t blocks = (count + format.block - 1) / format.block;
  pitch = getPackedBytes(count, bits) + kGap;
  scalePitch = blocks + kGap;
  bytes.resize(allRows * pitch);
  // Garbage scales are NaN.
  scales.assign(allRows * scalePitch, 0xFF);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(random());
  for (int64_t row = 0; row < allRows; ++row) {
    for (int64_t k = 0; k < count; ++k)
      writeCode(&bytes[row * pitch], k, bits, makeCode(fill));
    for (int64_t block = 0; block < blocks; ++block)
      scales[row * scalePitch + block] = makeScale(fill);
  }
  if (format.tensorScale)
    tensorScale[0] = fill == Fill::Exact ? 0.25f : 0.37f;
}

void Operand::decode() {
  values.resize(allRows * count);
  for (int64_t row = 0; row < allRows; ++row)
    for (int64_t k = 0; k < count; ++k) {
      float &value = values[row * count + k];
      const uint8_t *bytesOfRow = &bytes[row * pitch];
      if (!kind.format) {
        value =
            loadNumber(kind.name, bytesOfRow + k * getNumberBytes(kind.name));
        continue;
      }
      uint8_t code =
          readCode(bytesOfRow, k, getElementInfo(kind.format->element).bits);
      uint8_t scale = scales[row * scalePitch + k / kind.format->block];
      value = decodeElement(kind.format->element, code) *
              decodeScale(kind.format->scale, scale);
    }
}

double Operand::getExact(int64_t row, int64_t k) const {
  uint8_t code = readCode(&bytes[row * pitch], k,
                          getElementInfo(kind.format->element).bits);
  uint8_t scale = scales[row * scalePitch + k / kind.format->block];
  return decodeValue(*kind.format, code, scale, getTensorScale());
}

void Operand::scaleNumbers(float factor) {
  for (int64_t row = 0; row < allRows; ++row)
    for (int64_t k = 0; k < count; ++k) {
      uint8_t *address = &bytes[row * pitch + k * sizeof(float)];
      storeNumber(kind.name, loadNumber(kind.name, address) * factor, address);
    }
  decode();
}

void Operand::setScale(int64_t row, int64_t block, uint8_t byte) {
  scales[row * scalePitch + block] = byte;
  decode();
}

std::vector<Argument> Operand::getArguments() {
  return getArguments({allRows});
}

std::vector<Argument>
Operand::getArguments(const std::vector<int64_t> &leading) {
  auto makeArgument = [&](std::vector<uint8_t> &data, int64_t width,
                          int64_t step) {
    std::vector<int64_t> shape(leading), strides(leading.size() + 1, 1);
    shape.push_back(width);
    int64_t stride = step;
    for (size_t i = leading.size(); i-- > 0; stride *= leading[i])
      strides[i] = stride;
    return Argument(data, shape, strides);
  };
  if (!kind.format)
    return {makeArgument(bytes, count, count + kGap)};
  std::vector<Argument> result{
      makeArgument(bytes, pitch - kGap, pitch),
      makeArgument(scales, scalePitch - kGap, scalePitch)};
  if (kind.format->tensorScale)
    result.push_back(Argument(tensorScale, {}));
  return result;
}
