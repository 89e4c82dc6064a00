//===- ArrangeFragments.h - constant weights for lanes ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_PACK_ARRANGEFRAGMENTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_PACK_ARRANGEFRAGMENTS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::mx {

/// Brings weights of packed products to the order of fragments (N8.8) where
/// their kernels read it and they are constants of FP4, with all threads of the
/// context. Remarks what becomes of each.
void arrangeConstants(ModuleOp module);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_PACK_ARRANGEFRAGMENTS_H
