//===- Arguments.h - what callers of C pass, checked ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// lib/Numerics and lib/Quantization state what must hold of their arguments;
// here it is checked. Each function says what is wrong and returns nothing.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CAPI_ARGUMENTS_H
#define MX_LIB_CAPI_ARGUMENTS_H

#include "mx-c/MX.h"
#include "mx/Numerics/Quantize.h"
#include <optional>
#include <vector>

namespace mlir::mx {

/// A format, and a shape in elements whose f64 numbers fit in memory.
struct BlockShape {
  mxnum::BlockFormat format;
  std::vector<int64_t> sizes;
};

/// A quantisation of an array of a certain shape.
struct QuantizationTask {
  mxnum::BlockFormat format;
  std::vector<int64_t> sizes;
  mxnum::QuantizeOptions options;
};

bool checkElement(MXElement element, MXText **messages);
bool checkCount(int64_t count, MXText **messages);

/// A shape that has an axis `axis`.
std::optional<std::vector<int64_t>>
readShape(int64_t rank, const int64_t *shape, int64_t axis, MXText **messages);

/// What is known of `blocks` beside its bytes, with its own format or another.
std::optional<BlockShape> readBlocks(const MXBlocks &blocks,
                                     const MXFormat &format, MXText **messages);

/// What is to be done to numbers that shall lie in `blocks`.
std::optional<QuantizationTask>
readQuantization(const MXQuantization &quantization, const MXBlocks &blocks,
                 MXText **messages);

/// Whether groups of `size` numbers with `signs` (null for none) can be
/// rotated.
bool checkRotation(int64_t size, const int8_t *signs, MXText **messages);

} // namespace mlir::mx

#endif // MX_LIB_CAPI_ARGUMENTS_H
