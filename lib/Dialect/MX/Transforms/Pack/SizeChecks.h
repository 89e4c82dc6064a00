//===- SizeChecks.h - sizes that must agree at run time ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Verifiers compare the sizes that types know. The others are compared by the
// program itself before it touches memory: a mismatch ends it with a message
// (cf.assert) where it would otherwise read beyond a buffer.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_SIZECHECKS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_SIZECHECKS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::mx {

/// Ends the program unless two sizes agree; nothing is emitted for two static
/// ones. `what` completes "expected … to agree".
void checkSizes(OpBuilder &builder, Location loc, OpFoldResult got,
                OpFoldResult expected, const Twine &what);

/// Ends the program unless `size` is a multiple of `divisor`.
void checkMultiple(OpBuilder &builder, Location loc, OpFoldResult size,
                   int64_t divisor, const Twine &what);

/// `value` with the sizes that `type` knows, checked where `value` does not
/// know them.
Value castChecked(OpBuilder &builder, Location loc, Value value,
                  RankedTensorType type, const Twine &what);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SIZECHECKS_H
