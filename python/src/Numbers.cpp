//===- Numbers.cpp - quantising arrays, for Python ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Bindings.h"

static FormatTuple lookupFormat(const std::string &name) {
  MXFormat format;
  callUnlocked(mxFormatLookup, name.c_str(), &format);
  return {format.element, format.scale, format.block, format.hasTensorScale};
}

/// The random bits of stochastic rounding are 0 for rounding to nearest.
static float quantize(const FormatTuple &format, const std::string &rule,
                      uint32_t randomBits, uint64_t seed, bool isSatfinite,
                      std::optional<float> tensorScale,
                      const py::buffer &values,
                      const std::vector<int64_t> &shape, int64_t axis,
                      const py::buffer &payload, const py::buffer &scales) {
  auto [payloadBytes, scaleCount] = measure(format, shape, axis);
  MXBlocks blocks = makeBlocks(format, shape, axis);
  Buffer from(values, false), to(payload, true), toScales(scales, true);
  const auto *numbers = from.get<const float>(countElements(shape));
  blocks.payload = to.get<uint8_t>(payloadBytes);
  blocks.scales = toScales.get<uint8_t>(scaleCount);
  MXQuantization quantization{blocks.format,
                              rule.c_str(),
                              randomBits != 0,
                              randomBits,
                              seed,
                              isSatfinite,
                              tensorScale ? &*tensorScale : nullptr};
  callUnlocked(mxQuantize, &quantization, numbers, &blocks);
  return blocks.tensorScale;
}

static void dequantize(const FormatTuple &format, const py::buffer &payload,
                       const py::buffer &scales, float tensorScale,
                       const std::vector<int64_t> &shape, int64_t axis,
                       int type, const py::buffer &values) {
  auto [payloadBytes, scaleCount] = measure(format, shape, axis);
  MXBlocks blocks = makeBlocks(format, shape, axis);
  Buffer from(payload, false), fromScales(scales, false), to(values, true);
  blocks.payload = const_cast<uint8_t *>(from.get<const uint8_t>(payloadBytes));
  blocks.scales =
      const_cast<uint8_t *>(fromScales.get<const uint8_t>(scaleCount));
  blocks.tensorScale = tensorScale;
  int64_t width = type == MX_F64 ? 8 : type == MX_F32 ? 4 : 2;
  void *result = to.get<uint8_t>(width * countElements(shape));
  callUnlocked(mxDequantize, &blocks, static_cast<MXType>(type), result);
}

static void rotate(const py::buffer &values, const std::vector<int64_t> &shape,
                   int64_t axis, int64_t size,
                   const std::optional<std::vector<int8_t>> &signs,
                   bool isInverse) {
  // Any format will do: it checks shape and axis.
  measure({MX_E4M3, MX_E8M0, 1, false}, shape, axis);
  Buffer buffer(values, true);
  auto *numbers = buffer.get<float>(countElements(shape));
  checkSigns(size, signs);
  callUnlocked(mxRotate, numbers, static_cast<int64_t>(shape.size()),
               shape.data(), axis, size, signs ? signs->data() : nullptr,
               isInverse);
}

static std::vector<int8_t> drawSigns(uint64_t seed, int64_t size) {
  constexpr int64_t most = 256;
  std::vector<int8_t> signs(most);
  callUnlocked(mxDrawSigns, seed, size, signs.data());
  signs.resize(size);
  return signs;
}

static void encode(int element, const py::buffer &values,
                   const py::buffer &codes, int64_t count) {
  Buffer from(values, false), to(codes, true);
  const auto *numbers = from.get<const float>(count);
  auto *bytes = to.get<uint8_t>(count);
  callUnlocked(mxEncode, static_cast<MXElement>(element), numbers, count,
               bytes);
}

static void decode(int element, const py::buffer &codes,
                   const py::buffer &values, int64_t count) {
  Buffer from(codes, false), to(values, true);
  const auto *bytes = from.get<const uint8_t>(count);
  auto *numbers = to.get<float>(count);
  callUnlocked(mxDecode, static_cast<MXElement>(element), bytes, count,
               numbers);
}

void bindNumbers(py::module_ &m) {
  m.def("lookup_format", &lookupFormat, "name"_a);
  m.def("measure", &measure, "format"_a, "shape"_a, "axis"_a);
  m.def("quantize", &quantize, "format"_a, "rule"_a, "random_bits"_a, "seed"_a,
        "satfinite"_a, "tensor_scale"_a, "values"_a, "shape"_a, "axis"_a,
        "payload"_a, "scales"_a);
  m.def("dequantize", &dequantize, "format"_a, "payload"_a, "scales"_a,
        "tensor_scale"_a, "shape"_a, "axis"_a, "type"_a, "values"_a);
  m.def("rotate", &rotate, "values"_a, "shape"_a, "axis"_a, "size"_a, "signs"_a,
        "inverse"_a);
  m.def("draw_signs", &drawSigns, "seed"_a, "size"_a);
  m.def("encode", &encode, "element"_a, "values"_a, "codes"_a, "count"_a);
  m.def("decode", &decode, "element"_a, "codes"_a, "values"_a, "count"_a);
}
