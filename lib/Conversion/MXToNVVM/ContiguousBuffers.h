//===- ContiguousBuffers.h - operands without gaps --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels take an address, and find rows by their length. A view whose rows lie
// apart is copied to an array of its own; a destination is copied back.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_CONTIGUOUSBUFFERS_H
#define MX_LIB_CONVERSION_MXTONVVM_CONTIGUOUSBUFFERS_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Whether rows of `buffer` lie one after the other, from its address on.
bool isContiguous(MemRefType buffer);

/// Makes all operands of `op` contiguous, and remarks copies.
void makeContiguous(PackedMatmulOp op);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_CONTIGUOUSBUFFERS_H
