//===- BlockParts.cpp - tensors in memory of the caller -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Walks tensors block by block. A row-major tensor blocked along `axis` is
// seen as [outer, length, inner] with the blocked axis in the middle.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockParts.h"
#include "FastQuantizer.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include <algorithm>
#include <cassert>

using namespace mxnum;

namespace {

/// The view of a tensor described above, with its rows of packed codes.
struct BlockedShape {
  int64_t outer = 0;
  int64_t length = 0;
  int64_t inner = 0;
  /// Blocks along the axis (N1.6).
  int64_t blocks = 0;
  /// Rows along the last dimension, which is packed (N8.1).
  int64_t rows = 0;
  int64_t rowLength = 0;
  int64_t rowBytes = 0;
  bool isBlockedAlongRows = false;

  /// Stays empty if the tensor has no elements.
  BlockedShape(const BlockFormat &format, const std::vector<int64_t> &shape,
               int64_t axis);

  int64_t countElements() const { return rows * rowLength; }

  /// The row-major place of the scale of element `index`.
  int64_t findScale(const BlockFormat &format, int64_t index) const {
    int64_t line = index / inner;
    int64_t block = line % length / format.block;
    return (line / length * blocks + block) * inner + index % inner;
  }
};

/// Where the parts go.
struct Target {
  const BlockFormat &format;
  float tensorScale;
  uint8_t *payload;
  uint8_t *scales;
};

} // namespace

template <typename Iterator>
static int64_t multiplyDimensions(Iterator begin, Iterator end) {
  int64_t product = 1;
  for (Iterator it = begin; it != end; ++it) {
    bool overflows = __builtin_mul_overflow(product, *it, &product);
    assert(!overflows && "no memory holds such a tensor");
    (void)overflows;
  }
  return product;
}

BlockedShape::BlockedShape(const BlockFormat &format,
                           const std::vector<int64_t> &shape, int64_t axis) {
  assert(axis >= 0 && axis < static_cast<int64_t>(shape.size()) &&
         "the blocked axis is an axis");
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    return;
  auto axisIt = shape.begin() + axis;
  outer = multiplyDimensions(shape.begin(), axisIt);
  length = *axisIt;
  inner = multiplyDimensions(axisIt + 1, shape.end());
  blocks = (length - 1) / format.block + 1;
  rows = multiplyDimensions(shape.begin(), shape.end() - 1);
  rowLength = shape.back();
  rowBytes = getPackedBytes(rowLength, getElementInfo(format.element).bits);
  isBlockedAlongRows = axisIt + 1 == shape.end();
}

/// Calls `visit(outer, block, inner, count)` for each run of up to `most`
/// blocks that are neighbours, in row-major order of the scales.
template <typename Visitor>
static void forEachBlock(const BlockedShape &shape, int64_t most,
                         Visitor visit) {
  for (int64_t outer = 0; outer < shape.outer; ++outer)
    for (int64_t block = 0; block < shape.blocks; ++block)
      for (int64_t inner = 0; inner < shape.inner; inner += most)
        visit(outer, block, inner, std::min(most, shape.inner - inner));
}

/// Writes the codes of a block whose first element has index `first` and whose
/// neighbours are `shape.inner` apart, in rows across the block.
static void storeCodes(const BlockedShape &shape, unsigned bits,
                       const uint8_t *codes, int64_t count, int64_t first,
                       uint8_t *payload) {
  int64_t row = first / shape.rowLength, column = first % shape.rowLength;
  int64_t rowStride = shape.inner / shape.rowLength;
  for (int64_t i = 0; i < count; ++i)
    writeCode(payload + (row + i * rowStride) * shape.rowBytes, column, bits,
              codes[i]);
}

/// Quantises a tensor whose blocks lie in rows.
static void quantizeRows(const BlockedShape &shape,
                         const QuantizeOptions &options, const float *values,
                         const Target &result) {
  // Long enough for vectors, short enough for a cache. N1.5: blocks start on a
  // byte.
  constexpr int64_t pieceLength = 4096;
  int64_t blocks = std::max<int64_t>(pieceLength / result.format.block, 1);
  int64_t length = blocks * result.format.block;
  unsigned bits = getElementInfo(result.format.element).bits;
  std::vector<uint8_t> codes(std::min(length, shape.rowLength));
  uint8_t *scales = result.scales;
  for (int64_t row = 0; row < shape.rows; ++row) {
    uint8_t *bytes = result.payload + row * shape.rowBytes;
    for (int64_t start = 0; start < shape.rowLength; start += length) {
      int64_t count = std::min(length, shape.rowLength - start);
      int64_t first = row * shape.rowLength + start;
      quantizeRow(result.format, options, result.tensorScale, values + first,
                  count, first, codes.data(), scales);
      packRow(codes.data(), count, bits, bytes + getPackedBytes(start, bits));
      scales += (count - 1) / result.format.block + 1;
    }
  }
}

