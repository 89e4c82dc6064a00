//===- DeviceImage.h - kernels as the runtime gets them ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_DEVICEIMAGE_H
#define MX_LIB_DRIVER_DEVICEIMAGE_H

#include "CodeGen.h"
#include "CudaToolkit.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::mx {

/// Makes the image of the kernels of `program`, whose target is a GPU: a fat
/// binary with a CUDA toolkit, else PTX that the driver assembles, which is a
/// remark. A toolkit that was asked for must be there. Errors are emitted.
FailureOr<DeviceImage> makeImage(ModuleOp program, const CudaToolkit &toolkit);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_DEVICEIMAGE_H
