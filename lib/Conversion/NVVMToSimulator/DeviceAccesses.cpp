//===- DeviceAccesses.cpp - loads and stores of device memory -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An access asks the simulator first, which knows what may be touched and what
// was written. Memory of the thread's own stack is not looked at.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Whether `address` points into a variable of this thread.
static bool isPrivate(Value address) {
  while (Operation *op = address.getDefiningOp()) {
    if (isa<LLVM::AllocaOp>(op))
      return true;
    if (!isa<LLVM::GEPOp, LLVM::AddrSpaceCastOp>(op))
      return false;
    address = op->getOperand(0);
  }
  return false;
}

/// The bytes that an access touches: those of a vector, but not the padding
/// behind it.
static int64_t getAccessBytes(Type type, const DataLayout &layout) {
  if (auto vector = dyn_cast<VectorType>(type);
      vector && vector.getElementType().isIntOrFloat())
    return llvm::divideCeil(
        vector.getNumElements() * vector.getElementTypeBitWidth(), 8);
  return layout.getTypeSize(type).getFixedValue();
}

template <typename Op>
static void checkAccess(Op op, Type type, StringRef callee,
                        const DataLayout &layout, SimulatorCalls &calls) {
  if (isPrivate(op.getAddr()))
    return;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  int64_t bytes = getAccessBytes(type, layout);
  int64_t alignment =
      op.getAlignment().value_or(layout.getTypeABIAlignment(type));
  Value size = LLVM::ConstantOp::create(b, b.getI64IntegerAttr(bytes));
  Value align = LLVM::ConstantOp::create(b, b.getI32IntegerAttr(alignment));
  calls.callAt(b, callee, Type(), {op.getAddr(), size, align});
}

/// What an atomic operation works on.
static std::optional<int32_t> getAtomicType(Type type) {
  if (type.isInteger(32))
    return MXSIM_ATOMIC_I32;
  if (type.isInteger(64))
    return MXSIM_ATOMIC_I64;
  if (type.isF32())
    return MXSIM_ATOMIC_F32;
  if (auto vector = dyn_cast<VectorType>(type))
    if (vector.getNumElements() == 2 && vector.getElementType().isF16())
      return MXSIM_ATOMIC_F16X2;
  if (auto vector = dyn_cast<VectorType>(type))
    if (vector.getNumElements() == 2 && vector.getElementType().isBF16())
      return MXSIM_ATOMIC_BF16X2;
  return std::nullopt;
}

static LogicalResult convertAtomic(LLVM::AtomicRMWOp op,
                                   SimulatorCalls &calls) {
  std::optional<int32_t> type = getAtomicType(op.getType());
  if (!type || op.getBinOp() > LLVM::AtomicBinOp::fadd)
    return op.emitOpError("expected an atomic operation that the simulator "
                          "models, got another");
  DeviceRewriter rewrite(op, calls);
  Type i64 = rewrite.b.getI64Type();
  Value none = LLVM::ZeroOp::create(rewrite.b, i64);
  Value old = rewrite.callAt("mxsim_atomic", i64,
                             {rewrite.constantOf(op.getBinOp()),
                              rewrite.constant(*type), op.getPtr(),
                              rewrite.convertBits(op.getVal(), i64), none});
  return rewrite.replace(rewrite.convertBits(old, op.getType()));
}

static LogicalResult convertCompareSwap(LLVM::AtomicCmpXchgOp op,
                                        SimulatorCalls &calls) {
  Type type = op.getVal().getType();
  std::optional<int32_t> kind = getAtomicType(type);
  if (!kind)
    return op.emitOpError("expected an atomic operation that the simulator "
                          "models, got another");
  DeviceRewriter rewrite(op, calls);
  ImplicitLocOpBuilder &b = rewrite.b;
  Type i64 = b.getI64Type();
  Value compare = rewrite.convertBits(op.getCmp(), i64);
  Value old = rewrite.callAt("mxsim_atomic", i64,
                             {rewrite.constant(MXSIM_ATOMIC_COMPARE_SWAP),
                              rewrite.constant(*kind), op.getPtr(),
                              rewrite.convertBits(op.getVal(), i64), compare});
  Value swapped =
      LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, old, compare);
  Value result = LLVM::UndefOp::create(b, op.getType());
  result = LLVM::InsertValueOp::create(
      b, result, rewrite.convertBits(old, type), ArrayRef<int64_t>(0));
  result =
      LLVM::InsertValueOp::create(b, result, swapped, ArrayRef<int64_t>(1));
  return rewrite.replace(result);
}

LogicalResult mx::convertDeviceAccesses(LLVM::LLVMFuncOp function,
                                        SimulatorCalls &calls) {
  DataLayout layout = DataLayout::closest(function);
  WalkResult result = function.walk([&](Operation *op) -> WalkResult {
    return llvm::TypeSwitch<Operation *, WalkResult>(op)
        .Case([&](LLVM::LoadOp op) {
          checkAccess(op, op.getType(), "mxsim_check_load", layout, calls);
          return WalkResult::advance();
        })
        .Case([&](LLVM::StoreOp op) {
          checkAccess(op, op.getValue().getType(), "mxsim_check_store", layout,
                      calls);
          return WalkResult::advance();
        })
        .Case([&](LLVM::AtomicRMWOp op) { return convertAtomic(op, calls); })
        .Case([&](LLVM::AtomicCmpXchgOp op) {
          return convertCompareSwap(op, calls);
        })
        .Default(WalkResult::advance());
  });
  return failure(result.wasInterrupted());
}
