//===- OrderGlobals.cpp - the order of constants --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Bufferisation visits functions that do not call each other in the order of
// their addresses in memory, which is another one in each run, and makes and
// numbers the globals for their constants as it goes.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::mx {
#define GEN_PASS_DEF_ORDERGLOBALSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using GlobalList = llvm::SmallSetVector<memref::GlobalOp, 16>;

/// How bufferisation names what it makes.
static constexpr StringRef kPrefix = "__constant_";

/// The globals that bufferisation made, by their first use.
static GlobalList collectGlobals(ModuleOp module, const SymbolTable &symbols) {
  GlobalList globals;
  module.walk([&](memref::GetGlobalOp op) {
    auto global = symbols.lookup<memref::GlobalOp>(op.getName());
    if (global && global.isPrivate() &&
        global.getSymName().starts_with(kPrefix))
      globals.insert(global);
  });
  return globals;
}

/// Numbers the globals in order, around the names of other symbols.
static llvm::StringMap<std::string> chooseNames(const GlobalList &globals,
                                                const SymbolTable &symbols) {
  llvm::StringMap<std::string> names;
  unsigned next = 0;
  for (memref::GlobalOp global : globals) {
    std::string name;
    Operation *taken;
    do {
      name = (kPrefix + Twine(next++)).str();
      taken = symbols.lookup(name);
    } while (taken && !(isa<memref::GlobalOp>(taken) &&
                        globals.contains(cast<memref::GlobalOp>(taken))));
    names[global.getSymName()] = std::move(name);
  }
  return names;
}

namespace {

struct OrderGlobalsPass
    : public mx::impl::OrderGlobalsPassBase<OrderGlobalsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    GlobalList globals = collectGlobals(module, symbols);
    llvm::StringMap<std::string> names = chooseNames(globals, symbols);
    module.walk([&](memref::GetGlobalOp op) {
      if (auto found = names.find(op.getName()); found != names.end())
        op.setName(found->second);
    });
    Block *body = module.getBody();
    for (memref::GlobalOp global : llvm::reverse(globals)) {
      global.setSymName(names.at(global.getSymName()));
      global->moveBefore(body, body->begin());
    }
  }
};

} // namespace
