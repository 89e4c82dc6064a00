//===- TensorMaps.h - descriptions of tensors for copies --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A tensor copy takes a pointer to 128 bytes, which are a parameter that
// kernels take by value. They are made by whoever loads the kernels, by a
// function that is declared here:
//
//   mx_encode_tensor_map(address, rank, bits of an element, extents, strides in
//                        bytes of all axes but the first, box, bytes of the
//                        swizzle) -> the map, or null if it is refused
//
// Axes are listed from the innermost one. A map need not stay longer than until
// the launch it is for has been asked for.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_TENSORMAPS_H
#define MX_LIB_CONVERSION_MXTONVVM_TENSORMAPS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// Matrices of bytes without gaps, and the box that a copy brings.
struct ByteMatrices {
  /// A pointer, and sizes of type index.
  Value address, rowLength, rows, matrices;
  int boxBytes, boxRows;
};

/// Makes a map with a swizzle of 128 bytes; returns the pointer and an i1:
/// whether it was accepted.
std::pair<Value, Value> encodeTensorMap(ImplicitLocOpBuilder &b,
                                        const ByteMatrices &bytes);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_TENSORMAPS_H
