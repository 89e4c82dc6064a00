//===- TensorMaps.cpp - descriptions of tensors for copies ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "TensorMaps.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mx/Conversion/DeviceKernels.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kSwizzleBytes = 128;

/// The declaration of the encoder in the module of the current function.
static func::FuncOp declareEncoder(ImplicitLocOpBuilder &b) {
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (auto function = module.lookupSymbol<func::FuncOp>(kEncodeTensorMap))
    return function;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type();
  auto type = b.getFunctionType(
      {pointer, i32, i32, pointer, pointer, pointer, i32}, pointer);
  auto function = func::FuncOp::create(b, kEncodeTensorMap, type);
  function.setPrivate();
  return function;
}

/// Memory that lives as long as the function, also in loops.
static Value allocate(ImplicitLocOpBuilder &b, Type element, int count,
                      int alignment) {
  OpBuilder::InsertionGuard guard(b);
  auto function = b.getInsertionBlock()
                      ->getParentOp()
                      ->getParentOfType<FunctionOpInterface>();
  if (auto parent =
          dyn_cast<FunctionOpInterface>(b.getInsertionBlock()->getParentOp()))
    function = parent;
  b.setInsertionPointToStart(&function.getFunctionBody().front());
  Value size = arith::ConstantIntOp::create(b, b.getI32Type(), count);
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                element, size, alignment);
}

static Value storeList(ImplicitLocOpBuilder &b, ValueRange numbers) {
  Type type = numbers.front().getType();
  int bytes = int(type.getIntOrFloatBitWidth() / 8);
  Value list = allocate(b, type, int(numbers.size()), bytes);
  for (auto [i, number] : llvm::enumerate(numbers))
    storeTo(b, number, offsetPointer(b, list, int32_t(i) * bytes), bytes);
  return list;
}

std::pair<Value, Value> mx::encodeTensorMap(ImplicitLocOpBuilder &b,
                                            const ByteMatrices &bytes) {
  func::FuncOp encoder = declareEncoder(b);
  auto number = [&](int value) -> Value {
    return arith::ConstantIntOp::create(b, b.getI32Type(), value);
  };
  auto widen = [&](Value size) -> Value {
    return arith::IndexCastOp::create(b, b.getI64Type(), size);
  };
  Value rowLength = widen(bytes.rowLength), rows = widen(bytes.rows);
  Value matrix = arith::MulIOp::create(b, rowLength, rows);
  Value extents = storeList(b, {rowLength, rows, widen(bytes.matrices)});
  Value strides = storeList(b, {rowLength, matrix});
  Value box =
      storeList(b, {number(bytes.boxBytes), number(bytes.boxRows), number(1)});
  auto call = func::CallOp::create(
      b, encoder,
      ValueRange{bytes.address, number(3), number(kByteBits), extents, strides,
                 box, number(kSwizzleBytes)});
  Value map = call.getResult(0);
  Value null = LLVM::ZeroOp::create(b, map.getType());
  Value accepted = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, map, null);
  return {map, accepted};
}
