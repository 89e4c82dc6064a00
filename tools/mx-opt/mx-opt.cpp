//===- mx-opt.cpp - run passes over IR ------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mlir-opt with the mx dialect, its passes and its pipelines.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mx/Support/Register.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::mx::registerAllDialects(registry);
  mlir::mx::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "mx optimizer\n", registry));
}
