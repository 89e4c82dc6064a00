//===- MXPlugin.cpp - the mx dialect for a stock mlir-opt -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mlir-opt --load-dialect-plugin=MXPlugin.so --load-pass-plugin=MXPlugin.so
//   --pass-pipeline='builtin.module(mx-pipeline)' in.mlir
//
// One library answers both questions. mlir-opt reads flags such as
// --mx-import before it loads a plugin, so passes are named in a pipeline.
//===----------------------------------------------------------------------===//

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "mx/Support/Register.h"
#include "mx/Support/Version.h"

/// The loader looks the entry points up by name, so they stay visible whatever
/// the default is.
#define MX_PLUGIN_ENTRY                                                        \
  extern "C" LLVM_ATTRIBUTE_WEAK LLVM_ATTRIBUTE_VISIBILITY_DEFAULT

MX_PLUGIN_ENTRY mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MX", MX_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            mlir::mx::registerDialects(*registry);
            mlir::mx::registerPasses();
          }};
}

MX_PLUGIN_ENTRY mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MX", MX_VERSION_STRING,
          [] { mlir::mx::registerPasses(); }};
}