/// Quantises a tensor whose blocks lie across rows. Neighbours, whose scales
/// are neighbours as well, are gathered to be quantised at once.
static void quantizeAcrossRows(const BlockedShape &shape,
                               const QuantizeOptions &options,
                               const float *values, const Target &result) {
  constexpr int64_t blocksAtOnce = 8;
  const BlockFormat &format = result.format;
  std::vector<float> gathered(blocksAtOnce * format.block);
  std::vector<uint8_t> codes(gathered.size());
  unsigned bits = getElementInfo(format.element).bits;
  uint8_t *scales = result.scales;
  auto stride = static_cast<uint64_t>(shape.inner);
  forEachBlock(
      shape, blocksAtOnce,
      [&](int64_t outer, int64_t block, int64_t inner, int64_t blocks) {
        int64_t start = block * format.block;
        int64_t count = std::min(format.block, shape.length - start);
        int64_t first = (outer * shape.length + start) * shape.inner + inner;
        for (int64_t i = 0; i < count; ++i)
          for (int64_t b = 0; b < blocks; ++b)
            gathered[b * count + i] = values[first + i * shape.inner + b];
        quantizeRun(format, options, result.tensorScale,
                    {gathered.data(), blocks * count, count,
                     static_cast<uint64_t>(first), stride, /*blockStride=*/1,
                     codes.data(), scales});
        scales += blocks;
        for (int64_t b = 0; b < blocks; ++b)
          storeCodes(shape, bits, codes.data() + b * count, count, first + b,
                     result.payload);
      });
}

int64_t mxnum::countPayloadBytes(const BlockFormat &format,
                                 const std::vector<int64_t> &shape) {
  BlockedShape view(format, shape, /*axis=*/0);
  return view.rows * view.rowBytes;
}

int64_t mxnum::countScales(const BlockFormat &format,
                           const std::vector<int64_t> &shape, int64_t axis) {
  BlockedShape view(format, shape, axis);
  return view.outer * view.blocks * view.inner;
}

float mxnum::quantizeTo(const BlockFormat &format,
                        const QuantizeOptions &options, const float *values,
                        const std::vector<int64_t> &shape, int64_t axis,
                        uint8_t *payload, uint8_t *scales) {
  assert(!explainInvalidFormat(format) && "N1.5 bounds formats");
  assert(!explainInvalidRule(format, options.rule, options.rounding) &&
         "the rule must fit the format");
  BlockedShape view(format, shape, axis);
  float tensorScale =
      computeTensorScale(format, options, values, view.countElements());
  Target target{format, tensorScale, payload, scales};
  if (view.isBlockedAlongRows)
    quantizeRows(view, options, values, target);
  else
    quantizeAcrossRows(view, options, values, target);
  return tensorScale;
}

namespace {

/// What codes and scale bytes of a format mean, looked up once.
struct DecodedBytes {
  explicit DecodedBytes(const BlockFormat &format) {
    unsigned codes = 1u << getElementInfo(format.element).bits;
    for (unsigned code = 0; code < codes; ++code)
      elements[code] = decodeElement(format.element, uint8_t(code));
    for (unsigned byte = 0; byte < 256; ++byte)
      scales[byte] = decodeScale(format.scale, uint8_t(byte));
  }

  double elements[256];
  double scales[256];
};

} // namespace

/// Calls `visit(index, value)` for each element with its exact value, which is
/// that of decodeValue.
template <typename Visitor>
static void forEachValue(const BlockParts &tensor, Visitor visit) {
  const BlockFormat &format = tensor.format;
  BlockedShape view(format, tensor.shape, tensor.axis);
  unsigned bits = getElementInfo(format.element).bits;
  DecodedBytes decoded(format);
  for (int64_t row = 0; row < view.rows; ++row) {
    const uint8_t *codes = tensor.payload + row * view.rowBytes;
    int64_t start = row * view.rowLength;
    const uint8_t *scales = tensor.scales + view.findScale(format, start);
    int64_t run = view.isBlockedAlongRows ? format.block : 1;
    for (int64_t column = 0; column < view.rowLength; column += run) {
      double scale = decoded.scales[*scales++];
      int64_t end = std::min(column + run, view.rowLength);
      for (int64_t k = column; k < end; ++k) {
        double value = decoded.elements[readCode(codes, k, bits)] * scale;
        visit(start + k,
              format.tensorScale ? value * tensor.tensorScale : value);
      }
    }
  }
}

void mxnum::dequantizeTo(const BlockParts &parts, float *result) {
  forEachValue(parts, [&](int64_t index, double value) {
    result[index] = static_cast<float>(value); // N1.7: the one rounding.
  });
}

void mxnum::dequantizeTo(const BlockParts &parts, double *result) {
  forEachValue(parts,
               [&](int64_t index, double value) { result[index] = value; });
}

void mxnum::dequantizeToBF16(const BlockParts &parts, uint16_t *result) {
  forEachValue(parts, [&](int64_t index, double value) {
    result[index] = f64ToBF16(value);
  });
}

void mxnum::dequantizeToF16(const BlockParts &parts, uint16_t *result) {
  forEachValue(parts, [&](int64_t index, double value) {
    result[index] = f64ToF16(value);
  });
}
