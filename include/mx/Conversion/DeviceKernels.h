//===- DeviceKernels.h - where kernels of a program are put -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Several passes make kernels; all of them end up in one gpu.module, for one
// chip.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_DEVICEKERNELS_H
#define MX_CONVERSION_DEVICEKERNELS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::mx {

/// What host code calls to describe a tensor for copies; whoever runs the
/// program defines it (lib/Conversion/MXToNVVM/TensorMaps.h).
inline constexpr llvm::StringLiteral kEncodeTensorMap = "mx_encode_tensor_map";

/// Returns the gpu.module @mx_kernels of `program`, which is made for the
/// program's target if it is not there yet; without a target, for `chip` with
/// LLVM's `features`.
gpu::GPUModuleOp getKernelModule(ModuleOp program, StringRef chip,
                                 StringRef features);

/// Whether code of the program that `op` belongs to is for a GPU.
bool isForDevice(Operation *op);

} // namespace mlir::mx

#endif // MX_CONVERSION_DEVICEKERNELS_H
