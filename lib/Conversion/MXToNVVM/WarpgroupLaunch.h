//===- WarpgroupLaunch.h - from an operation to a launch --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The host side of the kernels of warpgroups: which rows of the tile table may
// be asked for, and the code that asks. What they cannot do, few rows and
// addresses that tensor copies cannot read, is left to kernels that decode for
// mma.sync.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPGROUPLAUNCH_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPGROUPLAUNCH_H

#include "TileTuning.h"
#include "WarpgroupSpec.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mx {

/// The kernels that `op` may be launched as, perhaps none. Sides of `op` are
/// supported (WarpgroupSpec).
SmallVector<WarpgroupSpec> getWarpgroupCandidates(PackedMatmulOp op,
                                                  const TileTuning &tuning);

/// Builds launches of the first of `kernels`, which belong to `specs`, that
/// fits, and moves `op` to where none does.
void launchWarpgroups(PackedMatmulOp op, ArrayRef<WarpgroupSpec> specs,
                      ArrayRef<gpu::GPUFuncOp> kernels);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPGROUPLAUNCH_H
