//===- CopyOperations.cpp - asynchronous copies ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

static LogicalResult convertCpAsync(NVVM::CpAsyncOp op,
                                    DeviceRewriter &rewrite) {
  int32_t bytes = op.getSize();
  rewrite.callAt("mxsim_cp_async", Type(),
                 {op.getDst(), op.getSrc(), rewrite.constant(bytes),
                  rewrite.getOr(op.getCpSize(), bytes)});
  return rewrite.erase();
}

static LogicalResult
convertBulkLoad(NVVM::CpAsyncBulkGlobalToSharedClusterOp op,
                DeviceRewriter &rewrite) {
  if (op.getMulticastMask())
    return op.emitOpError("expected a copy to one block, got a multicast");
  rewrite.callAt("mxsim_bulk_load", Type(),
                 {op.getDstMem(), op.getSrcMem(), op.getMbar(), op.getSize()});
  return rewrite.erase();
}

static LogicalResult convertBulkStore(NVVM::CpAsyncBulkSharedCTAToGlobalOp op,
                                      DeviceRewriter &rewrite) {
  constexpr int32_t allBytes = 0xFFFF;
  Value mask = rewrite.constant(allBytes);
  if (op.getByteMask())
    mask = rewrite.convertBits(op.getByteMask(), rewrite.b.getI32Type());
  rewrite.callAt("mxsim_bulk_store", Type(),
                 {op.getDstMem(), op.getSrcMem(), op.getSize(), mask});
  return rewrite.erase();
}

static LogicalResult
convertTensorLoad(NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op,
                  DeviceRewriter &rewrite) {
  if (op.getMode() != NVVM::TMALoadMode::TILE || op.getPredicate() ||
      op.getMulticastMask())
    return op.emitOpError("expected a copy in tile mode, to one block and "
                          "without a predicate to simulate, got another");
  Value coordinates =
      rewrite.store(rewrite.b.getI32Type(), op.getCoordinates());
  rewrite.callAt("mxsim_tensor_load", Type(),
                 {op.getDstMem(), op.getTmaDescriptor(), coordinates,
                  rewrite.constant(op.getCoordinates().size()), op.getMbar()});
  return rewrite.erase();
}

static LogicalResult
convertTensorStore(NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp op,
                   DeviceRewriter &rewrite) {
  if (op.getMode() != NVVM::TMAStoreMode::TILE || op.getPredicate())
    return op.emitOpError("expected a copy in tile mode and without a "
                          "predicate to simulate, got another");
  Value coordinates =
      rewrite.store(rewrite.b.getI32Type(), op.getCoordinates());
  rewrite.callAt("mxsim_tensor_store", Type(),
                 {op.getTmaDescriptor(), op.getSrcMem(), coordinates,
                  rewrite.constant(op.getCoordinates().size())});
  return rewrite.erase();
}

std::optional<LogicalResult> mx::convertCopyOperation(Operation *op,
                                                      DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](NVVM::CpAsyncOp op) { return convertCpAsync(op, rewrite); })
      .Case([&](NVVM::CpAsyncCommitGroupOp) {
        rewrite.callAt("mxsim_cp_async_commit_group", Type(), {});
        return rewrite.erase();
      })
      .Case([&](NVVM::CpAsyncWaitGroupOp op) {
        rewrite.callAt("mxsim_cp_async_wait_group", Type(),
                       rewrite.constant(op.getN()));
        return rewrite.erase();
      })
      .Case([&](NVVM::CpAsyncMBarrierArriveOp op) {
        rewrite.callAt("mxsim_cp_async_mbarrier_arrive", Type(),
                       {op.getAddr(), rewrite.constant(op.getNoinc())});
        return rewrite.erase();
      })
      .Case([&](NVVM::CpAsyncBulkGlobalToSharedClusterOp op) {
        return convertBulkLoad(op, rewrite);
      })
      .Case([&](NVVM::CpAsyncBulkSharedCTAToGlobalOp op) {
        return convertBulkStore(op, rewrite);
      })
      .Case([&](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op) {
        return convertTensorLoad(op, rewrite);
      })
      .Case([&](NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp op) {
        return convertTensorStore(op, rewrite);
      })
      .Case([&](NVVM::CpAsyncBulkCommitGroupOp) {
        rewrite.callAt("mxsim_bulk_commit_group", Type(), {});
        return rewrite.erase();
      })
      .Case([&](NVVM::CpAsyncBulkWaitGroupOp op) {
        rewrite.callAt("mxsim_bulk_wait_group", Type(),
                       {rewrite.constant(op.getGroup()),
                        rewrite.constant(op.getRead().value_or(false))});
        return rewrite.erase();
      })
      .Default(std::nullopt);
}
