//===- DeviceCode.h - from gpu.modules to PTX -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_DEVICECODE_H
#define MX_LIB_DRIVER_DEVICECODE_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace mlir {
class DialectRegistry;
}

namespace mlir::mx {

/// Translates every gpu.module of a program whose target is a GPU into one PTX
/// text. Device code consists of the llvm and nvvm dialects and is checked
/// first, so that LLVM can translate it. Errors are emitted where they belong.
FailureOr<std::string> emitPtx(ModuleOp program);

/// Registers the translation of device code.
void registerDeviceTranslations(DialectRegistry &registry);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_DEVICECODE_H
