//===- Steps.h - single accesses as kernels of one thread -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_LOOPSTOKERNELS_STEPS_H
#define MX_LIB_CONVERSION_LOOPSTOKERNELS_STEPS_H

#include "mlir/IR/Operation.h"

namespace mlir::mx {

/// What an operation of the host does with numbers in device memory.
enum class Access {
  /// Nothing: it computes.
  None,
  /// It loads and has results.
  Read,
  /// It stores, or is a loop that loads or stores.
  Step,
};

/// Makes kernels of the steps among neighbouring operations of one block, in
/// which no others touch memory. Numbers that only steps need are loaded there;
/// the others stay loads of the host, which waits for the device.
LogicalResult convertSteps(ArrayRef<std::pair<Operation *, Access>> neighbours);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_LOOPSTOKERNELS_STEPS_H
