//===- KernelBuilder.h - host code that becomes a kernel --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A kernel and its launch, made together: each value of the host that the
// kernel needs becomes an operand of the one and an argument of the other.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_LOOPSTOKERNELS_KERNELBUILDER_H
#define MX_LIB_CONVERSION_LOOPSTOKERNELS_KERNELBUILDER_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::mx {

/// The number of threads of a block along x and along y.
struct BlockSize {
  int32_t x, y;
};

/// The number of blocks along x and along y, of type index.
struct GridSize {
  Value x, y;
};

/// The effects of `op` and of what is within it on memory, or nothing if they
/// are not known. Instructions that only the device has do not say that they
/// have none.
std::optional<SmallVector<MemoryEffects::EffectInstance>>
getEffects(Operation *op);

/// Whether `op` does nothing but compute.
bool isComputation(Operation *op);

class KernelBuilder {
public:
  /// Begins a kernel called `stem` and a number. It is launched where `host`
  /// inserts.
  KernelBuilder(OpBuilder &host, Location loc, StringRef stem, BlockSize block);

  /// Makes `value` of the host known to the kernel as `mapping` of it:
  /// constants, views, vectors and what instructions of the device make are
  /// computed anew, buffers are passed as addresses and sizes, numbers as they
  /// are. Nothing may have been emitted
  /// into the kernel before. Reports types that no kernel takes.
  LogicalResult capture(Value value);
  /// All values from outside that `ops` use.
  LogicalResult captureUses(ArrayRef<Operation *> ops);

  /// Ends the kernel and launches it.
  void launch(GridSize grid);

  StringRef getName() { return kernel.getName(); }

  /// Inserts into the kernel, and where it is launched.
  ImplicitLocOpBuilder device, host;
  /// From values of the host to those of the kernel.
  IRMapping mapping;

private:
  bool needsDevice(Operation *op);
  bool isRecomputed(Operation *op);
  LogicalResult recompute(Operation *op);
  LogicalResult captureBuffer(Value buffer);
  LogicalResult captureNumber(Value number);
  LogicalResult captureVector(Value vector);
  Value addArgument(Value operand);
  Value passIndex(Value index);

  gpu::GPUFuncOp kernel;
  BlockSize block;
  SmallVector<Value> operands;
  /// What `needsDevice` has found out.
  llvm::DenseMap<Operation *, bool> ofDevice;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_LOOPSTOKERNELS_KERNELBUILDER_H
