//===- FusedProducts.h - slices of one product ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Queries, keys and values, or gate and up projections, are often one product
// that is cut apart afterwards. Each slice is then made by rows of the weight
// that are its own, and may be rotated without the others. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_FUSEDPRODUCTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_FUSEDPRODUCTS_H

#include "Rotate/RotationAlgebra.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::mx {

/// If all that reads the source of `slice` takes a part of a product with a
/// constant, and no two parts overlap, returns the tie of dimension `axis` of
/// the slice with its part of the constants; an obstacle if the part does not
/// consist of whole groups. Otherwise returns nothing: the slice commutes with
/// its whole source or not at all.
std::optional<Tie> getFusedTie(tensor::ExtractSliceOp slice, int64_t axis,
                               int64_t size);

/// If `value` is a product with a constant, perhaps with constants added, whose
/// columns are dimension `axis`, returns these constants and where each has the
/// columns; else nothing.
SmallVector<AxisUse> findColumnConstants(Value value, int64_t axis,
                                         int64_t size);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FUSEDPRODUCTS_H
