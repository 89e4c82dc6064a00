//===- KernelBuilder.cpp - host code that becomes a kernel ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "mx/Conversion/DeviceKernels.h"

using namespace mlir;
using namespace mlir::mx;

/// Used where the program has no target, as other passes that make kernels do.
static constexpr llvm::StringLiteral kChip = "sm_120a", kFeatures = "+ptx87";

/// `stem` and the first number that gives a new name.
static std::string findName(gpu::GPUModuleOp module, StringRef stem) {
  for (unsigned number = 0;; ++number) {
    std::string name = (stem + "_" + Twine(number)).str();
    if (!module.lookupSymbol(name))
      return name;
  }
}

KernelBuilder::KernelBuilder(OpBuilder &host, Location loc, StringRef stem,
                             BlockSize block)
    : device(loc, host.getContext()), host(loc, host), block(block) {
  auto program =
      host.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  gpu::GPUModuleOp module = getKernelModule(program, kChip, kFeatures);
  device.setInsertionPointToEnd(module.getBody());
  kernel = gpu::GPUFuncOp::create(device, findName(module, stem),
                                  device.getFunctionType({}, {}));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                  device.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{block.x, block.y, 1});
  device.setInsertionPointToStart(&kernel.getBody().front());
}

Value KernelBuilder::addArgument(Value operand) {
  operands.push_back(operand);
  return kernel.getBody().front().addArgument(operand.getType(),
                                              device.getLoc());
}

/// Passes a number of type index as i64; returns that i64.
Value KernelBuilder::passIndex(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return arith::ConstantIntOp::create(device, device.getI64Type(), *constant);
  return addArgument(
      arith::IndexCastOp::create(host, host.getI64Type(), index));
}

/// What an argument may be: narrow numbers travel as their bits in an i32.
LogicalResult KernelBuilder::captureNumber(Value number) {
  Type type = number.getType();
  if (type.isIndex()) {
    Value passed = passIndex(number);
    mapping.map(number, arith::IndexCastOp::create(device, type, passed));
    return success();
  }
  if (!type.isIntOrFloat() || type.getIntOrFloatBitWidth() > 64)
    return emitError(device.getLoc(),
                     "expected operands of kernels that are buffers or numbers "
                     "of at most 64 bits, got ")
           << type;
  unsigned bits = type.getIntOrFloatBitWidth();
  Type integer = host.getIntegerType(bits), word = host.getI32Type();
  Value value = number;
  bool isPlain = bits == 32 || bits == 64;
  if (!isPlain && !type.isInteger())
    value = arith::BitcastOp::create(host, integer, value);
  if (bits < 32)
    value = arith::ExtUIOp::create(host, word, value);
  else if (!isPlain)
    value = arith::ExtUIOp::create(host, host.getI64Type(), value);
  value = addArgument(value);
  if (!isPlain)
    value = arith::TruncIOp::create(device, integer, value);
  if (value.getType() != type)
    value = arith::BitcastOp::create(device, type, value);
  mapping.map(number, value);
  return success();
}

/// Passes the lanes one by one.
LogicalResult KernelBuilder::captureVector(Value vector) {
  SmallVector<Value> lanes;
  for (Value lane : vector::ToElementsOp::create(host, vector).getElements()) {
    if (failed(captureNumber(lane)))
      return failure();
    lanes.push_back(mapping.lookup(lane));
  }
  mapping.map(vector,
              vector::FromElementsOp::create(device, vector.getType(), lanes));
  return success();
}

/// Passes the address, and of offset, sizes and strides what the type does not
/// say; inside, the buffer is made of them again.
LogicalResult KernelBuilder::captureBuffer(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  LLVMTypeConverter converter(device.getContext());
  Type descriptorType;
  if (type && type.isStrided() && !type.getMemorySpace())
    descriptorType = converter.convertType(type);
  if (!descriptorType)
    return emitError(device.getLoc(),
                     "expected buffers of kernels to be ranked and strided, in "
                     "the default memory space, got ")
           << buffer.getType();
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(host, buffer);
  Type pointerType = LLVM::LLVMPointerType::get(host.getContext());
  Value number = arith::IndexCastOp::create(host, host.getI64Type(), address);
  Value pointer =
      addArgument(LLVM::IntToPtrOp::create(host, pointerType, number));
  auto metadata = memref::ExtractStridedMetadataOp::create(host, buffer);
  auto pass = [&](OpFoldResult number) {
    return passIndex(
        getValueOrCreateConstantIndexOp(host, host.getLoc(), number));
  };
  Location loc = device.getLoc();
  auto descriptor = MemRefDescriptor::poison(device, loc, descriptorType);
  descriptor.setAllocatedPtr(device, loc, pointer);
  descriptor.setAlignedPtr(device, loc, pointer);
  descriptor.setOffset(device, loc, pass(metadata.getConstifiedMixedOffset()));
  for (auto [dim, size] : llvm::enumerate(metadata.getConstifiedMixedSizes()))
    descriptor.setSize(device, loc, dim, pass(size));
  for (auto [dim, stride] :
       llvm::enumerate(metadata.getConstifiedMixedStrides()))
    descriptor.setStride(device, loc, dim, pass(stride));
  Value rebuilt =
      UnrealizedConversionCastOp::create(device, type, Value(descriptor))
          .getResult(0);
  mapping.map(buffer, rebuilt);
  return success();
}

