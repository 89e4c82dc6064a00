//===- InterleaveWeights.h - weights as a kernel wants them -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_PACK_INTERLEAVEWEIGHTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_PACK_INTERLEAVEWEIGHTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {

/// Whether blocks of `format`, which may be null, are whole units (N8.7).
bool canInterleave(FormatAttr format);

/// The byte of a scale 1.
int8_t getScaleOfOne(mxnum::ScaleType type);

/// Replaces payload and scales, the first of `parts`, by what
/// `mx.packed.interleave` makes of them (N8.7). `sizes` are the logical ones.
void interleaveWeights(OpBuilder &builder, Location loc,
                       SmallVectorImpl<Value> &parts, FormatAttr format,
                       ArrayRef<OpFoldResult> sizes);

/// Interleaves what is constant now, with all threads of the context, and says
/// what is left to be done at run time.
void interleaveConstants(ModuleOp module);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_PACK_INTERLEAVEWEIGHTS_H
