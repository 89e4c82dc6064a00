//===- MatmulThreads.h - a thread for each result ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_MATMULTHREADS_H
#define MX_LIB_CONVERSION_MXTOLOOPS_MATMULTHREADS_H

#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Builds the parallel loops of a product for a GPU, grouped or not.
void buildMatmulThreads(OpBuilder &builder, PackedMatmulOp op);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_MATMULTHREADS_H
