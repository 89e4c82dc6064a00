//===- MBarrierOperations.cpp - barriers in shared memory -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

/// Operations under a predicate are inline PTX and have no other form.
template <typename Op>
static LogicalResult verifyUnpredicated(Op op) {
  if (!op.getPredicate())
    return success();
  return op.emitOpError("expected an operation without a predicate to simulate "
                        "(branch around it instead), got one");
}

/// An arrival: its result is the state of the barrier.
static LogicalResult convertArrival(DeviceRewriter &rewrite, StringRef name,
                                    Value barrier, Value operand) {
  return rewrite.replaceOptional(
      rewrite.callAt(name, rewrite.b.getI64Type(), {barrier, operand}));
}

/// Waits for a phase, which a state names or, with 32 bits, its parity.
template <typename Op>
static LogicalResult convertWait(Op op, DeviceRewriter &rewrite,
                                 StringRef name) {
  Value phase = op.getStateOrPhase();
  std::string callee =
      (name + (phase.getType().isInteger(32) ? "_parity" : "")).str();
  Value done =
      rewrite.callAt(callee, rewrite.b.getI32Type(), {op.getAddr(), phase});
  return rewrite.replace(rewrite.convertBits(done, op.getType()));
}

static LogicalResult convertPredicated(NVVM::MBarrierInitOp op,
                                       DeviceRewriter &rewrite) {
  if (failed(verifyUnpredicated(op)))
    return failure();
  rewrite.callAt("mxsim_mbarrier_init", Type(), {op.getAddr(), op.getCount()});
  return rewrite.erase();
}

static LogicalResult convertPredicated(NVVM::MBarrierArriveExpectTxOp op,
                                       DeviceRewriter &rewrite) {
  if (failed(verifyUnpredicated(op)))
    return failure();
  return convertArrival(rewrite, "mxsim_mbarrier_arrive_expect_tx",
                        op.getAddr(), op.getTxcount());
}

std::optional<LogicalResult>
mx::convertMBarrierOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<NVVM::MBarrierInitOp, NVVM::MBarrierArriveExpectTxOp>(
          [&](auto op) { return convertPredicated(op, rewrite); })
      .Case([&](NVVM::MBarrierInvalOp op) {
        rewrite.callAt("mxsim_mbarrier_invalidate", Type(), op.getAddr());
        return rewrite.erase();
      })
      .Case([&](NVVM::MBarrierArriveOp op) {
        return convertArrival(rewrite, "mxsim_mbarrier_arrive", op.getAddr(),
                              rewrite.getOr(op.getCount(), 1));
      })
      .Case([&](NVVM::MBarrierArriveDropOp op) {
        return convertArrival(rewrite, "mxsim_mbarrier_arrive_drop",
                              op.getAddr(), rewrite.getOr(op.getCount(), 1));
      })
      .Case([&](NVVM::MBarrierArriveNocompleteOp op) {
        return convertArrival(rewrite, "mxsim_mbarrier_arrive_nocomplete",
                              op.getAddr(), op.getCount());
      })
      .Case([&](NVVM::MBarrierArriveDropExpectTxOp op) {
        return convertArrival(rewrite, "mxsim_mbarrier_arrive_drop_expect_tx",
                              op.getAddr(), op.getTxcount());
      })
      .Case([&](NVVM::MBarrierExpectTxOp op) {
        rewrite.callAt("mxsim_mbarrier_expect_tx", Type(),
                       {op.getAddr(), op.getTxcount()});
        return rewrite.erase();
      })
      .Case([&](NVVM::MBarrierCompleteTxOp op) {
        rewrite.callAt("mxsim_mbarrier_complete_tx", Type(),
                       {op.getAddr(), op.getTxcount()});
        return rewrite.erase();
      })
      .Case([&](NVVM::MBarrierTestWaitOp op) {
        return convertWait(op, rewrite, "mxsim_mbarrier_test_wait");
      })
      .Case([&](NVVM::MBarrierTryWaitOp op) {
        return convertWait(op, rewrite, "mxsim_mbarrier_try_wait");
      })
      // This one loops until the phase is over.
      .Case([&](NVVM::MBarrierTryWaitParityOp op) {
        rewrite.callAt("mxsim_mbarrier_try_wait_parity", rewrite.b.getI32Type(),
                       {op.getAddr(), op.getPhase()});
        return rewrite.erase();
      })
      .Default(std::nullopt);
}
