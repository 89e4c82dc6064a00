//===- MatrixProduct.cpp - products of a warp's tiles ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mma.sync, and the pieces that block-scaled products use too. The last lane to
// come gathers the tiles of all lanes, multiplies, and deals the results out.
//===----------------------------------------------------------------------===//

#include "MatrixProduct.h"
#include "Block.h"
#include "ExactTerms.h"
#include "mx/Numerics/ExactSum.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cmath>
#include <cstring>

using namespace mxsim;

void CodeTile::gather(Meeting &meeting, unsigned bits, unsigned k) {
  unsigned perWord = 32 / bits, registersOfB = k / (4 * perWord);
  uint32_t mask = (uint32_t(1) << bits) - 1;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    const auto &operands = meeting.get<ProductOperands>(lane);
    for (unsigned reg = 0; reg < 2 * registersOfB; ++reg) {
      TilePlace place = placeOfA(bits, lane, reg, 0);
      for (unsigned element = 0; element < perWord; ++element)
        a[place.outer][place.inner + element] =
            uint16_t(operands.a[reg] >> (bits * element) & mask);
    }
    for (unsigned reg = 0; reg < registersOfB; ++reg) {
      TilePlace place = placeOfB(bits, lane, reg, 0);
      for (unsigned element = 0; element < perWord; ++element)
        b[place.outer][place.inner + element] =
            uint16_t(operands.b[reg] >> (bits * element) & mask);
    }
  }
}

uint32_t mxsim::getCode(int32_t type, uint32_t container) {
  switch (type) {
  case MXSIM_TYPE_E2M1:
    return container >> 2 & 0xF;
  case MXSIM_TYPE_E2M3:
  case MXSIM_TYPE_E3M2:
    return container & 0x3F;
  default:
    return container;
  }
}

void mxsim::decodeVector(Vector &vector, int32_t type,
                         const uint16_t *containers, unsigned k) {
  for (unsigned index = 0; index < k; ++index) {
    uint32_t code = getCode(type, containers[index]);
    vector.elements[index] = decodeOperand(type, code);
    vector.values[index] = decodeNumber(type, code);
    vector.isFinite &= vector.elements[index].special == 0;
  }
}

/// The exact sum of finite operands, if it is near enough.
static std::optional<uint32_t> sumNearTerms(const Vector &left,
                                            const Vector &right, unsigned k,
                                            int fraction, uint32_t c) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  if (!left.isFinite || !right.isFinite || start.special != 0)
    return std::nullopt;
  ExactTerms terms;
  terms.add(start.significand, start.exponent - kF32Fraction);
  int unit = left.scaleExponent + right.scaleExponent - fraction;
  for (unsigned index = 0; index < k; ++index) {
    const Operand &a = left.elements[index], &b = right.elements[index];
    terms.add(int64_t(a.significand) * b.significand,
              a.exponent + b.exponent + unit);
  }
  return terms.toF32();
}

static uint32_t multiplyExactly(const Vector &left, const Vector &right,
                                unsigned k, int fraction, uint32_t c) {
  if (auto bits = sumNearTerms(left, right, k, fraction, c))
    return *bits;
  mxnum::ExactSum sum;
  sum.add(toFloat(c));
  for (unsigned index = 0; index < k; ++index)
    sum.addProduct(left.values[index], right.values[index], left.scale,
                   right.scale);
  return toResultBits(sum.toFloat());
}

/// With a NaN or an infinity among the operands the sum is one too, and no
/// cutting off matters: f64 gives it.
static uint32_t multiplySpecial(const Vector &left, const Vector &right,
                                unsigned k, uint32_t c) {
  double sum = toFloat(c);
  double scale = double(left.scale) * right.scale;
  for (unsigned index = 0; index < k; ++index)
    sum += double(left.values[index]) * right.values[index] * scale;
  return toResultBits(float(sum));
}

/// One fused sum over `k` elements.
static uint32_t fuse(const Operand *left, const Operand *right, unsigned k,
                     int fraction, int scaleExponent, uint32_t c,
                     const ProductModel &model) {
  Operand start = decodeOperand(MXSIM_TYPE_F32, c);
  int most = start.exponent;
  for (unsigned index = 0; index < k; ++index)
    most = std::max(most, left[index].exponent + right[index].exponent +
                              scaleExponent);
  FusedSum sum(model.fractionBits, most);
  sum.add(start.significand, kF32Fraction, start.exponent);
  for (unsigned index = 0; index < k; ++index)
    sum.add(int64_t(left[index].significand) * right[index].significand,
            fraction,
            left[index].exponent + right[index].exponent + scaleExponent);
  return sum.toF32(model.keptBits);
}

uint32_t mxsim::multiply(const Vector &left, const Vector &right, unsigned k,
                         int fraction, uint32_t c, const ProductModel &model) {
  if (model.isExact)
    return multiplyExactly(left, right, k, fraction, c);
  if (!left.isFinite || !right.isFinite || !std::isfinite(toFloat(c)))
    return multiplySpecial(left, right, k, c);
  unsigned step = k / model.steps;
  int scaleExponent = left.scaleExponent + right.scaleExponent;
  uint32_t sum = c;
  for (unsigned start = 0; start < k; start += step) {
    if (!std::isfinite(toFloat(sum)))
      return sum;
    sum = fuse(left.elements + start, right.elements + start, step, fraction,
               scaleExponent, sum, model);
  }
  return sum;
}

