//===- WeightData.h - constant weights as numbers ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights may be gigabytes. A rotated or transposed weight therefore stays an
// expression over the original constant until it is quantised: evaluated then,
// in f32 throughout, one tensor at a time. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTDATA_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTDATA_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mlir::mx {

/// The numbers of a weight, row-major, in the shape of `type`.
struct Weights {
  RankedTensorType type;
  std::vector<float> values;
};

/// Whether `value` is a constant of f32, bf16 or f16 numbers (dense, splat or
/// resource) or is made from such constants by operations that evaluateWeights
/// knows: linalg.transpose, mx.rotate, also of a part, tensor.collapse_shape,
/// tensor.expand_shape, tensor.extract_slice, arith.extf, and products with a
/// constant vector along one axis.
bool isWeight(Value value);

/// Evaluates such a value in f32; what the operations round in between is not
/// rounded. Fails, having said why, if data are missing or of another length.
/// Where it reads in order, it releases what it has read.
FailureOr<Weights> evaluateWeights(Value value,
                                   const mxquant::ParallelFor &parallel);

/// Tells the system that the data below `value` are not needed for now: pages
/// of a mapped file leave memory and come back when read.
void releaseWeights(Value value);

/// A constant of these numbers, each rounded once to the element type; a
/// resource if it is large.
ElementsAttr createWeights(const Weights &weights);

/// The WeightLoop of the context, or a loop on its threads if it has none.
mxquant::ParallelFor getParallelFor(MLIRContext *context);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTDATA_H
