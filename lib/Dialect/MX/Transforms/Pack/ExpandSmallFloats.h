//===- ExpandSmallFloats.h - steps of mx-expand-small-floats ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Three steps share a file each: function boundaries become packed bytes, then
// conversions become integer arithmetic, while every other operation is rebuilt
// with i8 in place of the small types.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_EXPANDSMALLFLOATS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_EXPANDSMALLFLOATS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::mx {

/// Whether a type, or the element type of a shaped type, is a small float.
bool isSmallFloat(Type type);

/// `type` with i8 as element type.
Type getCodeType(Type type);

/// Makes tensors of 4- and 6-bit elements canonical bytes (N8.1) in function
/// signatures, returns and calls. Inside, the codes are cast back.
LogicalResult packFunctionBoundaries(ModuleOp module);

/// Removes each pack of what has just been unpacked.
void foldPackOfUnpack(ModuleOp module);

/// Whether an arith.extf or arith.truncf has operands or results of bf16 or
/// f16, for which a machine may need a library call.
bool isHalfConversion(Operation *op);

/// Fails, saying why, if a conversion of small floats has no expansion.
LogicalResult verifyConversion(Operation *op);

/// Whether `op` converts between types, one of them small, and has a pattern in
/// the set below.
bool isConversion(Operation *op);

/// Expands an arith.extf or arith.truncf of a small float in place, with casts
/// between the small type and its codes around it.
void expandConversion(RewriterBase &rewriter, Operation *op);

/// arith.extf, truncf, scaling_extf, scaling_truncf and bitcast, and
/// arith.constant.
void populateSmallFloatConversionPatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_EXPANDSMALLFLOATS_H
