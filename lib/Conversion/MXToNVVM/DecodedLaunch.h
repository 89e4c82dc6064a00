//===- DecodedLaunch.h - from an operation to a launch ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The host side of a matmul that decodes: as MatmulLaunch.h, which rows of the
// tile table may be asked for, and the code that asks.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDLAUNCH_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDLAUNCH_H

#include "DecodedSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernels that `op` may need, in the order of the tile table; the last one
/// can do everything. Both sides of `op` are decodable (MatmulSide).
std::vector<DecodedSpec> getDecodedCandidates(PackedMatmulOp op,
                                              const MatmulEpilogue &epilogue);

/// Replaces `op`, and what its epilogue says, by launches of `kernels`, which
/// belong to `specs`.
void launchDecoded(PackedMatmulOp op, const MatmulEpilogue &epilogue,
                   ArrayRef<DecodedSpec> specs,
                   ArrayRef<gpu::GPUFuncOp> kernels);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDLAUNCH_H
