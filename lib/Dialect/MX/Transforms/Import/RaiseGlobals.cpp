//===- RaiseGlobals.cpp - constant globals become constants ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights that stand in ml_program.global or memref.global are what an
// arith.constant is: the attribute is shared, and no number is touched.
//===----------------------------------------------------------------------===//

#include "Import/RaiseMatmuls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Something that reads a global as a tensor.
struct GlobalUse {
  Operation *load = nullptr;
  Operation *global = nullptr;
  /// The initial value, which never changes.
  ElementsAttr value;
};

} // namespace

/// The value of a global if it is known and stays; else null.
static ElementsAttr getInitialValue(Operation *global) {
  if (auto program = dyn_cast<ml_program::GlobalOp>(global)) {
    if (program.getIsMutable())
      return {};
    return dyn_cast_or_null<ElementsAttr>(program.getValueAttr());
  }
  if (auto memory = dyn_cast<memref::GlobalOp>(global))
    if (memory.getConstant())
      return dyn_cast_or_null<ElementsAttr>(memory.getInitialValueAttr());
  return {};
}

/// The name of the global that `op` reads as a tensor; null if it reads none.
static SymbolRefAttr getGlobalName(Operation *op) {
  if (auto load = dyn_cast<ml_program::GlobalLoadOp>(op))
    return load.getGlobal();
  if (auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op))
    return load.getGlobal();
  if (auto view = dyn_cast<bufferization::ToTensorOp>(op))
    if (auto get = view.getBuffer().getDefiningOp<memref::GetGlobalOp>())
      return get.getNameAttr();
  return {};
}

static std::optional<GlobalUse> matchUse(Operation *op,
                                         SymbolTableCollection &symbols) {
  SymbolRefAttr name = getGlobalName(op);
  auto type = name ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                   : RankedTensorType();
  if (!type ||
      !isa<Float32Type, BFloat16Type, Float16Type>(type.getElementType()))
    return std::nullopt;
  Operation *global = symbols.lookupNearestSymbolFrom(op, name);
  ElementsAttr value = global ? getInitialValue(global) : ElementsAttr();
  if (!value || !isa<DenseElementsAttr, DenseResourceElementsAttr>(value) ||
      !tensor::CastOp::areCastCompatible(value.getType(), type))
    return std::nullopt;
  return GlobalUse{op, global, value};
}

void mlir::mx::replaceConstantGlobals(
    ModuleOp module, RewriterBase &rewriter,
    function_ref<bool(Operation *)> isChosen) {
  SymbolTableCollection symbols;
  SmallVector<GlobalUse> uses;
  module->walk([&](Operation *op) {
    if (std::optional<GlobalUse> use = matchUse(op, symbols))
      if (isChosen(op))
        uses.push_back(*use);
  });
  llvm::SetVector<Operation *> globals;
  for (const GlobalUse &use : uses) {
    rewriter.setInsertionPoint(use.load);
    Location loc = use.load->getLoc();
    Value constant = arith::ConstantOp::create(rewriter, loc, use.value);
    Type type = use.load->getResult(0).getType();
    if (constant.getType() != type)
      constant = tensor::CastOp::create(rewriter, loc, type, constant);
    Operation *buffer = use.load->getNumOperands() != 0
                            ? use.load->getOperand(0).getDefiningOp()
                            : nullptr;
    rewriter.replaceOp(use.load, constant);
    if (buffer && isOpTriviallyDead(buffer))
      rewriter.eraseOp(buffer);
    globals.insert(use.global);
  }
  for (Operation *global : globals)
    if (cast<SymbolOpInterface>(global).isPrivate() &&
        SymbolTable::symbolKnownUseEmpty(global, module))
      rewriter.eraseOp(global);
}
