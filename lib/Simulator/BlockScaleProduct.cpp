//===- BlockScaleProduct.cpp - products with scales of their own ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Of mxf4 and mxf4nvf4 each 16 elements along k form a group whose dot product
// is exact: an integer of quarters, since twice an e2m1 number is an integer.
// Groups, times both scales, and the accumulator enter one fused sum that is
// aligned by the exponents of the scales alone. mxf8f6f4 is a fused sum of 32
// products and the accumulator.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "ExactTerms.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/ExactSum.h"
#include "mx/Numerics/SmallFloat.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cmath>
#include <cstring>

using namespace mxsim;

static constexpr unsigned kGroup = 16, kGroups = kMaxK / kGroup;
/// Fractional bits of the fused sum of groups, and of a group's dot product.
static constexpr int kGroupSumBits = 35, kDotFraction = 2;
static constexpr unsigned kMaxScales = 4;

namespace {
/// What all lanes must agree on.
struct ScaledShape {
  uint8_t kind, scales, format, typeA, typeB;
  uint8_t byteA, byteB;
  /// threadA + 16 · threadB.
  uint8_t threads;
};
static_assert(sizeof(ScaledShape) == sizeof(uint64_t), "fits the attributes");

/// The scales of one row or column.
struct Scales {
  Operand operands[kMaxScales];
  float values[kMaxScales];
  bool isNaN = false;
};
} // namespace

/// Fractional bits of a scale's significand.
static int getScaleFraction(uint8_t format) {
  return format == MXSIM_SCALE_UE4M3 ? getFraction(MXSIM_TYPE_E4M3) : 0;
}

static Scales decodeScales(uint8_t format, uint32_t word, unsigned firstByte,
                           unsigned count) {
  constexpr uint8_t signBit = 0x80;
  Scales scales;
  for (unsigned index = 0; index < count; ++index) {
    auto code = uint8_t(word >> 8 * byteOfScale(index, firstByte));
    if (format == MXSIM_SCALE_UE4M3) {
      // The machine ignores the sign.
      code &= uint8_t(~signBit);
      scales.operands[index] = decodeOperand(MXSIM_TYPE_E4M3, code);
      scales.values[index] = mxnum::decodeScale(mxnum::ScaleType::UE4M3, code);
    } else {
      float value = mxnum::decodeScale(mxnum::ScaleType::E8M0, code);
      scales.values[index] = value;
      if (!std::isnan(value))
        scales.operands[index] = {1, int16_t(std::ilogb(value)), 0};
    }
    scales.isNaN |= std::isnan(scales.values[index]);
  }
  return scales;
}

/// The scales of all rows and columns, from the lanes that the selectors name.
static void gatherScales(Meeting &meeting, const ScaledShape &shape,
                         Scales *rows, Scales *columns) {
  unsigned threadA = shape.threads & 15, threadB = shape.threads >> 4;
  for (unsigned row = 0; row < kTileRows; ++row) {
    unsigned lane = laneOfScaleA(row, threadA);
    rows[row] =
        decodeScales(shape.format, meeting.get<ProductOperands>(lane).scaleA,
                     shape.byteA, shape.scales);
  }
  for (unsigned column = 0; column < kTileColumns; ++column) {
    unsigned lane = laneOfScaleB(column, threadB);
    columns[column] =
        decodeScales(shape.format, meeting.get<ProductOperands>(lane).scaleB,
                     shape.byteB, shape.scales);
  }
}

// --- mxf4, mxf4nvf4 ---------------------------------------------------------

/// Twice the numbers of a tile of e2m1 codes.
struct DoubledTile {
  int16_t a[kTileRows][kMaxK], b[kTileColumns][kMaxK];
};

