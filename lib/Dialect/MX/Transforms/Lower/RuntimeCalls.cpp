//===- RuntimeCalls.cpp - calls to functions defined elsewhere ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Lower/RuntimeCalls.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mx;

void RuntimeCalls::call(OpBuilder &builder, Location loc, const Twine &name,
                        ValueRange operands) {
  std::string symbol = name.str();
  if (!symbols.lookup(symbol)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    auto function =
        func::FuncOp::create(top, module.getLoc(), symbol,
                             builder.getFunctionType(operands.getTypes(), {}));
    function.setPrivate();
    function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
    symbols.insert(function);
  }
  func::CallOp::create(builder, loc, symbol, TypeRange(), operands);
}

Value mx::dropRank(OpBuilder &builder, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  auto unranked =
      UnrankedMemRefType::get(type.getElementType(), type.getMemorySpace());
  return memref::CastOp::create(builder, loc, unranked, buffer);
}

std::string mx::getElementSuffix(Value buffer) {
  std::string suffix;
  llvm::raw_string_ostream(suffix)
      << cast<MemRefType>(buffer.getType()).getElementType();
  return suffix;
}
