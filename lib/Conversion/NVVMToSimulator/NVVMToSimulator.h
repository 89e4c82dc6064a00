//===- NVVMToSimulator.h - device code as host code -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pieces of the pass `convert-nvvm-to-simulator`, in the order in which it
// uses them.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_NVVMTOSIMULATOR_NVVMTOSIMULATOR_H
#define MX_LIB_CONVERSION_NVVMTOSIMULATOR_NVVMTOSIMULATOR_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::mx {

/// Numbers the places of device operations, so that the simulator, which knows
/// no MLIR, can name one.
class LocationTable {
public:
  int32_t getNumber(Location location);
  ArrayAttr getAttr(MLIRContext *context) const;

private:
  llvm::MapVector<Location, int32_t> numbers;
};

/// Builds calls of the simulator's functions and declares them in `module`.
class SimulatorCalls {
public:
  SimulatorCalls(ModuleOp module, LocationTable &locations)
      : module(module), locations(locations) {}

  /// Calls `name` with `operands`, where `b` stands. The result is null if
  /// `resultType` is.
  Value call(ImplicitLocOpBuilder &b, StringRef name, Type resultType,
             ValueRange operands);
  /// The same with the number of the place of `b` as last operand.
  Value callAt(ImplicitLocOpBuilder &b, StringRef name, Type resultType,
               ValueRange operands);

private:
  ModuleOp module;
  LocationTable &locations;
};

/// Rewrites one operation of device code after another. Stands before
/// `operation`; what is built there has its location.
class DeviceRewriter {
public:
  DeviceRewriter(Operation *operation, SimulatorCalls &calls)
      : b(operation->getLoc(), operation), operation(operation), calls(calls) {}

  Value constant(int32_t value) {
    return LLVM::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  template <typename Enum>
  Value constantOf(Enum value) {
    return constant(static_cast<int32_t>(value));
  }
  /// Room for `count` words of `type`, once for each run of the function.
  Value allocate(Type type, int64_t count);
  /// The words of `values`, each of 32 bits, in memory as `type`.
  Value store(Type type, ValueRange values);
  /// Word `index` of what `allocate` made, as `type` of the same size.
  Value load(Value words, Type type, int64_t index);
  /// The bits of `value` as `type`, cut off or filled up with zeros.
  Value convertBits(Value value, Type type);
  /// `value` if it is there, else `otherwise`.
  Value getOr(Value value, int32_t otherwise) {
    return value ? value : constant(otherwise);
  }

  Value call(StringRef name, Type resultType, ValueRange operands) {
    return calls.call(b, name, resultType, operands);
  }
  Value callAt(StringRef name, Type resultType, ValueRange operands) {
    return calls.callAt(b, name, resultType, operands);
  }
  /// Builds a struct of type `type` from `count` words at `words`, or loads the
  /// only one.
  Value loadResult(Value words, Type type);

  /// Replaces the operation by `results`.
  LogicalResult replace(ValueRange results);
  LogicalResult erase() { return replace({}); }
  /// The same for a result that nobody may want.
  LogicalResult replaceOptional(Value result) {
    return operation->getNumResults() == 0 ? erase() : replace(result);
  }

  ImplicitLocOpBuilder b;

private:
  Operation *operation;
  SimulatorCalls &calls;
};

/// Each rewrites `op` if it is one of its family; nothing if it is not.
using ConvertFamily = std::optional<LogicalResult> (*)(Operation *op,
                                                       DeviceRewriter &rewrite);
/// Special registers, warps, barriers of the block, fences.
std::optional<LogicalResult> convertThreadOperation(Operation *op,
                                                    DeviceRewriter &rewrite);
/// mbarriers.
std::optional<LogicalResult> convertMBarrierOperation(Operation *op,
                                                      DeviceRewriter &rewrite);
/// Asynchronous copies.
std::optional<LogicalResult> convertCopyOperation(Operation *op,
                                                  DeviceRewriter &rewrite);
/// Products of matrices, and their fragments.
std::optional<LogicalResult> convertMatrixOperation(Operation *op,
                                                    DeviceRewriter &rewrite);
/// Products of warpgroups.
std::optional<LogicalResult> convertWarpgroupOperation(Operation *op,
                                                       DeviceRewriter &rewrite);
/// Tensor memory: tcgen05.
std::optional<LogicalResult>
convertTensorMemoryOperation(Operation *op, DeviceRewriter &rewrite);
/// Conversions of numbers, and permutations of bytes.
std::optional<LogicalResult> convertNumberOperation(Operation *op,
                                                    DeviceRewriter &rewrite);

/// What the host must know of a kernel.
struct SimulatedKernel {
  /// `void entry(void **arguments)`.
  LLVM::LLVMFuncOp entry;
  /// Bytes of shared memory whose size the code states.
  int64_t staticSharedBytes = 0;
  /// The block that it was made for; zeros for any.
  std::array<int32_t, 3> requiredBlock = {};
};

/// From the kernels' names, as launches write them, to what became of them.
using SimulatedKernels = llvm::MapVector<Attribute, SimulatedKernel>;

/// Replaces the operations of NVVM in a function by calls. An operation that
/// has no model is an error.
LogicalResult convertDeviceOperations(LLVM::LLVMFuncOp function,
                                      SimulatorCalls &calls);

/// Makes loads, stores and atomic operations of device memory tell the
/// simulator first.
LogicalResult convertDeviceAccesses(LLVM::LLVMFuncOp function,
                                    SimulatorCalls &calls);

/// Makes every loop tell the simulator of each round.
void countLoopRounds(LLVM::LLVMFuncOp function, SimulatorCalls &calls);

/// Moves the functions and globals of `device` into `module`: operations of
/// NVVM become calls, address spaces vanish, every kernel gets an entry.
LogicalResult convertDeviceModule(gpu::GPUModuleOp device, ModuleOp module,
                                  SimulatorCalls &calls,
                                  SimulatedKernels &kernels);

/// Tells the simulator of the buffers whose addresses `module` hands to
/// kernels, and replaces launches by calls.
LogicalResult convertLaunches(ModuleOp module, SimulatorCalls &calls,
                              const SimulatedKernels &kernels);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_NVVMTOSIMULATOR_NVVMTOSIMULATOR_H
