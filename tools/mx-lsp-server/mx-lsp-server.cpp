//===- mx-lsp-server.cpp - IR with mx operations in an editor -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// MLIR's language server with the mx dialect: diagnostics, definitions and
// completion while editing. Speaks the protocol on standard input and output.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "mx/Support/Register.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::mx::registerAllDialects(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
