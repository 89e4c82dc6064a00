//===- SimulatorCalls.cpp - calls of the simulator ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"

using namespace mlir;
using namespace mlir::mx;

int32_t LocationTable::getNumber(Location location) {
  return numbers.insert({location, static_cast<int32_t>(numbers.size())})
      .first->second;
}

ArrayAttr LocationTable::getAttr(MLIRContext *context) const {
  SmallVector<Attribute> locations;
  for (auto [location, number] : numbers)
    locations.push_back(location);
  return ArrayAttr::get(context, locations);
}

/// The type on the host, where there is one address space.
static Type getHostType(Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return LLVM::LLVMPointerType::get(type.getContext());
  return type;
}

Value SimulatorCalls::call(ImplicitLocOpBuilder &b, StringRef name,
                           Type resultType, ValueRange operands) {
  if (!module.lookupSymbol(name)) {
    SmallVector<Type> parameters =
        llvm::map_to_vector(operands.getTypes(), getHostType);
    Type result = resultType ? getHostType(resultType)
                             : LLVM::LLVMVoidType::get(b.getContext());
    OpBuilder declare = OpBuilder::atBlockBegin(module.getBody());
    LLVM::LLVMFuncOp::create(declare, module.getLoc(), name,
                             LLVM::LLVMFunctionType::get(result, parameters),
                             LLVM::Linkage::External);
  }
  TypeRange results = resultType ? TypeRange(resultType) : TypeRange();
  auto call = LLVM::CallOp::create(b, results, name, operands);
  return resultType ? call.getResult() : Value();
}

Value SimulatorCalls::callAt(ImplicitLocOpBuilder &b, StringRef name,
                             Type resultType, ValueRange operands) {
  SmallVector<Value> all(operands);
  all.push_back(LLVM::ConstantOp::create(
      b, b.getI32IntegerAttr(locations.getNumber(b.getLoc()))));
  return call(b, name, resultType, all);
}
