//===- BlockParts.h - tensors in memory of the caller -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What Quantize.h does with vectors of its own, on bytes that somebody else
// keeps: an array of Python, a file that is being written. Nothing here
// allocates more than the numbers of a few blocks.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_BLOCKPARTS_H
#define MX_NUMERICS_BLOCKPARTS_H

#include "mx/Numerics/Quantize.h"

namespace mxnum {

/// The bytes of a row-major tensor in `format`, blocked along `axis`, as
/// BlockTensor has them.
struct BlockParts {
  BlockFormat format;
  std::vector<int64_t> shape;
  int64_t axis;
  const uint8_t *payload;
  const uint8_t *scales;
  float tensorScale;
};

/// The lengths of the parts; the shape's product must not overflow.
int64_t countPayloadBytes(const BlockFormat &format,
                          const std::vector<int64_t> &shape);
int64_t countScales(const BlockFormat &format,
                    const std::vector<int64_t> &shape, int64_t axis);

/// Quantises a row-major tensor to `payload`, which must hold zeros, and
/// `scales`. Returns the tensor scale. The rest is as in `quantize`.
float quantizeTo(const BlockFormat &format, const QuantizeOptions &options,
                 const float *values, const std::vector<int64_t> &shape,
                 int64_t axis, uint8_t *payload, uint8_t *scales);

/// Dequantises to one row-major array, with one rounding (N1.7); a double needs
/// none (N1.4).
void dequantizeTo(const BlockParts &parts, float *result);
void dequantizeTo(const BlockParts &parts, double *result);
void dequantizeToBF16(const BlockParts &parts, uint16_t *result);
void dequantizeToF16(const BlockParts &parts, uint16_t *result);

} // namespace mxnum

#endif // MX_NUMERICS_BLOCKPARTS_H
