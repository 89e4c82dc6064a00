//===- MatmulKernel.h - the inner loop of a product -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A few rows of one panel of f32 times four rows of another. Lane l of a
// vector<8 x f32> sums the terms k with k mod 8 = l; then the lanes are added,
// ((0+1)+(2+3)) + ((4+5)+(6+7)). The multiplications and additions of the loop,
// and nothing else in this folder, carry `contract`: a machine that can fuse
// them may, and the bound of N7.2 holds either way.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_MATMULKERNEL_H
#define MX_LIB_CONVERSION_MXTOLOOPS_MATMULKERNEL_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// Rows of the left and right panel. 2 x 4 vectors of sums and their operands
/// fit 16 registers; 4 x 4 would be an eighth faster on machines with 32 and
/// half as fast on those with 16.
inline constexpr int64_t kKernelRows = 2;
inline constexpr int64_t kKernelColumns = 4;
/// f32 lanes of a vector, on every machine.
inline constexpr int64_t kLanes = 8;

/// Emits the dot products of rows `row` … `row + rows - 1` of `lhs` with rows
/// `column` … `column + 3` of `rhs` and returns a vector<4 x f32> for each of
/// the former. Panels are memref<? x (multiple of 8) x f32>, aligned to a
/// vector; `depth` columns are read, rounded up to whole vectors.
SmallVector<Value> emitDotProducts(ImplicitLocOpBuilder &b, Value lhs,
                                   Value row, int64_t rows, Value rhs,
                                   Value column, Value depth);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_MATMULKERNEL_H
