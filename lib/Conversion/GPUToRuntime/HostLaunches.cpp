//===- HostLaunches.cpp - kernels, as the host calls them -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "GPUToRuntime.h"
#include "mx/Conversion/Passes.h"

using namespace mlir;
using namespace mlir::mx;

/// Whether the kernel copies what its argument points to.
static bool isByValue(LLVM::LLVMFuncOp kernel, int32_t argument) {
  auto maps = kernel->getAttrOfType<DenseI32ArrayAttr>(kTensorMapsAttr);
  return kernel.getArgAttr(argument, LLVM::LLVMDialect::getByValAttrName()) ||
         (maps && llvm::is_contained(maps.asArrayRef(), argument));
}

/// An array of pointers to the kernel's arguments. A parameter that is passed
/// by value comes as a pointer to it already.
static Value storeArguments(ImplicitLocOpBuilder &b, gpu::LaunchFuncOp op,
                            LLVM::LLVMFuncOp kernel) {
  ValueRange operands = op.getKernelOperands();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value slots =
      allocateOnStack(b, pointer, std::max<int64_t>(operands.size(), 1));
  for (auto [index, operand] : llvm::enumerate(operands)) {
    Value place = operand;
    if (!isByValue(kernel, int32_t(index))) {
      place = allocateOnStack(b, operand.getType(), 1);
      LLVM::StoreOp::create(b, operand, place);
    }
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, slots,
                                     LLVM::GEPArg(static_cast<int32_t>(index)));
    LLVM::StoreOp::create(b, place, slot);
  }
  return slots;
}

static LogicalResult verifyLaunch(gpu::LaunchFuncOp op,
                                  LLVM::LLVMFuncOp kernel) {
  if (!kernel)
    return op.emitOpError("expected a kernel that a device module defines, "
                          "got '")
           << op.getKernel() << "'";
  if (op.hasClusterSize())
    return op.emitOpError("expected a launch without clusters for the "
                          "runtime, got one with them");
  if (op.getAsyncToken() || !op.getAsyncDependencies().empty())
    return op.emitOpError("expected a launch in the order of the program for "
                          "the runtime, got an asynchronous one");
  if (op.getKernelOperands().getTypes() != kernel.getArgumentTypes())
    return op.emitOpError("expected arguments of the types of the kernel, got "
                          "others");
  return success();
}

LogicalResult mx::convertLaunch(gpu::LaunchFuncOp op, RuntimeCalls &calls) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
      op->getParentOfType<ModuleOp>(), op.getKernelAttr());
  if (failed(verifyLaunch(op, kernel)))
    return failure();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto [place, name] = calls.getKernel(b, kernel.getName());
  SmallVector<Value> operands = {calls.getProgram(b), place, name};
  for (gpu::KernelDim3 size :
       {op.getGridSizeOperandValues(), op.getBlockSizeOperandValues()})
    for (Value extent : {size.x, size.y, size.z})
      operands.push_back(widenToI64(b, extent));
  Value shared = op.getDynamicSharedMemorySize();
  operands.push_back(
      shared ? shared
             : LLVM::ConstantOp::create(b, b.getI32IntegerAttr(0)).getResult());
  operands.push_back(storeArguments(b, op, kernel));
  calls.call(b, "mx_gpu_launch", Type(), operands);
  op.erase();
  return success();
}

LogicalResult mx::convertTensorMap(func::CallOp op, RuntimeCalls &calls) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type();
  auto expected = b.getFunctionType(
      {pointer, i32, i32, pointer, pointer, pointer, i32}, pointer);
  if (op.getCalleeType() != expected)
    return op.emitOpError("expected '")
           << op.getCallee() << "' to be " << expected << ", got "
           << op.getCalleeType();
  Value map = calls.call(b, "mx_gpu_encode_tensor_map", op.getResultTypes()[0],
                         op.getOperands());
  op.getResult(0).replaceAllUsesWith(map);
  op.erase();
  return success();
}
