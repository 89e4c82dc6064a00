//===- ScaledRow.cpp - rows and columns with scales -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ScaledRow.h"
#include "ExactTerms.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/ExactSum.h"
#include "mx/Numerics/SmallFloat.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cmath>

using namespace mxsim;

static constexpr unsigned kGroup = 16, kGroups = kMaxK / kGroup;
/// Fractional bits of the fused sum of groups, and of a group's dot product.
static constexpr int kGroupSumBits = 35, kDotFraction = 2;

/// Fractional bits of a scale's significand.
static int getScaleFraction(const ScaledFormat &format) {
  return format.scaleFormat == MXSIM_SCALE_UE4M3 ? getFraction(MXSIM_TYPE_E4M3)
                                                 : 0;
}

void ScaledRow::decodeScales(const ScaledFormat &format, uint32_t word,
                             unsigned firstByte) {
  constexpr uint8_t signBit = 0x80;
  hasNaNScale = false;
  for (unsigned index = 0; index < format.scales; ++index) {
    auto code = uint8_t(word >> 8 * byteOfScale(index, firstByte));
    scales[index] = Operand();
    if (format.scaleFormat == MXSIM_SCALE_UE4M3) {
      // The machine ignores the sign.
      code &= uint8_t(~signBit);
      scales[index] = decodeOperand(MXSIM_TYPE_E4M3, code);
      scaleValues[index] = mxnum::decodeScale(mxnum::ScaleType::UE4M3, code);
    } else {
      float value = mxnum::decodeScale(mxnum::ScaleType::E8M0, code);
      scaleValues[index] = value;
      if (!std::isnan(value))
        scales[index] = {1, int16_t(std::ilogb(value)), 0};
    }
    hasNaNScale |= std::isnan(scaleValues[index]);
  }
}

void ScaledRow::decodeElements(const ScaledFormat &format, int32_t type,
                               const uint16_t *codes) {
  if (format.kind == MXSIM_KIND_MXF8F6F4) {
    decodeVector(elements, type, codes, format.getK());
    elements.scale = scaleValues[0];
    elements.scaleExponent = scales[0].exponent;
    elements.isFinite &= !hasNaNScale;
    return;
  }
  int16_t numbers[16];
  for (unsigned code = 0; code < 16; ++code)
    numbers[code] = int16_t(
        2 * mxnum::decodeElement(mxnum::ElementType::E2M1, uint8_t(code)));
  for (unsigned k = 0; k < kMaxK; ++k)
    doubled[k] = numbers[codes[k]];
}

static void dotGroups(const int16_t *left, const int16_t *right,
                      int32_t *dots) {
  for (unsigned group = 0; group < kGroups; ++group) {
    int32_t dot = 0;
    for (unsigned index = 0; index < kGroup; ++index)
      dot += left[group * kGroup + index] * right[group * kGroup + index];
    dots[group] = dot;
  }
}

/// The exact sum of finite operands, if it is near enough.
static std::optional<uint32_t> sumNearGroups(const int32_t *dots,
                                             const ScaledRow &left,
                                             const ScaledRow &right,
                                             unsigned perScale,
                                             int scaleFraction, uint32_t c) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  if (left.hasNaNScale || right.hasNaNScale || start.special != 0)
    return std::nullopt;
  ExactTerms terms;
  terms.add(start.significand, start.exponent - kF32Fraction);
  for (unsigned group = 0; group < kGroups; ++group) {
    const Operand &a = left.scales[group / perScale];
    const Operand &b = right.scales[group / perScale];
    terms.add(int64_t(dots[group]) * a.significand * b.significand,
              a.exponent + b.exponent - kDotFraction - 2 * scaleFraction);
  }
  return terms.toF32();
}

static uint32_t sumExactly(const int32_t *dots, const ScaledRow &left,
                           const ScaledRow &right, unsigned perScale,
                           int scaleFraction, uint32_t c) {
  constexpr float quarter = 0.25f;
  if (auto bits = sumNearGroups(dots, left, right, perScale, scaleFraction, c))
    return *bits;
  mxnum::ExactSum sum;
  sum.add(toFloat(c));
  for (unsigned group = 0; group < kGroups; ++group)
    sum.addProduct(float(dots[group]), quarter,
                   left.scaleValues[group / perScale],
                   right.scaleValues[group / perScale]);
  return toResultBits(sum.toFloat());
}

static uint32_t sumGroups(const int32_t *dots, const ScaledRow &left,
                          const ScaledRow &right, unsigned perScale,
                          int scaleFraction, uint32_t c) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  if (left.hasNaNScale || right.hasNaNScale || start.special == kIsNaN)
    return kMatrixNaN;
  if (start.special != 0)
    return c;
  int exponents[kGroups], most = start.exponent;
  for (unsigned group = 0; group < kGroups; ++group) {
    exponents[group] = left.scales[group / perScale].exponent +
                       right.scales[group / perScale].exponent;
    most = std::max(most, exponents[group]);
  }
  FusedSum sum(kGroupSumBits, most);
  sum.add(start.significand, kF32Fraction, start.exponent);
  for (unsigned group = 0; group < kGroups; ++group)
    sum.add(int64_t(dots[group]) * left.scales[group / perScale].significand *
                right.scales[group / perScale].significand,
            kDotFraction + 2 * scaleFraction, exponents[group]);
  return sum.toF32();
}

/// Products of 32 numbers that have an exponent of their own.
static uint32_t multiplySmallFloats(const ScaledFormat &format,
                                    const ScaledRow &row,
                                    const ScaledRow &column, uint32_t c) {
  ProductModel model;
  model.isExact = format.isExact;
  int fraction = getFraction(format.typeA) + getFraction(format.typeB);
  return multiply(row.elements, column.elements, format.getK(), fraction, c,
                  model);
}

uint32_t mxsim::multiplyScaled(const ScaledFormat &format, const ScaledRow &row,
                               const ScaledRow &column, uint32_t c) {
  if (format.kind == MXSIM_KIND_MXF8F6F4)
    return multiplySmallFloats(format, row, column, c);
  int32_t dots[kGroups];
  dotGroups(row.doubled, column.doubled, dots);
  unsigned perScale = kGroups / format.scales;
  int fraction = getScaleFraction(format);
  return format.isExact ? sumExactly(dots, row, column, perScale, fraction, c)
                        : sumGroups(dots, row, column, perScale, fraction, c);
}

bool mxsim::isScaledProduct(int32_t kind, int32_t scaleVector, int32_t format,
                            int32_t typeA, int32_t typeB) {
  auto isSmallFloat = [](int32_t type) {
    return type >= MXSIM_TYPE_E4M3 && type <= MXSIM_TYPE_E2M1;
  };
  if (kind == MXSIM_KIND_MXF8F6F4)
    return scaleVector == MXSIM_SCALE_X1 && format == MXSIM_SCALE_UE8M0 &&
           isSmallFloat(typeA) && isSmallFloat(typeB);
  if (typeA != MXSIM_TYPE_E2M1 || typeB != MXSIM_TYPE_E2M1)
    return false;
  bool isX2 = scaleVector == MXSIM_SCALE_X2 && format == MXSIM_SCALE_UE8M0;
  bool isX4 = scaleVector == MXSIM_SCALE_X4 &&
              (format == MXSIM_SCALE_UE4M3 || format == MXSIM_SCALE_UE8M0);
  return isX2 || (kind == MXSIM_KIND_MXF4NVF4 && isX4);
}
