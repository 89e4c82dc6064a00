//===- InterleavedMatmul.h - when rows of B may lie in lanes ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDMATMUL_H
#define MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDMATMUL_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Patterns of `mx.packed.matmul` with interleaved rows.
void populateInterleavedMatmulPatterns(RewritePatternSet &patterns);

/// What is there instead of the instructions and weights that the kernel of a
/// product with interleaved rows needs; empty if it can be lowered.
std::string explainNoShuffles(PackedMatmulOp op);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_INTERLEAVEDMATMUL_H
