//===- MatmulLaunch.h - from an operation to a launch -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The host side of a matmul: which rows of the tile table its sizes and
// addresses may ask for, and the code that asks. What types say is decided
// here; the rest is compared when the program runs.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULLAUNCH_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULLAUNCH_H

#include "MatmulSpec.h"
#include "TileTuning.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernels that `op` may need, in the order of the tile table; the last one
/// can do everything. Rings are among them only with `tensorCopies`. `op` has
/// an instruction (lookupMma).
/// They refer to `epilogue`.
std::vector<MatmulSpec> getCandidates(PackedMatmulOp op,
                                      const MatmulEpilogue &epilogue,
                                      bool tensorCopies,
                                      const TileTuning &tuning);

/// Replaces `op` and its epilogue by launches of `kernels`, which belong to
/// `specs`.
void launchMatmul(PackedMatmulOp op, const MatmulEpilogue &epilogue,
                  ArrayRef<MatmulSpec> specs, ArrayRef<gpu::GPUFuncOp> kernels);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULLAUNCH_H