// --- mma.sync ---------------------------------------------------------------

namespace {
/// The attributes of a product, all lanes of which must agree.
struct Shape {
  uint8_t k, typeA, typeB, typeC;
};
} // namespace

static bool isInteger(int32_t type) {
  return type == MXSIM_TYPE_S8 || type == MXSIM_TYPE_U8;
}

static bool isHalf(int32_t type) {
  return type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16;
}

static bool isSmallFloat(int32_t type) {
  return type >= MXSIM_TYPE_E4M3 && type <= MXSIM_TYPE_E2M1;
}

/// Whether there is such an instruction.
static bool isProduct(int32_t k, int32_t typeA, int32_t typeB, int32_t typeC) {
  if (isHalf(typeA))
    return typeA == typeB && typeC == MXSIM_TYPE_F32 && (k == 8 || k == 16);
  if (isInteger(typeA))
    return isInteger(typeB) && typeC == MXSIM_TYPE_S32 && (k == 16 || k == 32);
  return isSmallFloat(typeA) && isSmallFloat(typeB) &&
         typeC == MXSIM_TYPE_F32 && (k == 16 || k == 32);
}

/// The published models (docs/Simulator.md).
static ProductModel getModel(Arithmetic arithmetic, Shape shape) {
  constexpr int ampereBits = 24, hopperBits = 25, adaSmallBits = 13;
  bool isSmall = isSmallFloat(shape.typeA);
  bool isFullK = shape.k == (isSmall ? 32 : 16);
  ProductModel model;
  switch (arithmetic) {
  case Arithmetic::Exact:
    model.isExact = true;
    break;
  case Arithmetic::Ampere:
  case Arithmetic::Ada:
    model.fractionBits = isSmall ? adaSmallBits : ampereBits;
    model.keptBits = isSmall ? adaSmallBits : kF32Fraction;
    model.steps = isFullK ? 2 : 1;
    break;
  case Arithmetic::Hopper:
    // Here 8-bit products are made of two 16-bit ones.
    model.fractionBits = hopperBits;
    model.steps = isSmall && isFullK ? 2 : 1;
    break;
  case Arithmetic::Blackwell:
    model.fractionBits = hopperBits;
    break;
  }
  return model;
}

static int32_t getInteger(int32_t type, uint16_t code) {
  return type == MXSIM_TYPE_S8 ? int8_t(code) : uint8_t(code);
}

/// Sums wrap around, as the machine's do without saturation.
static uint32_t multiplyIntegers(const uint16_t *left, const uint16_t *right,
                                 Shape shape, uint32_t c) {
  for (unsigned index = 0; index < shape.k; ++index)
    c += uint32_t(getInteger(shape.typeA, left[index]) *
                  getInteger(shape.typeB, right[index]));
  return c;
}

static void multiplyTiles(Block &block, Meeting &meeting) {
  Shape shape;
  std::memcpy(&shape, &meeting.agenda.attributes, sizeof(shape));
  ++block.result.statistics.matrixProducts;
  CodeTile tile;
  tile.gather(meeting, isHalf(shape.typeA) ? 16 : 8, shape.k);
  bool integers = isInteger(shape.typeA);
  Vector rows[kTileRows], columns[kTileColumns];
  for (unsigned row = 0; row < kTileRows && !integers; ++row)
    decodeVector(rows[row], shape.typeA, tile.a[row], shape.k);
  for (unsigned column = 0; column < kTileColumns && !integers; ++column)
    decodeVector(columns[column], shape.typeB, tile.b[column], shape.k);
  int fraction = getFraction(shape.typeA) + getFraction(shape.typeB);
  ProductModel model = getModel(block.options.arithmetic, shape);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    auto &operands = meeting.get<ProductOperands>(lane);
    for (unsigned reg = 0; reg < 4; ++reg) {
      auto [row, column] = placeOfC(lane, reg);
      operands.d[reg] = integers ? multiplyIntegers(tile.a[row], tile.b[column],
                                                    shape, operands.c[reg])
                                 : multiply(rows[row], columns[column], shape.k,
                                            fraction, operands.c[reg], model);
    }
  }
}

void mxsim_mma(uint32_t *d, const uint32_t *a, const uint32_t *b,
               const uint32_t *c, int32_t k, int32_t typeA, int32_t typeB,
               int32_t typeC, int32_t location) {
  Block &block = Block::current();
  if (!isProduct(k, typeA, typeB, typeC))
    block.fail(ErrorKind::Operand, location,
               "expected a product that mma.sync has, got k '%d' with types "
               "'%d' and '%d' added to '%d'",
               k, typeA, typeB, typeC);
  Shape shape = {uint8_t(k), uint8_t(typeA), uint8_t(typeB), uint8_t(typeC)};
  uint64_t attributes = 0;
  std::memcpy(&attributes, &shape, sizeof(shape));
  size_t registersOfB = size_t(k) * (isHalf(typeA) ? 16 : 8) / 128;
  ProductOperands operands;
  std::copy(a, a + 2 * registersOfB, operands.a);
  std::copy(b, b + registersOfB, operands.b);
  std::copy(c, c + 4, operands.c);
  meet({multiplyTiles, attributes, ~0u, location, true}, &operands);
  std::copy(operands.d, operands.d + 4, d);
}
