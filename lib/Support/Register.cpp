//===- Register.cpp - what a tool must know -------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Support/Register.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mx/Conversion/Passes.h"
#include "mx/DeviceCode/Passes.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Dialect/MX/Transforms/BufferizableOpInterfaceImpl.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Pipelines/Pipelines.h"
#include <mutex>

void mlir::mx::registerDialects(DialectRegistry &registry) {
  registry.insert<MXDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
}

void mlir::mx::registerPasses() {
  // MLIR's registry of passes belongs to the process, and a plugin may be
  // asked twice.
  static std::once_flag once;
  std::call_once(once, [] {
    registerMXConversionPasses();
    registerMXDeviceCodePasses();
    registerMXTransformsPasses();
    registerPipelines();
  });
}

void mlir::mx::registerAllDialects(DialectRegistry &registry) {
  ::mlir::registerAllDialects(registry);
  ::mlir::registerAllExtensions(registry);
  registerDialects(registry);
}

void mlir::mx::registerAllPasses() {
  static std::once_flag once;
  std::call_once(once, [] { ::mlir::registerAllPasses(); });
  registerPasses();
}
