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

/// On a kernel: the numbers of its arguments that point to tensor maps of 128
/// bytes, which launches copy (an array of i32). They become parameters that
/// are passed by value where device code is translated; attributes of arguments
/// would be lost on the way.
inline constexpr StringLiteral kTensorMapsAttr = "mx.tensor_maps";

/// The variable that describes the kernels of a program to the runtime
/// (`mx_gpu_program`). Host code refers to it; whoever makes an object of the
/// program defines it.
inline constexpr StringLiteral kGpuProgramSymbol = "mx_gpu_program";

#define GEN_PASS_DECL
#include "mx/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mx/Conversion/Passes.h.inc"

} // namespace mlir::mx

#endif // MX_CONVERSION_PASSES_H
