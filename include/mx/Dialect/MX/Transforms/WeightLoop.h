//===- WeightLoop.h - who works on weights ----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes run loops on the threads of the context. A program whose context has
// none, so that passes run one after another, can bring a loop for weights
// alone: they are nearly all of the work, and pieces of a weight create no IR
// and report nothing.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_WEIGHTLOOP_H
#define MX_DIALECT_MX_TRANSFORMS_WEIGHTLOOP_H

#include "mlir/IR/DialectInterface.h"
#include "mx/Quantization/Parallel.h"

namespace mlir::mx {

/// The loop that passes run on weights in place of that of the context. Added
/// to the loaded MXDialect before passes run, and the same until they end.
class WeightLoop : public DialectInterface::Base<WeightLoop> {
public:
  WeightLoop(Dialect *dialect, mxquant::ParallelFor loop)
      : Base(dialect), loop(std::move(loop)) {}

  const mxquant::ParallelFor &getLoop() const { return loop; }

private:
  mxquant::ParallelFor loop;
};

} // namespace mlir::mx

#endif // MX_DIALECT_MX_TRANSFORMS_WEIGHTLOOP_H
