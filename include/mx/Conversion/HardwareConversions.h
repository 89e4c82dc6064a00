//===- HardwareConversions.h - small floats by instructions -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What SmallFloatArith.h computes with integers, by the conversion instructions
// of NVIDIA GPUs: two numbers at a time, with the same bits (N2).
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_HARDWARECONVERSIONS_H
#define MX_CONVERSION_HARDWARECONVERSIONS_H

#include "mlir/IR/Builders.h"
#include "mx/Numerics/SmallFloat.h"

namespace mlir::mx {

/// Encodes a vector of an even number of f32 (N2). The result is a vector of
/// bytes: two 4-bit codes to a byte, the first low (N8.1), or one code of six
/// or eight bits.
Value encodeByHardware(OpBuilder &builder, Location loc,
                       mxnum::ElementType type, Value values);

/// Whether `decodeByHardware` knows a format: one without NaN, whose bits an
/// instruction might choose otherwise.
bool canDecodeByHardware(mxnum::ElementType type);

/// The f32 numbers (N1.1) of bytes as `encodeByHardware` makes them. Bits above
/// a code of six must be zero.
Value decodeByHardware(OpBuilder &builder, Location loc,
                       mxnum::ElementType type, Value bytes);

/// The UE4M3 byte (i8) of a number that is not negative (N4.2).
Value encodeUE4M3ByHardware(OpBuilder &builder, Location loc, Value number);

} // namespace mlir::mx

#endif // MX_CONVERSION_HARDWARECONVERSIONS_H
