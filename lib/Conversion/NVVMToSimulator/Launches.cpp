//===- Launches.cpp - the host's side of simulated kernels ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A launch becomes a call with a pointer to each operand. Host code hands a
// kernel bare addresses; where it takes one from a buffer, the simulator is
// told how large the buffer is.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::mx;

/// The number of elements from the address of `buffer` to the end of the last
/// one that it has.
static Value countElements(ImplicitLocOpBuilder &b, Value buffer) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
  auto toValue = [&](OpFoldResult number) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), number);
  };
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value last = toValue(metadata.getConstifiedMixedOffset());
  Value isEmpty = arith::ConstantIntOp::create(b, b.getI1Type(), 0);
  for (auto [mixedSize, mixedStride] :
       llvm::zip_equal(metadata.getConstifiedMixedSizes(),
                       metadata.getConstifiedMixedStrides())) {
    Value size = toValue(mixedSize);
    Value isZero =
        b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, size, zero);
    isEmpty = b.createOrFold<arith::OrIOp>(isEmpty, isZero);
    Value steps = b.createOrFold<arith::SubIOp>(size, one);
    Value reach = b.createOrFold<arith::MulIOp>(steps, toValue(mixedStride));
    last = b.createOrFold<arith::AddIOp>(last, reach);
  }
  Value count = b.createOrFold<arith::AddIOp>(last, one);
  return b.createOrFold<arith::SelectOp>(isEmpty, zero, count);
}

/// The bytes of `buffer` from its address on, as an i64.
static Value countBytes(ImplicitLocOpBuilder &b, Value buffer) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  int64_t bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth()
                                        : IndexType::kInternalStorageBitWidth;
  int64_t elementBytes = llvm::divideCeil(bits, int64_t(8));
  Value unit = arith::ConstantIndexOp::create(b, elementBytes);
  Value bytes = arith::MulIOp::create(b, countElements(b, buffer), unit);
  return arith::IndexCastOp::create(b, b.getI64Type(), bytes);
}

/// An aligned pointer, which is an index, as one of the LLVM dialect.
static Value makePointer(ImplicitLocOpBuilder &b, Value index) {
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), index);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  number);
}

/// Registers the buffer whose address `op` takes.
static LogicalResult registerBuffer(memref::ExtractAlignedPointerAsIndexOp op,
                                    SimulatorCalls &calls) {
  ImplicitLocOpBuilder b(op.getLoc(), op->getContext());
  b.setInsertionPointAfter(op);
  auto type = dyn_cast<MemRefType>(op.getSource().getType());
  if (!type || !type.isStrided())
    return op.emitOpError("expected the address of a ranked and strided buffer "
                          "to simulate, got that of ")
           << op.getSource().getType();
  calls.call(b, "mxsim_register_buffer", Type(),
             {makePointer(b, op), countBytes(b, op.getSource())});
  return success();
}

/// Takes back what was registered of a buffer that is freed.
static void unregisterBuffer(memref::DeallocOp op, SimulatorCalls &calls) {
  if (!isa<MemRefType>(op.getMemref().getType()))
    return;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value index =
      memref::ExtractAlignedPointerAsIndexOp::create(b, op.getMemref());
  calls.call(b, "mxsim_unregister_buffer", Type(),
             {makePointer(b, index), countBytes(b, op.getMemref())});
}

/// `value` as an i64; it is an index, i32 or i64.
static Value widen(ImplicitLocOpBuilder &b, Value value) {
  if (value.getType().isIndex())
    return arith::IndexCastOp::create(b, b.getI64Type(), value);
  if (value.getType().isInteger(64))
    return value;
  return arith::ExtUIOp::create(b, b.getI64Type(), value);
}

