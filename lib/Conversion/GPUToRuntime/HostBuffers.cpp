//===- HostBuffers.cpp - buffers of the device, as the host handles them --===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A buffer stays a memref, whose descriptor holds device pointers; the host
// computes addresses from it and hands them to the runtime.
//===----------------------------------------------------------------------===//

#include "GPUToRuntime.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace mlir::mx;

/// What the driver aligns every allocation to.
static constexpr int64_t kDeviceAlignment = 256;
/// What stands for "not allocated" in descriptors, as on the CPU.
static constexpr int64_t kNotAllocated = 0xDEADBEEF;

namespace {

/// Computes on one buffer.
class BufferBuilder {
public:
  BufferBuilder(ImplicitLocOpBuilder &b, MemRefType type)
      : b(b), type(type),
        elementBytes(DataLayout::closest(b.getInsertionBlock()->getParentOp())
                         .getTypeSize(type.getElementType())) {}

  Value number(int64_t value) {
    return LLVM::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  Type getPointer() { return LLVM::LLVMPointerType::get(b.getContext()); }
  /// All sizes, dynamic ones in their order.
  SmallVector<Value> getSizes(ValueRange dynamicSizes);
  SmallVector<Value> getSizes(Value buffer);
  Value countBytes(ValueRange sizes);
  /// The address of the element at `indices`, of the first one without.
  Value getAddress(Value buffer, ValueRange indices = {});
  /// A buffer without gaps.
  Value make(Value allocated, Value address, ValueRange sizes);
  int64_t getElementBytes() const { return elementBytes; }

private:
  Value multiply(Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(x, y);
  }

  ImplicitLocOpBuilder &b;
  MemRefType type;
  int64_t elementBytes;
};

} // namespace

SmallVector<Value> BufferBuilder::getSizes(ValueRange dynamicSizes) {
  SmallVector<Value> sizes;
  auto next = dynamicSizes.begin();
  for (int64_t size : type.getShape())
    sizes.push_back(ShapedType::isDynamic(size) ? widenToI64(b, *next++)
                                                : number(size));
  return sizes;
}

SmallVector<Value> BufferBuilder::getSizes(Value buffer) {
  SmallVector<Value> dynamicSizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      dynamicSizes.push_back(memref::DimOp::create(b, buffer, dim));
  return getSizes(ValueRange(dynamicSizes));
}

Value BufferBuilder::countBytes(ValueRange sizes) {
  Value bytes = number(elementBytes);
  for (Value size : sizes)
    bytes = multiply(bytes, size);
  return bytes;
}

Value BufferBuilder::getAddress(Value buffer, ValueRange indices) {
  auto parts = memref::ExtractStridedMetadataOp::create(b, buffer);
  Value position = widenToI64(b, parts.getOffset());
  for (auto [index, stride] : llvm::zip(indices, parts.getStrides()))
    position = b.createOrFold<arith::AddIOp>(
        position, multiply(widenToI64(b, index), widenToI64(b, stride)));
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(b, parts.getBaseBuffer());
  Value address = b.createOrFold<arith::AddIOp>(
      widenToI64(b, base), multiply(position, number(elementBytes)));
  return LLVM::IntToPtrOp::create(b, getPointer(), address);
}

Value BufferBuilder::make(Value allocated, Value address, ValueRange sizes) {
  SmallVector<Value> strides(sizes.size());
  Value stride = number(1);
  for (size_t dim = sizes.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride = multiply(stride, sizes[dim]);
  }
  SmallVector<Value> values = {allocated, address, number(0)};
  llvm::append_range(values, sizes);
  llvm::append_range(values, strides);
  LLVMTypeConverter converter(b.getContext());
  Value descriptor =
      MemRefDescriptor::pack(b, b.getLoc(), converter, type, values);
  return UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0);
}

