//===- Quantize.cpp - from tensors to blocks and back ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Quantize.h"
#include "mx/Numerics/BlockParts.h"

using namespace mxnum;

BlockTensor mxnum::quantize(const BlockFormat &format,
                            const QuantizeOptions &options, const float *values,
                            const std::vector<int64_t> &shape, int64_t axis) {
  BlockTensor result{format, shape, axis, {}, {}, 1.0f};
  result.payload.resize(countPayloadBytes(format, shape));
  result.scales.resize(countScales(format, shape, axis));
  result.tensorScale = quantizeTo(format, options, values, shape, axis,
                                  result.payload.data(), result.scales.data());
  return result;
}

double mxnum::decodeValue(const BlockFormat &format, uint8_t code,
                          uint8_t scale, float tensorScale) {
  // 4 + 4 + 24 significant bits at most, and exponents far inside a double's
  // range: both products are exact.
  double value = static_cast<double>(decodeElement(format.element, code)) *
                 decodeScale(format.scale, scale);
  return format.tensorScale ? value * tensorScale : value;
}

static BlockParts getParts(const BlockTensor &tensor) {
  return {tensor.format,         tensor.shape,         tensor.axis,
          tensor.payload.data(), tensor.scales.data(), tensor.tensorScale};
}

static int64_t countElements(const BlockTensor &tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  return count;
}

std::vector<float> mxnum::dequantize(const BlockTensor &tensor) {
  std::vector<float> result(countElements(tensor));
  dequantizeTo(getParts(tensor), result.data());
  return result;
}

std::vector<double> mxnum::decodeAll(const BlockTensor &tensor) {
  std::vector<double> result(countElements(tensor));
  dequantizeTo(getParts(tensor), result.data());
  return result;
}