/// Whether `op` computes by an instruction that only the device has.
static bool isInstruction(Operation *op) {
  return isa<NVVM::NVVMDialect>(op->getDialect()) && op->getNumRegions() == 0;
}

std::optional<SmallVector<MemoryEffects::EffectInstance>>
mx::getEffects(Operation *op) {
  SmallVector<MemoryEffects::EffectInstance> effects;
  WalkResult result = op->walk([&](Operation *inner) {
    if (auto interface = dyn_cast<MemoryEffectOpInterface>(inner))
      interface.getEffects(effects);
    else if (!inner->hasTrait<OpTrait::HasRecursiveMemoryEffects>() &&
             !isInstruction(inner))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return std::nullopt;
  return effects;
}

bool mx::isComputation(Operation *op) {
  auto effects = getEffects(op);
  return effects && effects->empty();
}

/// Whether `op` computes by an instruction of the device, or with what one
/// makes.
bool KernelBuilder::needsDevice(Operation *op) {
  if (auto known = ofDevice.find(op); known != ofDevice.end())
    return known->second;
  bool needed = false;
  if (isComputation(op))
    op->walk([&](Operation *inner) {
      needed |= isInstruction(inner) ||
                llvm::any_of(inner->getOperands(), [&](Value operand) {
                  Operation *maker = operand.getDefiningOp();
                  return maker && !op->isAncestor(maker) && needsDevice(maker);
                });
    });
  return ofDevice[op] = needed;
}

/// Whether `op` costs a kernel less than its result as an argument would, or
/// gives what no argument can be, or what the host cannot compute.
bool KernelBuilder::isRecomputed(Operation *op) {
  if (needsDevice(op))
    return true;
  if (op->getNumRegions() != 0 || op->getNumResults() != 1 || !isPure(op))
    return false;
  Type type = op->getResult(0).getType();
  return op->hasTrait<OpTrait::ConstantLike>() || isa<VectorType>(type) ||
         (isa<MemRefType>(type) && isa<ViewLikeOpInterface>(op));
}

LogicalResult KernelBuilder::recompute(Operation *op) {
  if (failed(captureUses(op)))
    return failure();
  device.clone(*op, mapping);
  return success();
}

LogicalResult KernelBuilder::capture(Value value) {
  if (mapping.contains(value))
    return success();
  if (Operation *op = value.getDefiningOp(); op && isRecomputed(op))
    return recompute(op);
  if (isa<BaseMemRefType>(value.getType()))
    return captureBuffer(value);
  if (auto vector = dyn_cast<VectorType>(value.getType());
      vector && !vector.isScalable())
    return captureVector(value);
  return captureNumber(value);
}

LogicalResult KernelBuilder::captureUses(ArrayRef<Operation *> ops) {
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  auto captureOutside = [&](Value value) -> LogicalResult {
    Operation *op = value.getDefiningOp();
    return op && inside.contains(op) ? success() : capture(value);
  };
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (failed(captureOutside(operand)))
        return failure();
    llvm::SetVector<Value> above;
    getUsedValuesDefinedAbove(op->getRegions(), above);
    for (Value value : above)
      if (failed(captureOutside(value)))
        return failure();
  }
  return success();
}

void KernelBuilder::launch(GridSize grid) {
  gpu::ReturnOp::create(device);
  kernel.setFunctionType(device.getFunctionType(
      kernel.getBody().front().getArgumentTypes(), TypeRange()));
  auto index = [&](int64_t number) -> Value {
    return arith::ConstantIndexOp::create(host, number);
  };
  gpu::LaunchFuncOp::create(
      host, kernel, gpu::KernelDim3{grid.x, grid.y, index(1)},
      gpu::KernelDim3{index(block.x), index(block.y), index(1)},
      /*dynamicSharedMemorySize=*/Value(), operands);
}