static void doubleCodes(const CodeTile &codes, DoubledTile &tile) {
  int16_t doubled[16];
  for (unsigned code = 0; code < 16; ++code)
    doubled[code] = int16_t(
        2 * mxnum::decodeElement(mxnum::ElementType::E2M1, uint8_t(code)));
  for (unsigned row = 0; row < kTileRows; ++row)
    for (unsigned k = 0; k < kMaxK; ++k)
      tile.a[row][k] = doubled[codes.a[row][k]];
  for (unsigned column = 0; column < kTileColumns; ++column)
    for (unsigned k = 0; k < kMaxK; ++k)
      tile.b[column][k] = doubled[codes.b[column][k]];
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
static std::optional<uint32_t>
sumNearGroups(const int32_t *dots, const Scales &left, const Scales &right,
              unsigned perScale, int scaleFraction, uint32_t c) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  if (left.isNaN || right.isNaN || start.special != 0)
    return std::nullopt;
  ExactTerms terms;
  terms.add(start.significand, start.exponent - kF32Fraction);
  for (unsigned group = 0; group < kGroups; ++group) {
    const Operand &a = left.operands[group / perScale];
    const Operand &b = right.operands[group / perScale];
    terms.add(int64_t(dots[group]) * a.significand * b.significand,
              a.exponent + b.exponent - kDotFraction - 2 * scaleFraction);
  }
  return terms.toF32();
}

static uint32_t sumExactly(const int32_t *dots, const Scales &left,
                           const Scales &right, unsigned perScale,
                           int scaleFraction, uint32_t c) {
  constexpr float quarter = 0.25f;
  if (auto bits = sumNearGroups(dots, left, right, perScale, scaleFraction, c))
    return *bits;
  mxnum::ExactSum sum;
  sum.add(toFloat(c));
  for (unsigned group = 0; group < kGroups; ++group)
    sum.addProduct(float(dots[group]), quarter, left.values[group / perScale],
                   right.values[group / perScale]);
  return toResultBits(sum.toFloat());
}

static uint32_t sumGroups(const int32_t *dots, const Scales &left,
                          const Scales &right, unsigned perScale,
                          int scaleFraction, uint32_t c) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  if (left.isNaN || right.isNaN || start.special == kIsNaN)
    return kMatrixNaN;
  if (start.special != 0)
    return c;
  int exponents[kGroups], most = start.exponent;
  for (unsigned group = 0; group < kGroups; ++group) {
    exponents[group] = left.operands[group / perScale].exponent +
                       right.operands[group / perScale].exponent;
    most = std::max(most, exponents[group]);
  }
  FusedSum sum(kGroupSumBits, most);
  sum.add(start.significand, kF32Fraction, start.exponent);
  for (unsigned group = 0; group < kGroups; ++group)
    sum.add(int64_t(dots[group]) * left.operands[group / perScale].significand *
                right.operands[group / perScale].significand,
            kDotFraction + 2 * scaleFraction, exponents[group]);
  return sum.toF32();
}

static void multiplyGroups(Block &block, Meeting &meeting,
                           const ScaledShape &shape, const Scales *rows,
                           const Scales *columns) {
  CodeTile codes;
  codes.gather(meeting, 4, kMaxK);
  DoubledTile tile;
  doubleCodes(codes, tile);
  bool isExact = block.options.arithmetic == Arithmetic::Exact;
  unsigned perScale = kGroups / shape.scales;
  int fraction = getScaleFraction(shape.format);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    auto &operands = meeting.get<ProductOperands>(lane);
    for (unsigned reg = 0; reg < 4; ++reg) {
      auto [row, column] = placeOfC(lane, reg);
      int32_t dots[kGroups];
      dotGroups(tile.a[row], tile.b[column], dots);
      operands.d[reg] = isExact
                            ? sumExactly(dots, rows[row], columns[column],
                                         perScale, fraction, operands.c[reg])
                            : sumGroups(dots, rows[row], columns[column],
                                        perScale, fraction, operands.c[reg]);
    }
  }
}

// --- mxf8f6f4 ---------------------------------------------------------------

static constexpr unsigned kSmallFloatK = 32;

static void decodeScaled(Vector &vector, int32_t type, const uint16_t *codes,
                         const Scales &scales) {
  decodeVector(vector, type, codes, kSmallFloatK);
  vector.scale = scales.values[0];
  vector.scaleExponent = scales.operands[0].exponent;
  vector.isFinite &= !scales.isNaN;
}

