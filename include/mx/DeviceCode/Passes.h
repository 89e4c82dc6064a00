//===- Passes.h - passes on device code -------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DEVICECODE_PASSES_H
#define MX_DEVICECODE_PASSES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::mx {

#define GEN_PASS_DECL
#include "mx/DeviceCode/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mx/DeviceCode/Passes.h.inc"

} // namespace mlir::mx

#endif // MX_DEVICECODE_PASSES_H
