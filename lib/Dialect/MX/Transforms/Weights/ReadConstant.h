//===- ReadConstant.h - the numbers of one constant -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What WeightData does with the constant at the end of an expression: straight
// from its bytes to f32, in the order that the expression wants. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H

#include "Weights/WeightExpression.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mlir::mx {

/// Calls `body` with the begin and end of pieces of 0 … `count` - 1, each
/// element of which stands for `weight` numbers. Pieces do not depend on
/// threads.
void forPieces(int64_t count, int64_t weight,
               const mxquant::ParallelFor &parallel,
               const std::function<void(int64_t begin, int64_t end)> &body);

/// Returns the numbers of a part of an arith.constant or mx.constant. Of a
/// plain one, only the part is read. Fails, having said why, if data are
/// missing or of another length.
FailureOr<std::vector<float>>
readConstant(Operation *constant, const SliceView &part,
             const mxquant::ParallelFor &parallel);

/// Returns the numbers of an arith.constant that multiplies: one if it is a
/// number or a splat, else all. Fails as above.
FailureOr<std::vector<float>> readFactor(Operation *constant);

/// Returns a part of row-major numbers of `shape`.
std::vector<float> takePart(const std::vector<float> &values,
                            ArrayRef<int64_t> shape, const SliceView &part,
                            const mxquant::ParallelFor &parallel);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H
