//===- DeviceRewriter.cpp - operations of NVVM become calls ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the families of operations have in common. Operands of several words
// travel through memory of the thread's stack.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"

using namespace mlir;
using namespace mlir::mx;

Value DeviceRewriter::allocate(Type type, int64_t count) {
  // In the first block, so that loops do not allocate anew.
  auto function = operation->getParentOfType<LLVM::LLVMFuncOp>();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                type, constant(count));
}

static Value getWord(ImplicitLocOpBuilder &b, Value words, Type type,
                     int64_t index) {
  return LLVM::GEPOp::create(b, words.getType(), type, words,
                             LLVM::GEPArg(static_cast<int32_t>(index)));
}

Value DeviceRewriter::store(Type type, ValueRange values) {
  Value words = allocate(type, std::max<int64_t>(values.size(), 1));
  for (auto [index, value] : llvm::enumerate(values))
    LLVM::StoreOp::create(b, convertBits(value, type),
                          getWord(b, words, type, index));
  return words;
}

Value DeviceRewriter::load(Value words, Type type, int64_t index) {
  return LLVM::LoadOp::create(b, type,
                              getWord(b, words, b.getI32Type(), index));
}

static unsigned getBits(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * getBits(vector.getElementType());
  return type.getIntOrFloatBitWidth();
}

Value DeviceRewriter::convertBits(Value value, Type type) {
  if (value.getType() == type)
    return value;
  unsigned from = getBits(value.getType()), to = getBits(type);
  if (!value.getType().isInteger())
    value = LLVM::BitcastOp::create(b, b.getIntegerType(from), value);
  if (from > to)
    value = LLVM::TruncOp::create(b, b.getIntegerType(to), value);
  if (from < to)
    value = LLVM::ZExtOp::create(b, b.getIntegerType(to), value);
  if (!type.isInteger())
    value = LLVM::BitcastOp::create(b, type, value);
  return value;
}

Value DeviceRewriter::loadResult(Value words, Type type) {
  auto fields = dyn_cast<LLVM::LLVMStructType>(type);
  if (!fields)
    return load(words, type, 0);
  Value result = LLVM::UndefOp::create(b, type);
  for (auto [index, field] : llvm::enumerate(fields.getBody()))
    result = LLVM::InsertValueOp::create(b, result, load(words, field, index),
                                         ArrayRef<int64_t>(index));
  return result;
}

LogicalResult DeviceRewriter::replace(ValueRange results) {
  operation->replaceAllUsesWith(results);
  operation->erase();
  return success();
}

LogicalResult mx::convertDeviceOperations(LLVM::LLVMFuncOp function,
                                          SimulatorCalls &calls) {
  static constexpr ConvertFamily families[] = {
      convertThreadOperation,    convertMBarrierOperation,
      convertCopyOperation,      convertMatrixOperation,
      convertWarpgroupOperation, convertTensorMemoryOperation,
      convertNumberOperation};
  auto convert = [&](Operation *op) -> LogicalResult {
    DeviceRewriter rewrite(op, calls);
    for (ConvertFamily family : families)
      if (std::optional<LogicalResult> result = family(op, rewrite))
        return *result;
    return op->emitOpError("expected an operation that the simulator models, "
                           "got one that it does not");
  };
  WalkResult result = function.walk([&](Operation *op) {
    bool isPlain = isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()) &&
                   !isa<LLVM::InlineAsmOp, LLVM::CallIntrinsicOp>(op);
    return isPlain ? WalkResult::advance() : WalkResult(convert(op));
  });
  return failure(result.wasInterrupted());
}
