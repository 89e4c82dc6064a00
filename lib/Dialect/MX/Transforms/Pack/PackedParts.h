//===- PackedParts.h - the parts of a value being packed --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What `mx-pack-layouts` holds in place of an !mx.tensor: its payload bytes,
// scale bytes, tensor scale and, if the last dimension is dynamic, that
// dimension's size, which the number of bytes alone does not tell (N8.1).
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_PACKEDPARTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_PACKEDPARTS_H

#include "mlir/IR/Builders.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {

struct PackedParts {
  Value payload;
  Value scales;
  /// Null if the format has no tensor scale.
  Value tensorScale;
  /// Size of the last dimension; null if it is static.
  Value size;

  /// Takes the values that the type converter made for `type` apart, and puts
  /// them together again.
  static PackedParts fromValues(BlockTensorType type, ValueRange values);
  SmallVector<Value> toValues() const;
};

/// The builtin types of a value's parts, in order. With `withSize`, a dynamic
/// last dimension adds an index.
SmallVector<Type> getPartTypes(BlockTensorType type, bool withSize);

/// The sizes of a value's dimensions.
SmallVector<OpFoldResult> getMixedSizes(OpBuilder &builder, Location loc,
                                        BlockTensorType type,
                                        const PackedParts &parts);

/// ceil(size * multiplier / divisor), folded if the size is static.
OpFoldResult createScaledSize(OpBuilder &builder, Location loc,
                              OpFoldResult size, int64_t multiplier,
                              int64_t divisor);

/// Uninitialised parts for a value of `type` and `sizes`; the tensor scale is
/// left null.
PackedParts createEmptyParts(OpBuilder &builder, Location loc,
                             BlockTensorType type,
                             ArrayRef<OpFoldResult> sizes);

/// Dimension i of the result is dimension permutation[i] of `source`.
Value transposeTensor(OpBuilder &builder, Location loc, Value source,
                      ArrayRef<int64_t> permutation);

/// Parts of the transposed value, and its type.
std::pair<BlockTensorType, PackedParts>
transposeParts(OpBuilder &builder, Location loc, BlockTensorType type,
               const PackedParts &parts, ArrayRef<int64_t> permutation);

/// The permutation that moves `axis` to the end, and the one that moves the
/// last dimension back to `axis`.
SmallVector<int64_t> getAxisToEnd(int64_t rank, int64_t axis);
SmallVector<int64_t> getEndToAxis(int64_t rank, int64_t axis);

/// `value` with static sizes as in `type`, by a tensor.cast if needed.
Value castTo(OpBuilder &builder, Location loc, Value value,
             RankedTensorType type);

/// Canonical bytes of codes that stand one in a byte (`i8`), and back.
Value packCodes(OpBuilder &builder, Location loc, Value codes, unsigned bits);
Value unpackCodes(OpBuilder &builder, Location loc, Value bytes,
                  ArrayRef<OpFoldResult> sizes, unsigned bits);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_PACKEDPARTS_H
