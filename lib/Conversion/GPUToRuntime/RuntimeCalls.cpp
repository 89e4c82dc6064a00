//===- RuntimeCalls.cpp - calls of the runtime ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "GPUToRuntime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mx/Conversion/Passes.h"

using namespace mlir;
using namespace mlir::mx;

Value RuntimeCalls::call(ImplicitLocOpBuilder &b, StringRef name,
                         Type resultType, ValueRange operands) {
  if (!module.lookupSymbol(name)) {
    Type result =
        resultType ? resultType : LLVM::LLVMVoidType::get(b.getContext());
    OpBuilder declare = OpBuilder::atBlockBegin(module.getBody());
    LLVM::LLVMFuncOp::create(declare, module.getLoc(), name,
                             LLVM::LLVMFunctionType::get(
                                 result, llvm::to_vector(operands.getTypes())),
                             LLVM::Linkage::External);
  }
  TypeRange results = resultType ? TypeRange(resultType) : TypeRange();
  auto call = LLVM::CallOp::create(b, results, name, operands);
  return resultType ? call.getResult() : Value();
}

LLVM::GlobalOp RuntimeCalls::createGlobal(ImplicitLocOpBuilder &b, Type type,
                                          LLVM::Linkage linkage, StringRef name,
                                          Attribute value) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  bool isConstant = isa_and_nonnull<StringAttr>(value);
  return LLVM::GlobalOp::create(b, type, isConstant, linkage, name, value);
}

Value RuntimeCalls::makePlace(ImplicitLocOpBuilder &b) {
  std::string name = "mx_gpu_place_" + std::to_string(places++);
  auto global = createGlobal(b, b.getI64Type(), LLVM::Linkage::Internal, name,
                             b.getI64IntegerAttr(0));
  return LLVM::AddressOfOp::create(b, global);
}

std::pair<Value, Value> RuntimeCalls::getKernel(ImplicitLocOpBuilder &b,
                                                StringRef name) {
  std::string placeName = ("mx_gpu_kernel_" + name).str();
  std::string textName = ("mx_gpu_name_" + name).str();
  auto place = module.lookupSymbol<LLVM::GlobalOp>(placeName);
  auto text = module.lookupSymbol<LLVM::GlobalOp>(textName);
  if (!place) {
    place = createGlobal(b, b.getI64Type(), LLVM::Linkage::Internal, placeName,
                         b.getI64IntegerAttr(0));
    std::string bytes = name.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
    text = createGlobal(b, type, LLVM::Linkage::Internal, textName,
                        b.getStringAttr(bytes));
  }
  return {LLVM::AddressOfOp::create(b, place),
          LLVM::AddressOfOp::create(b, text)};
}

Value RuntimeCalls::getProgram(ImplicitLocOpBuilder &b) {
  auto program = module.lookupSymbol<LLVM::GlobalOp>(kGpuProgramSymbol);
  if (!program)
    program = createGlobal(b, b.getI8Type(), LLVM::Linkage::External,
                           kGpuProgramSymbol, Attribute());
  return LLVM::AddressOfOp::create(b, program);
}

Value mx::allocateOnStack(ImplicitLocOpBuilder &b, Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  Operation *parent = b.getInsertionBlock()->getParentOp();
  while (!isa<FunctionOpInterface>(parent))
    parent = parent->getParentOp();
  b.setInsertionPointToStart(
      &cast<FunctionOpInterface>(parent).getFunctionBody().front());
  Value size = LLVM::ConstantOp::create(b, b.getI64IntegerAttr(count));
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                type, size);
}

Value mx::widenToI64(ImplicitLocOpBuilder &b, Value value) {
  if (value.getType().isIndex())
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), value);
  if (value.getType().isInteger(64))
    return value;
  return arith::ExtUIOp::create(b, b.getI64Type(), value);
}