static void multiplySmallFloats(Block &block, Meeting &meeting,
                                const ScaledShape &shape,
                                const Scales *rowScales,
                                const Scales *columnScales) {
  CodeTile tile;
  tile.gather(meeting, 8, kSmallFloatK);
  Vector rows[kTileRows], columns[kTileColumns];
  for (unsigned row = 0; row < kTileRows; ++row)
    decodeScaled(rows[row], shape.typeA, tile.a[row], rowScales[row]);
  for (unsigned column = 0; column < kTileColumns; ++column)
    decodeScaled(columns[column], shape.typeB, tile.b[column],
                 columnScales[column]);
  ProductModel model;
  model.isExact = block.options.arithmetic == Arithmetic::Exact;
  int fraction = getFraction(shape.typeA) + getFraction(shape.typeB);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    auto &operands = meeting.get<ProductOperands>(lane);
    for (unsigned reg = 0; reg < 4; ++reg) {
      auto [row, column] = placeOfC(lane, reg);
      operands.d[reg] = multiply(rows[row], columns[column], kSmallFloatK,
                                 fraction, operands.c[reg], model);
    }
  }
}

static void multiplyScaled(Block &block, Meeting &meeting) {
  ScaledShape shape;
  std::memcpy(&shape, &meeting.agenda.attributes, sizeof(shape));
  ++block.result.statistics.matrixProducts;
  Scales rows[kTileRows], columns[kTileColumns];
  gatherScales(meeting, shape, rows, columns);
  if (shape.kind == MXSIM_KIND_MXF8F6F4)
    multiplySmallFloats(block, meeting, shape, rows, columns);
  else
    multiplyGroups(block, meeting, shape, rows, columns);
}

// --- the call ---------------------------------------------------------------

/// Whether there is such an instruction.
static bool isScaledProduct(int32_t kind, int32_t scaleVector, int32_t format,
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

static void requireSelectors(Block &block, unsigned scales, int32_t byteId,
                             int32_t threadId, int32_t threadIds, char operand,
                             int32_t location) {
  if (!isSelector(scales, byteId, threadId, threadIds))
    block.fail(ErrorKind::Selector, location,
               "expected a byte selector that is a multiple of '%u' below '4' "
               "and a thread selector below '%d' for the scales of %c, got "
               "'%d' and '%d'",
               scales, threadIds, operand, byteId, threadId);
}

void mxsim_mma_block_scale(float *d, const uint32_t *a, const uint32_t *b,
                           const float *c, uint32_t scaleA, int32_t byteA,
                           int32_t threadA, uint32_t scaleB, int32_t byteB,
                           int32_t threadB, int32_t kind, int32_t scaleVector,
                           int32_t scaleFormat, int32_t typeA, int32_t typeB,
                           int32_t location) {
  Block &block = Block::current();
  if (!isScaledProduct(kind, scaleVector, scaleFormat, typeA, typeB))
    block.fail(ErrorKind::Operand, location,
               "expected a product that mma.block_scale has, got kind '%d' "
               "with scales '%d' of format '%d' on types '%d' and '%d'",
               kind, scaleVector, scaleFormat, typeA, typeB);
  unsigned scales = 1u << scaleVector;
  requireSelectors(block, scales, byteA, threadA, 2, 'A', location);
  requireSelectors(block, scales, byteB, threadB, 4, 'B', location);
  ScaledShape shape = {uint8_t(kind),        uint8_t(scales),
                       uint8_t(scaleFormat), uint8_t(typeA),
                       uint8_t(typeB),       uint8_t(byteA),
                       uint8_t(byteB),       uint8_t(threadA | threadB << 4)};
  uint64_t attributes;
  std::memcpy(&attributes, &shape, sizeof(shape));
  ProductOperands operands;
  std::copy(a, a + 4, operands.a);
  std::copy(b, b + 2, operands.b);
  std::memcpy(operands.c, c, sizeof(operands.c));
  operands.scaleA = scaleA;
  operands.scaleB = scaleB;
  meet({multiplyScaled, attributes, ~0u, location, true}, &operands);
  std::memcpy(d, operands.d, sizeof(operands.d));
}