/// An array of pointers to copies of the operands of `op`. Both live on the
/// stack of the function, once, however often the launch runs.
static Value storeOperands(ImplicitLocOpBuilder &b, gpu::LaunchFuncOp op) {
  ValueRange operands = op.getKernelOperands();
  auto function = op->getParentOfType<FunctionOpInterface>();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto allocate = [&](Type type, int64_t count) -> Value {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getFunctionBody().front());
    Value size = LLVM::ConstantOp::create(b, b.getI64IntegerAttr(count));
    return LLVM::AllocaOp::create(b, pointer, type, size);
  };
  Value slots = allocate(pointer, std::max<int64_t>(operands.size(), 1));
  for (auto [index, operand] : llvm::enumerate(operands)) {
    Value copy = allocate(operand.getType(), 1);
    LLVM::StoreOp::create(b, operand, copy);
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, slots,
                                     LLVM::GEPArg(static_cast<int32_t>(index)));
    LLVM::StoreOp::create(b, copy, slot);
  }
  return slots;
}

static LogicalResult verifyLaunch(gpu::LaunchFuncOp op) {
  if (op.hasClusterSize())
    return op.emitOpError("expected a launch without clusters to simulate, "
                          "got one with them");
  if (op.getAsyncToken() || !op.getAsyncDependencies().empty())
    return op.emitOpError("expected a launch that the host waits for to "
                          "simulate, got an asynchronous one");
  for (Value operand : op.getKernelOperands())
    if (!LLVM::isCompatibleType(operand.getType()))
      return op.emitOpError("expected operands of types of the LLVM dialect, "
                            "got ")
             << operand.getType();
  return success();
}

static LogicalResult convertLaunch(gpu::LaunchFuncOp op, SimulatorCalls &calls,
                                   const SimulatedKernels &kernels) {
  auto found = kernels.find(op.getKernel());
  if (found == kernels.end())
    return op.emitOpError("expected a kernel that a device module defines, "
                          "got '")
           << op.getKernel() << "'";
  if (failed(verifyLaunch(op)))
    return failure();
  LLVM::LLVMFuncOp entry = found->second.entry;
  if (op.getNumKernelOperands() !=
      cast<LLVM::LLVMFuncOp>(entry->getPrevNode()).getNumArguments())
    return op.emitOpError("expected as many operands as the kernel has, got ")
           << op.getNumKernelOperands();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SmallVector<Value> operands = {LLVM::AddressOfOp::create(b, entry),
                                 storeOperands(b, op)};
  for (gpu::KernelDim3 size :
       {op.getGridSizeOperandValues(), op.getBlockSizeOperandValues()})
    for (Value extent : {size.x, size.y, size.z})
      operands.push_back(widen(b, extent));
  for (int32_t extent : found->second.requiredBlock)
    operands.push_back(
        LLVM::ConstantOp::create(b, b.getI32IntegerAttr(extent)));
  operands.push_back(LLVM::ConstantOp::create(
      b, b.getI32IntegerAttr(found->second.staticSharedBytes)));
  Value dynamic = op.getDynamicSharedMemorySize();
  operands.push_back(
      dynamic
          ? dynamic
          : LLVM::ConstantOp::create(b, b.getI32IntegerAttr(0)).getResult());
  // The session keeps the report; later launches of it do nothing.
  calls.callAt(b, "mxsim_launch", b.getI32Type(), operands);
  op.erase();
  return success();
}

/// A copy between buffers of the device is one of the host here.
static void convertCopy(gpu::MemcpyOp op) {
  OpBuilder builder(op);
  memref::CopyOp::create(builder, op.getLoc(), op.getSrc(), op.getDst());
  op.erase();
}

LogicalResult mx::convertLaunches(ModuleOp module, SimulatorCalls &calls,
                                  const SimulatedKernels &kernels) {
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    if (auto pointer = dyn_cast<memref::ExtractAlignedPointerAsIndexOp>(op))
      return registerBuffer(pointer, calls);
    if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
      return convertLaunch(launch, calls, kernels);
    if (auto copy = dyn_cast<gpu::MemcpyOp>(op))
      convertCopy(copy);
    return WalkResult::advance();
  });
  // Afterwards, for it takes addresses of its own.
  module.walk([&](memref::DeallocOp op) { unregisterBuffer(op, calls); });
  return failure(result.wasInterrupted());
}
