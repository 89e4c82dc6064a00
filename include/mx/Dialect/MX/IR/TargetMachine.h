//===- TargetMachine.h - #mx.target for the tables --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// lib/Target knows no MLIR; here a target attribute becomes what its tables
// are asked with.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_TARGETMACHINE_H
#define MX_DIALECT_MX_IR_TARGETMACHINE_H

#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Target/Chip.h"
#include "mx/Target/KernelRegistry.h"

namespace mlir::mx {

/// The target of a module, or null.
TargetAttr getTarget(Operation *module);

/// The machine that a target names; without a target, any CPU. Its strings live
/// as long as the context.
Machine getMachine(TargetAttr target);

/// A GPU and the PTX version that is written for it.
struct DeviceTarget {
  const Chip *chip;
  unsigned ptx;
};

/// What a target of kind nvvm says; nothing for other targets and null.
std::optional<DeviceTarget> getDeviceTarget(TargetAttr target);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_IR_TARGETMACHINE_H
