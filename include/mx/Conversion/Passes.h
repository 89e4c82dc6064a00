//===- Passes.h - conversions out of the mx dialect -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_PASSES_H
#define MX_CONVERSION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::mx {

/// The module attribute with the locations that the simulator knows by number:
/// an array of locations.
inline constexpr StringLiteral kSimulatorLocationsAttr =
    "mx.simulator_locations";

#define GEN_PASS_DECL
#include "mx/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mx/Conversion/Passes.h.inc"

} // namespace mlir::mx

#endif // MX_CONVERSION_PASSES_H
