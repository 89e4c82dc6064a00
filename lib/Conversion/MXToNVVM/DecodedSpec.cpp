//===- DecodedSpec.cpp - what a decoding kernel is made for ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedSpec.h"
#include "MatmulSpec.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;
/// Stages begin at multiples of this many bytes.
static constexpr int kStageAlignment = 128;
/// Shared memory that a block has on every chip (Chips.def).
static constexpr int kSharedLimit = 99 * 1024;
static constexpr int kMaxStages = 4;

DecodedSide DecodedSide::get(ValueRange parts, FormatAttr format) {
  Type type = cast<MemRefType>(parts.front().getType()).getElementType();
  return {format, dyn_cast<FloatType>(type)};
}

bool DecodedSide::isSupported() const {
  if (!format)
    return plain && (plain.isBF16() || plain.isF16());
  return !mxnum::getFormatName(format.getBlockFormat()).empty();
}

int DecodedSide::getBits() const {
  if (!format)
    return int(plain.getIntOrFloatBitWidth());
  return int(mxnum::getElementInfo(format.getElement()).bits);
}

int DecodedSide::getBlock(int elements) const {
  return format ? int(format.getBlock()) : elements;
}

int DecodedSide::getPartCount() const {
  return !format ? 1 : format.getTensorScale() ? 3 : 2;
}

static std::string spellType(FloatType type) {
  std::string spelled;
  llvm::raw_string_ostream(spelled) << type;
  return spelled;
}

std::string DecodedSide::getName() const {
  return format ? spellFormat(format) : spellType(plain);
}

std::string DecodedSpec::getName() const {
  return "matmul_sync_" + lhs.getName() + "_" + rhs.getName() + "_" +
         spellType(result) + "_" + tile.name.str();
}

PanelShape DecodedSpec::getPayloadShape(const DecodedSide &side,
                                        int rows) const {
  PanelShape shape{rows, tile.depth * side.getBits() / kByteBits, kChunkBytes};
  shape.unit = tile.isAligned ? kChunkBytes : 1;
  // Where a quarter is one load, lanes that load together read neighbours.
  shape.swizzled =
      shape.rowBytes / kPlaces > kChunkBytes && shape.rowBytes % kRowBytes == 0;
  shape.threads = kThreads;
  return shape;
}

int DecodedSpec::getScaleBytes(const DecodedSide &side) const {
  return side.format ? tile.depth / side.getBlock(tile.depth) : 0;
}

/// Scales of unaligned rows come as the words that they lie in (ScaleWords.h).
int DecodedSpec::getScalePitch(const DecodedSide &side) const {
  int bytes = getScaleBytes(side);
  if (!tile.isAligned || bytes == 0)
    return bytes;
  int words = (bytes + kWordBytes - 1 + kWordBytes - 1) / kWordBytes;
  return int(llvm::PowerOf2Ceil(words)) * kWordBytes;
}

int DecodedSpec::getStages() const {
  return std::min(kMaxStages, kSharedLimit / DecodedStage(*this).bytes);
}

int DecodedSpec::getSharedBytes() const {
  return getStages() * DecodedStage(*this).bytes;
}

DecodedStage::DecodedStage(const DecodedSpec &spec) {
  const DecodedTile &tile = spec.tile;
  auto getBytes = [&](const DecodedSide &side, int rows) {
    return rows * spec.getPayloadShape(side, rows).rowBytes;
  };
  lhs = 0;
  rhs = lhs + getBytes(spec.lhs, tile.rows);
  lhsScales = rhs + getBytes(spec.rhs, tile.columns);
  rhsScales = lhsScales + tile.rows * spec.getScalePitch(spec.lhs);
  bytes =
      int(llvm::alignTo(rhsScales + tile.columns * spec.getScalePitch(spec.rhs),
                        kStageAlignment));
}