/// Whether the elements lie one after the other.
static bool isContiguous(MemRefType type) {
  if (type.getLayout().isIdentity())
    return true;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  int64_t expected = 1;
  for (int64_t dim = type.getRank(); dim-- > 0;) {
    int64_t size = type.getDimSize(dim);
    if (size != 1 && strides[dim] != expected)
      return false;
    if (ShapedType::isDynamic(size) && dim != 0)
      return false;
    expected *= size;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Where buffers come from
//===----------------------------------------------------------------------===//

LogicalResult mx::convertAlloc(memref::AllocOp op, RuntimeCalls &calls) {
  MemRefType type = op.getType();
  if (!type.getLayout().isIdentity() || type.getMemorySpace())
    return op.emitOpError("expected device memory without gaps and without a "
                          "memory space, got ")
           << type;
  if (int64_t(op.getAlignment().value_or(1)) > kDeviceAlignment)
    return op.emitOpError("expected an alignment of at most '")
           << kDeviceAlignment << "' of device memory, got '"
           << *op.getAlignment() << "'";
  ImplicitLocOpBuilder b(op.getLoc(), op);
  BufferBuilder buffer(b, type);
  SmallVector<Value> sizes = buffer.getSizes(op.getDynamicSizes());
  Value memory = calls.call(b, "mx_gpu_alloc", buffer.getPointer(),
                            buffer.countBytes(sizes));
  op.replaceAllUsesWith(buffer.make(memory, memory, sizes));
  op.erase();
  return success();
}

LogicalResult mx::convertDealloc(memref::DeallocOp op, RuntimeCalls &calls) {
  if (!isa<MemRefType>(op.getMemref().getType()))
    return op.emitOpError("expected a ranked buffer to free, got ")
           << op.getMemref().getType();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  LLVMTypeConverter converter(b.getContext());
  Value descriptor =
      UnrealizedConversionCastOp::create(
          b, converter.convertType(op.getMemref().getType()), op.getMemref())
          .getResult(0);
  Value memory = LLVM::ExtractValueOp::create(b, descriptor, 0);
  calls.call(b, "mx_gpu_free", Type(), memory);
  op.erase();
  return success();
}

LogicalResult mx::convertGetGlobal(memref::GetGlobalOp op,
                                   RuntimeCalls &calls) {
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      op, op.getNameAttr());
  // Somebody else's, and a handle only.
  if (global.isExternal())
    return success();
  if (!global.getConstant() || global.isUninitialized())
    return op.emitOpError("expected a constant in host code of a GPU, got the "
                          "variable '")
           << op.getName() << "'";
  ImplicitLocOpBuilder b(op.getLoc(), op->getContext());
  b.setInsertionPointAfter(op);
  BufferBuilder buffer(b, op.getType());
  SmallVector<Value> sizes = buffer.getSizes(ValueRange());
  auto address = memref::ExtractAlignedPointerAsIndexOp::create(b, op);
  Value host =
      LLVM::IntToPtrOp::create(b, buffer.getPointer(), widenToI64(b, address));
  Value memory =
      calls.call(b, "mx_gpu_constant", buffer.getPointer(),
                 {calls.makePlace(b), host, buffer.countBytes(sizes)});
  Value allocated = LLVM::IntToPtrOp::create(b, buffer.getPointer(),
                                             buffer.number(kNotAllocated));
  Value device = buffer.make(allocated, memory, sizes);
  op.getResult().replaceAllUsesExcept(device, address);
  return success();
}

//===----------------------------------------------------------------------===//
// What is done with them
//===----------------------------------------------------------------------===//

LogicalResult mx::convertLoad(memref::LoadOp op, RuntimeCalls &calls) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  BufferBuilder buffer(b, op.getMemRefType());
  LLVMTypeConverter converter(b.getContext());
  Type type = converter.convertType(op.getType());
  Value place = allocateOnStack(b, type, 1);
  calls.call(b, "mx_gpu_load", Type(),
             {place, buffer.getAddress(op.getMemRef(), op.getIndices()),
              buffer.number(buffer.getElementBytes())});
  Value loaded = LLVM::LoadOp::create(b, type, place);
  if (type != op.getType())
    loaded = UnrealizedConversionCastOp::create(b, op.getType(), loaded)
                 .getResult(0);
  op.replaceAllUsesWith(loaded);
  op.erase();
  return success();
}

LogicalResult mx::convertCopy(Operation *op, Value from, Value to,
                              RuntimeCalls &calls) {
  auto source = dyn_cast<MemRefType>(from.getType());
  auto target = dyn_cast<MemRefType>(to.getType());
  for (MemRefType type : {source, target})
    if (!type || !isContiguous(type))
      return op->emitOpError("expected to copy between buffers without gaps, "
                             "got ")
             << from.getType() << " and " << to.getType();
  ImplicitLocOpBuilder b(op->getLoc(), op);
  BufferBuilder sourceBuffer(b, source), targetBuffer(b, target);
  Value bytes = targetBuffer.countBytes(targetBuffer.getSizes(to));
  calls.call(
      b, "mx_gpu_copy", Type(),
      {targetBuffer.getAddress(to), sourceBuffer.getAddress(from), bytes});
  op->erase();
  return success();
}

/// Whether `buffer` is memory of the host.
static bool isForeign(Value buffer) {
  auto global = buffer.getDefiningOp<memref::GetGlobalOp>();
  return global && SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
                       global, global.getNameAttr())
                       .isExternal();
}

LogicalResult mx::convertForeignCall(func::CallOp op, RuntimeCalls &calls) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  for (OpOperand &operand : op->getOpOperands()) {
    Value buffer = operand.get();
    if (!isa<BaseMemRefType>(buffer.getType()) || isForeign(buffer))
      continue;
    if (auto cast = buffer.getDefiningOp<memref::CastOp>())
      buffer = cast.getSource();
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type || !type.getLayout().isIdentity())
      return op.emitOpError("expected a buffer without gaps for a function "
                            "outside of the program, got ")
             << buffer.getType();
    BufferBuilder builder(b, type);
    SmallVector<Value> sizes = builder.getSizes(buffer);
    Value host =
        calls.call(b, "mx_gpu_fetch", builder.getPointer(),
                   {builder.getAddress(buffer), builder.countBytes(sizes)});
    Value copy = builder.make(host, host, sizes);
    operand.set(type == operand.get().getType()
                    ? copy
                    : memref::CastOp::create(b, operand.get().getType(), copy)
                          .getResult());
  }
  return success();
}
