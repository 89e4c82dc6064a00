//===- MatrixProduct.h - products of a warp's tiles -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What plain and block-scaled products share: operands as a lane brings them,
// the tile that they form, and the product of a row and a column by a model.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_MATRIXPRODUCT_H
#define MX_SIMULATOR_MATRIXPRODUCT_H

#include "Fragment.h"
#include "FusedSum.h"
#include "Meeting.h"
#include "mx/Simulator/Launch.h"

namespace mxsim {

inline constexpr unsigned kMaxK = 64;

struct ProductOperands {
  uint32_t a[4] = {}, b[2] = {}, c[4] = {}, d[4] = {};
  uint32_t scaleA = 0, scaleB = 0;
};

/// The codes of A by row and of B by column.
struct CodeTile {
  uint16_t a[kTileRows][kMaxK], b[kTileColumns][kMaxK];

  /// From all lanes, elements of `bits` bits.
  void gather(Meeting &meeting, unsigned bits, unsigned k);
};

/// The code in a container: 4-bit ones lie in bits 5 to 2 of a byte, 6-bit
/// ones in the low bits.
uint32_t getCode(int32_t type, uint32_t container);

/// How a row and a column are multiplied.
struct ProductModel {
  /// All exact, one rounding.
  bool isExact = false;
  /// Fractional bits of the sum, and those that the result keeps.
  int fractionBits = 25, keptBits = kF32Fraction;
  /// The sum is that of `steps` parts of k, each added to the one before.
  unsigned steps = 1;
};

/// A row or a column, taken apart, with one scale.
struct Vector {
  Operand elements[kMaxK];
  float values[kMaxK];
  float scale = 1;
  /// Exponent of the scale, a power of two.
  int scaleExponent = 0;
  bool isFinite = true;
};

/// Decodes `k` containers of a type.
void decodeVector(Vector &vector, int32_t type, const uint16_t *containers,
                  unsigned k);

/// left · right + c, in f32 bits; `fraction` is the sum of both formats'.
uint32_t multiply(const Vector &left, const Vector &right, unsigned k,
                  int fraction, uint32_t c, const ProductModel &model);

} // namespace mxsim

#endif // MX_SIMULATOR_MATRIXPRODUCT_H
