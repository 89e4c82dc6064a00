//===- ScaledRow.h - rows and columns with scales ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The arithmetic of block-scaled products, whatever instruction asks for it. Of
// mxf4 and mxf4nvf4 each 16 elements along k form a group whose dot product is
// exact: an integer of quarters, since twice an e2m1 number is an integer.
// Groups, times both scales, and the accumulator enter one fused sum that is
// aligned by the exponents of the scales alone. mxf8f6f4 is a fused sum of 32
// products and the accumulator.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_SCALEDROW_H
#define MX_SIMULATOR_SCALEDROW_H

#include "MatrixProduct.h"

namespace mxsim {

inline constexpr unsigned kMaxScales = 4;

/// What a block-scaled product multiplies.
struct ScaledFormat {
  /// `MxsimBlockScaleKind`, and scales of a row along k.
  int32_t kind = 0;
  unsigned scales = 1;
  /// `MxsimScaleFormat`, and types of the elements.
  int32_t scaleFormat = 0, typeA = 0, typeB = 0;
  bool isExact = false;

  unsigned getK() const { return kind == MXSIM_KIND_MXF8F6F4 ? 32 : kMaxK; }
};

/// Whether the machine has such a product; `scaleVector` is `MxsimScaleVector`.
bool isScaledProduct(int32_t kind, int32_t scaleVector, int32_t scaleFormat,
                     int32_t typeA, int32_t typeB);

/// A row or a column.
struct ScaledRow {
  Operand scales[kMaxScales];
  float scaleValues[kMaxScales];
  bool hasNaNScale = false;
  /// Twice the elements of e2m1, or for mxf8f6f4 the elements taken apart.
  int16_t doubled[kMaxK];
  Vector elements;

  /// Takes the scales from the bytes of `word`, `firstByte` on.
  void decodeScales(const ScaledFormat &format, uint32_t word,
                    unsigned firstByte);
  /// Takes the elements, as codes of 4 bits, or for mxf8f6f4 as containers of
  /// 8 bits; after the scales.
  void decodeElements(const ScaledFormat &format, int32_t type,
                      const uint16_t *codes);
};

/// row · column + c, in f32 bits.
uint32_t multiplyScaled(const ScaledFormat &format, const ScaledRow &row,
                        const ScaledRow &column, uint32_t c);

} // namespace mxsim

#endif // MX_SIMULATOR_SCALEDROW_H
