//===- RuntimeCalls.h - calls to functions defined elsewhere ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What passes that let a program talk to its runtime have in common. Internal
// to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_RUNTIMECALLS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_RUNTIMECALLS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::mx {

/// Writes calls, and declares what they call, in one module.
class RuntimeCalls {
public:
  explicit RuntimeCalls(ModuleOp module) : module(module), symbols(module) {}

  /// Calls the function `name` through MLIR's C interface. All calls of a
  /// function have operands of the same types.
  void call(OpBuilder &builder, Location loc, const Twine &name,
            ValueRange operands);

  ModuleOp getModule() const { return module; }
  SymbolTable &getSymbols() { return symbols; }

private:
  ModuleOp module;
  SymbolTable symbols;
};

/// Returns a buffer without its rank, so that one function serves all.
Value dropRank(OpBuilder &builder, Location loc, Value buffer);

/// Returns how functions for the element type of `buffer` are called: "f32".
std::string getElementSuffix(Value buffer);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_RUNTIMECALLS_H
