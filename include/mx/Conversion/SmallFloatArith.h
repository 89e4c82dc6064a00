//===- SmallFloatArith.h - small floats as arith operations -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What lib/Numerics computes at compile time, written as `arith` operations on
// i8, i32, i64 and f32. Each builder works on scalars and, element-wise, on
// vectors; the shape of the result is that of the operand. Results agree with
// lib/Numerics bit for bit on every input. No operation carries a fast-math
// flag, and none needs a library call.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_SMALLFLOATARITH_H
#define MX_CONVERSION_SMALLFLOATARITH_H

#include "mlir/IR/Builders.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/SmallFloat.h"

namespace mlir::mx {

//===----------------------------------------------------------------------===//
// Elements (N1.1, N2, N5.2)
//===----------------------------------------------------------------------===//

/// Decodes i8 codes, one per byte, to f32 (N1.1). Bits above the format's width
/// are ignored.
Value decodeElement(OpBuilder &builder, Location loc, mxnum::ElementType type,
                    Value codes);

/// Encodes f32 values to i8 codes: nearest, ties to even, saturating (N2).
Value encodeElement(OpBuilder &builder, Location loc, mxnum::ElementType type,
                    Value values);

/// Encodes f32 values with the i32 random numbers `random` < 2^`randomBits`
/// (N5.2); 1 <= `randomBits` <= 23.
Value encodeElementStochastic(OpBuilder &builder, Location loc,
                              mxnum::ElementType type, Value values,
                              Value random, unsigned randomBits);

//===----------------------------------------------------------------------===//
// Scales (N1.2, N1.3)
//===----------------------------------------------------------------------===//

/// Decodes i8 scale bytes to f32; NaN for the bytes that mean NaN.
Value decodeScale(OpBuilder &builder, Location loc, mxnum::ScaleType type,
                  Value bytes);

/// Rounds f32 values to UE4M3 bytes (i8): ties to even, saturating at 448, zero
/// for what is not positive, 0x7F for NaN.
Value encodeUE4M3(OpBuilder &builder, Location loc, Value values);

/// Rounds f32 values to E8M0 bytes (i8): the nearest power of two, ties up, as
/// APFloat converts to f8E8M0FNU. Zero gives byte 0; what E8M0 cannot hold,
/// 0xFF: NaN, infinity, what rounds to 2^128, and negative numbers. This is the
/// meaning of a plain conversion only; quantisation chooses scales by N3.
Value encodeE8M0(OpBuilder &builder, Location loc, Value values);

//===----------------------------------------------------------------------===//
// Wider types
//===----------------------------------------------------------------------===//

/// Extends bf16, f16 or f32 values to f32, exactly.
Value widenToF32(OpBuilder &builder, Location loc, Value values);

/// Rounds f32 values to `type` (bf16, f16 or f32) once, ties to even; overflow
/// gives infinity, NaN the quiet NaN of the same sign.
Value narrowFromF32(OpBuilder &builder, Location loc, Value values,
                    FloatType type);

/// Rounds f64 values to f32 such that an inexact result has an odd last bit.
/// Rounding that to any type of at most 22 bits of precision rounds only once.
Value roundToOddF32(OpBuilder &builder, Location loc, Value values);

/// Rounds f64 values to `type` once, as narrowFromF32 does (N1.7).
Value narrowFromF64(OpBuilder &builder, Location loc, Value values,
                    FloatType type);

//===----------------------------------------------------------------------===//
// Random numbers (N5.1)
//===----------------------------------------------------------------------===//

/// The top `bits` (1..32) of the Philox word that belongs to each i64 `index`,
/// as i32. `seed` is an i64 scalar.
Value philoxBits(OpBuilder &builder, Location loc, Value seed, Value index,
                 unsigned bits);

} // namespace mlir::mx

#endif // MX_CONVERSION_SMALLFLOATARITH_H
