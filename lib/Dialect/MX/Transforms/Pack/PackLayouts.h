//===- PackLayouts.h - patterns of mx-pack-layouts --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_PACKLAYOUTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_PACKLAYOUTS_H

#include "Pack/PackedParts.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::mx {

/// Marks the mx.unbundle operations that function boundaries need.
inline constexpr llvm::StringLiteral boundaryAttr = "mx.boundary";

/// One pattern for each graph operation but the products, and one for
/// arith.select. `converter` maps !mx.tensor to its parts with size.
void populatePackGraphOpsPatterns(const TypeConverter &converter,
                                  RewritePatternSet &patterns);

/// The patterns of mx.matmul and mx.grouped_matmul.
void populatePackProductsPatterns(const TypeConverter &converter,
                                  RewritePatternSet &patterns);

/// Fails with a diagnostic if a kernel wants interleaved weights (N8.7) where
/// they cannot be.
LogicalResult verifyWeights(ModuleOp module);

/// The patterns of mx.tile_scales and mx.untile_scales.
void populatePackScaleTilesPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns);

/// Reinterprets a tensor of small floats as one code in each byte, or back.
/// `mx-expand-small-floats` cancels these casts with its own.
Value castElements(OpBuilder &builder, Location loc, Value value,
                   Type elementType);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_PACKLAYOUTS_H
