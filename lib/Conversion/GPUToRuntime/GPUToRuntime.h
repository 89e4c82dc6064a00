//===- GPUToRuntime.h - host code that calls the runtime --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pieces of the pass `convert-gpu-to-runtime`. Each takes an operation of
// host code and puts calls of mx/Runtime/GpuRuntime.h in its place.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_GPUTORUNTIME_GPUTORUNTIME_H
#define MX_LIB_CONVERSION_GPUTORUNTIME_GPUTORUNTIME_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// Builds calls of the runtime, and what they refer to, in `module`.
class RuntimeCalls {
public:
  explicit RuntimeCalls(ModuleOp module) : module(module) {}

  /// Calls `name`, where `b` stands. The result is null if `resultType` is.
  Value call(ImplicitLocOpBuilder &b, StringRef name, Type resultType,
             ValueRange operands);
  /// The address of a new variable, a null pointer at first.
  Value makePlace(ImplicitLocOpBuilder &b);
  /// The address of the place of a kernel, one for all its launches, and that
  /// of its name.
  std::pair<Value, Value> getKernel(ImplicitLocOpBuilder &b, StringRef name);
  /// The address of the program's description.
  Value getProgram(ImplicitLocOpBuilder &b);

private:
  LLVM::GlobalOp createGlobal(ImplicitLocOpBuilder &b, Type type,
                              LLVM::Linkage linkage, StringRef name,
                              Attribute value);

  ModuleOp module;
  int places = 0;
};

/// Memory on the stack of the function, once, however often `b` runs.
Value allocateOnStack(ImplicitLocOpBuilder &b, Type type, int64_t count);
/// `value`, an index or an integer, as an i64.
Value widenToI64(ImplicitLocOpBuilder &b, Value value);

// The operations of buffers.
LogicalResult convertAlloc(memref::AllocOp op, RuntimeCalls &calls);
LogicalResult convertDealloc(memref::DeallocOp op, RuntimeCalls &calls);
LogicalResult convertGetGlobal(memref::GetGlobalOp op, RuntimeCalls &calls);
LogicalResult convertLoad(memref::LoadOp op, RuntimeCalls &calls);
/// Copies between buffers, whichever dialect asks for it.
LogicalResult convertCopy(Operation *op, Value from, Value to,
                          RuntimeCalls &calls);
/// A function that is not of the program reads copies of buffers in memory of
/// the host.
LogicalResult convertForeignCall(func::CallOp op, RuntimeCalls &calls);

// The operations of kernels.
LogicalResult convertLaunch(gpu::LaunchFuncOp op, RuntimeCalls &calls);
/// Of the function `mx_encode_tensor_map`.
LogicalResult convertTensorMap(func::CallOp op, RuntimeCalls &calls);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_GPUTORUNTIME_GPUTORUNTIME_H
