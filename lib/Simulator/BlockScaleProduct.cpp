//===- BlockScaleProduct.cpp - products with scales of their own ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The fragments of mma.block_scale: operands and scales as the lanes bring
// them.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "ScaledRow.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

namespace {
/// What all lanes must agree on.
struct ScaledShape {
  uint8_t kind, scales, format, typeA, typeB;
  uint8_t byteA, byteB;
  /// threadA + 16 · threadB.
  uint8_t threads;
};
static_assert(sizeof(ScaledShape) == sizeof(uint64_t), "fits the attributes");

/// Rows of A and columns of B.
struct ScaledTile {
  ScaledRow rows[kTileRows], columns[kTileColumns];
};
} // namespace

/// The scales of all rows and columns, from the lanes that the selectors name.
static void gatherScales(Meeting &meeting, const ScaledShape &shape,
                         const ScaledFormat &format, ScaledTile &tile) {
  unsigned threadA = shape.threads & 15, threadB = shape.threads >> 4;
  for (unsigned row = 0; row < kTileRows; ++row) {
    unsigned lane = laneOfScaleA(row, threadA);
    tile.rows[row].decodeScales(
        format, meeting.get<ProductOperands>(lane).scaleA, shape.byteA);
  }
  for (unsigned column = 0; column < kTileColumns; ++column) {
    unsigned lane = laneOfScaleB(column, threadB);
    tile.columns[column].decodeScales(
        format, meeting.get<ProductOperands>(lane).scaleB, shape.byteB);
  }
}

static void multiplyTile(Block &block, Meeting &meeting) {
  ScaledShape shape;
  std::memcpy(&shape, &meeting.agenda.attributes, sizeof(shape));
  ++block.result.statistics.matrixProducts;
  ScaledFormat format = {
      shape.kind,  shape.scales, shape.format,
      shape.typeA, shape.typeB,  block.options.arithmetic == Arithmetic::Exact};
  CodeTile codes;
  codes.gather(meeting, shape.kind == MXSIM_KIND_MXF8F6F4 ? 8 : 4,
               format.getK());
  ScaledTile tile;
  gatherScales(meeting, shape, format, tile);
  for (unsigned row = 0; row < kTileRows; ++row)
    tile.rows[row].decodeElements(format, shape.typeA, codes.a[row]);
  for (unsigned column = 0; column < kTileColumns; ++column)
    tile.columns[column].decodeElements(format, shape.typeB, codes.b[column]);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    auto &operands = meeting.get<ProductOperands>(lane);
    for (unsigned reg = 0; reg < 4; ++reg) {
      auto [row, column] = placeOfC(lane, reg);
      operands.d[reg] = multiplyScaled(format, tile.rows[row],
                                       tile.columns[column], operands.c[reg]);
    }
  }
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
  meet({multiplyTile, attributes, ~0u, location, true}, &operands);
  std::memcpy(d, operands.d, sizeof(operands.d));
}
