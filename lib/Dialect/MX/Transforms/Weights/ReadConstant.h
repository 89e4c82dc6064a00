//===- ReadConstant.h - the numbers of one constant -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What WeightData does with the constant at the end of an expression: straight
// from its bytes to f32, in the order that the expression wants. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H

#include "mlir/IR/Operation.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mlir::mx {

/// Calls `body` with the begin and end of pieces of 0 … `count` - 1, each
/// element of which stands for `weight` numbers. Pieces do not depend on
/// threads.
void forPieces(int64_t count, int64_t weight,
               const mxquant::ParallelFor &parallel,
               const std::function<void(int64_t begin, int64_t end)> &body);

/// Returns the numbers of an arith.constant or mx.constant, dimension i of the
/// result being dimension permutation[i] of the constant. Fails, having said
/// why, if data are missing or of another length.
FailureOr<std::vector<float>>
readConstant(Operation *constant, ArrayRef<int64_t> permutation,
             const mxquant::ParallelFor &parallel);

/// Returns the numbers of an arith.constant that multiplies: one if it is a
/// number or a splat, else all. Fails as above.
FailureOr<std::vector<float>> readFactor(Operation *constant);

/// Permutes the dimensions of row-major numbers of `shape`.
std::vector<float> transposeNumbers(const std::vector<float> &values,
                                    ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> permutation,
                                    const mxquant::ParallelFor &parallel);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_READCONSTANT_H
