// Another project's program: parses IR with mx operations, runs a pass and
// prints the result.
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Support/Register.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::mx::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  mlir::PassManager passes(&context);
  passes.addPass(mlir::mx::createSelectKernelsPass());
  if (argc != 2 || !module || failed(passes.run(*module)))
    return 1;
  module->print(llvm::outs());
}
