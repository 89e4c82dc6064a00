//===- TensorMemoryOperations.cpp - operations of tcgen05 -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Addresses of tensor memory are numbers, which pointers carry as they are.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

/// Operations of a pair of blocks have no model.
template <typename Op>
static LogicalResult verifyOneBlock(Op op, NVVM::CTAGroupKind group) {
  if (group == NVVM::CTAGroupKind::CTA_1)
    return success();
  return op.emitOpError("expected an operation of one block to simulate, got "
                        "one of two");
}

/// The words of a register or of a vector of them.
static int32_t countWords(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? int32_t(vector.getNumElements()) : 1;
}

static LogicalResult convertTensorOp(NVVM::Tcgen05AllocOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getGroup())))
    return failure();
  rewrite.callAt("mxsim_tmem_alloc", Type(), {op.getAddr(), op.getNCols()});
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05DeallocOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getGroup())))
    return failure();
  rewrite.callAt("mxsim_tmem_dealloc", Type(), {op.getTaddr(), op.getNCols()});
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05RelinquishAllocPermitOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getGroup())))
    return failure();
  rewrite.callAt("mxsim_tmem_relinquish", Type(), {});
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05FenceOp op,
                                     DeviceRewriter &rewrite) {
  rewrite.callAt("mxsim_tmem_fence", Type(), rewrite.constantOf(op.getKind()));
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05WaitOp op,
                                     DeviceRewriter &rewrite) {
  rewrite.callAt("mxsim_tmem_wait", Type(), rewrite.constantOf(op.getKind()));
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05CommitOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getGroup())))
    return failure();
  if (op.getMulticastMask())
    return op.emitOpError("expected a commit to one mbarrier to simulate, got "
                          "a multicast");
  rewrite.callAt("mxsim_tmem_commit", Type(), op.getAddr());
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05CpOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getGroup())))
    return failure();
  if (op.getSrcFormat())
    return op.emitOpError("expected a copy that converts nothing to simulate, "
                          "got a source format");
  rewrite.callAt("mxsim_tmem_copy", Type(),
                 {op.getTaddr(), op.getSmemDesc(),
                  rewrite.constantOf(op.getShape()),
                  rewrite.constantOf(op.getMulticast())});
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05MMABlockScaleOp op,
                                     DeviceRewriter &rewrite) {
  if (failed(verifyOneBlock(op, op.getCtaGroup())))
    return failure();
  if (!op.getMatrixA().getType().isInteger())
    return op.emitOpError("expected A in shared memory to simulate, got it in "
                          "tensor memory");
  using Scale = NVVM::Tcgen05MMABlockScale;
  constexpr int32_t shortBlock = 16, longBlock = 32;
  int32_t block = op.getBlockScale() == Scale::BLOCK16   ? shortBlock
                  : op.getBlockScale() == Scale::BLOCK32 ? longBlock
                                                         : 0;
  Value accumulate =
      rewrite.convertBits(op.getEnableInputD(), rewrite.b.getI32Type());
  rewrite.callAt("mxsim_tmem_product", Type(),
                 {op.getMatrixD(), op.getMatrixA(), op.getMatrixB(),
                  op.getIdesc(), accumulate, op.getScaleA(), op.getScaleB(),
                  rewrite.constantOf(op.getKind()), rewrite.constant(block)});
  return rewrite.erase();
}

static LogicalResult convertTensorOp(NVVM::Tcgen05LdOp op,
                                     DeviceRewriter &rewrite) {
  if (op.getPack() || op.getOffset())
    return op.emitOpError("expected a load of whole words to simulate, got one "
                          "that packs or has an offset");
  Type type = op.getRes().getType();
  int32_t count = countWords(type);
  ImplicitLocOpBuilder &b = rewrite.b;
  Value words = rewrite.allocate(b.getI32Type(), count);
  rewrite.callAt("mxsim_tmem_load", Type(),
                 {words, op.getTmemAddr(), rewrite.constantOf(op.getShape()),
                  rewrite.constant(count)});
  // Words of the stack are aligned as such.
  return rewrite.replace(
      LLVM::LoadOp::create(b, type, words, sizeof(int32_t)).getResult());
}

static LogicalResult convertTensorOp(NVVM::Tcgen05StOp op,
                                     DeviceRewriter &rewrite) {
  if (op.getUnpack() || op.getOffset())
    return op.emitOpError("expected a store of whole words to simulate, got "
                          "one that unpacks or has an offset");
  int32_t count = countWords(op.getVal().getType());
  ImplicitLocOpBuilder &b = rewrite.b;
  Value words = rewrite.allocate(b.getI32Type(), count);
  LLVM::StoreOp::create(b, op.getVal(), words, sizeof(int32_t));
  rewrite.callAt("mxsim_tmem_store", Type(),
                 {op.getTmemAddr(), words, rewrite.constantOf(op.getShape()),
                  rewrite.constant(count)});
  return rewrite.erase();
}

std::optional<LogicalResult>
mx::convertTensorMemoryOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<NVVM::Tcgen05AllocOp, NVVM::Tcgen05DeallocOp,
            NVVM::Tcgen05RelinquishAllocPermitOp, NVVM::Tcgen05FenceOp,
            NVVM::Tcgen05WaitOp, NVVM::Tcgen05CommitOp, NVVM::Tcgen05CpOp,
            NVVM::Tcgen05MMABlockScaleOp, NVVM::Tcgen05LdOp, NVVM::Tcgen05StOp>(
          [&](auto op) { return convertTensorOp(op, rewrite); })
      .Default(std::nullopt);
}
