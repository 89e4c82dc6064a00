//===- DeviceInstructions.h - what mx-verify-device-code asks ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DEVICECODE_DEVICEINSTRUCTIONS_H
#define MX_LIB_DEVICECODE_DEVICEINSTRUCTIONS_H

#include "mlir/IR/Operation.h"
#include <string>

namespace mlir::mx {

/// The name under which Instructions.def has an NVVM operation, a call of an
/// intrinsic, or inline assembly that is known. A form that no row describes
/// gets a name of its own, which is not in the table.
std::string getInstructionName(Operation *op);

/// Whether LLVM makes ordinary instructions out of an operation of the LLVM
/// dialect for every chip.
bool isOrdinary(Operation *op);

/// Checks what neither MLIR nor ptxas does: scale selectors, known alignment,
/// attributes of the kernel.
LogicalResult verifyInstruction(Operation *op);

/// Checks the registers of a product of a warpgroup: that nothing touches them
/// while it is under way.
LogicalResult verifyWarpgroupRegisters(Operation *op);

} // namespace mlir::mx

#endif // MX_LIB_DEVICECODE_DEVICEINSTRUCTIONS_H
