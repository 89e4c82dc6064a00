//===- RingBarriers.h - waiting for a stage of a ring -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What kernels with a producer have in common: code under a condition, and the
// wait for a phase of an mbarrier.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_RINGBARRIERS_H
#define MX_LIB_CONVERSION_MXTONVVM_RINGBARRIERS_H

#include "Word.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::mx {

/// Bytes of an mbarrier.
inline constexpr int kBarrierBytes = 8;

/// Builds `body` under `condition`.
inline void when(ImplicitLocOpBuilder &b, Value condition,
                 function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

/// Waits until `barrier` has completed the phase with this parity.
inline void waitForPhase(ImplicitLocOpBuilder &b, Value barrier, Word parity) {
  auto loop = scf::WhileOp::create(b, TypeRange(), ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&loop.getBefore());
  Value done = NVVM::MBarrierTryWaitOp::create(b, b.getI1Type(), barrier,
                                               parity, Value());
  Value yes = arith::ConstantIntOp::create(b, b.getI1Type(), 1);
  Value again = arith::XOrIOp::create(b, done, yes);
  scf::ConditionOp::create(b, again, ValueRange());
  b.createBlock(&loop.getAfter());
  scf::YieldOp::create(b);
}

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_RINGBARRIERS_H
