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

std::string DecodedSpec::getName() const {
  std::string range;
  if (part != DecodedPart::Whole)
    range = (part == DecodedPart::Sums ? "_sums" : "_total") +
            std::to_string(splits);
  return spellProduct(endBits) + "sync_" + lhs.getName() + "_" + rhs.getName() +
         "_" + MatmulSide{{}, result}.getName() +
         spellEpilogue(epilogue, tailName) + "_" + tile.name.str() + range;
}

MatmulSignature DecodedSpec::getSignature() const {
  DecodedStage stage(*this);
  return {{lhs, tile.rows, stage.lhs, stage.lhsScales},
          {rhs, tile.columns, stage.rhs, stage.rhsScales},
          tile.depth,
          epilogue.getOutputType(result),
          endBits,
          /*isRing=*/false,
          epilogue,
          /*hasSums=*/part != DecodedPart::Whole};
}

StagedTile DecodedSpec::getStaging() const {
  return {tile.rows, tile.columns, kThreads};
}

bool DecodedSpec::hasLargeRuns() const {
  auto isLarge = [](const MatmulSide &side, const MatmulSide &other) {
    return side.getPlanes() == kF32Planes ||
           (side.getPlanes() > 1 && other.getBits() == kByteBits);
  };
  return isLarge(lhs, rhs) || isLarge(rhs, lhs);
}

int DecodedSpec::getPieces() const {
  return rhs.hasFragments() ? tile.depth / int(mxnum::kFragmentDepth) : 1;
}

/// Groups of rows in a step, whose lines are `lineBytes` long.
static PanelShape getGroupShape(const DecodedSpec &spec, int rows,
                                int lineBytes) {
  PanelShape shape{rows / int(mxnum::kFragmentRows),
                   spec.getPieces() * lineBytes, kChunkBytes};
  shape.threads = kThreads;
  shape.unit = kChunkBytes;
  return shape;
}

PanelShape DecodedSpec::getGroupScalesShape(const MatmulSide &side,
                                            int rows) const {
  return getGroupShape(*this, rows, side.getScaleLine());
}

int DecodedSpec::getPayloadBytes(const MatmulSide &side, int rows) const {
  PanelShape shape = getPayloadShape(side, rows);
  int pieces = side.hasFragments() ? 1 : getPieces();
  return pieces * shape.rows * shape.rowBytes;
}

PanelShape DecodedSpec::getPayloadShape(const MatmulSide &side,
                                        int rows) const {
  if (side.hasFragments())
    return getGroupShape(*this, rows, MatmulSide::kPayloadLine);
  PanelShape shape{rows, getPieceDepth() * side.getBits() / kByteBits,
                   kChunkBytes};
  shape.threads = kThreads;
  shape.unit = tile.isAligned ? kChunkBytes : 1;
  // Rows of f32 begin at words wherever they begin.
  if (!tile.isAligned && side.getPlanes() == kF32Planes) {
    shape.chunk = shape.unit = kWordBytes;
    return shape;
  }
  // Where a quarter is one load, lanes that load together read neighbours.
  shape.swizzled =
      shape.rowBytes / kPlaces > kChunkBytes && shape.rowBytes % kRowBytes == 0;
  return shape;
}

int DecodedSpec::getScaleBytes(const MatmulSide &side) const {
  return side.format ? tile.depth / side.getBlock(tile.depth) : 0;
}

/// Scales of unaligned rows come as the words that they lie in (ScaleWords.h).
int DecodedSpec::getScalePitch(const MatmulSide &side) const {
  int bytes = getScaleBytes(side);
  if (!tile.isAligned || bytes == 0)
    return bytes;
  int words = (bytes + kWordBytes - 1 + kWordBytes - 1) / kWordBytes;
  return int(llvm::PowerOf2Ceil(words)) * kWordBytes;
}

int DecodedSpec::getStages() const {
  return std::min(kMaxStages, kSharedLimit / DecodedStage(*this).bytes);
}

/// Results that are quantised lie where stages were.
int DecodedSpec::getSharedBytes() const {
  bool isStaged = epilogue.quantizer && part != DecodedPart::Sums;
  int staging = isStaged ? getStaging().getBytes() : 0;
  if (part == DecodedPart::Total)
    return staging;
  return std::max(getStages() * DecodedStage(*this).bytes, staging);
}

DecodedStage::DecodedStage(const DecodedSpec &spec) {
  const DecodedTile &tile = spec.tile;
  auto getScales = [&](const MatmulSide &side, int rows) {
    if (!side.hasFragments())
      return rows * spec.getScalePitch(side);
    PanelShape shape = spec.getGroupScalesShape(side, rows);
    return shape.rows * shape.rowBytes;
  };
  lhs = 0;
  rhs = lhs + spec.getPayloadBytes(spec.lhs, tile.rows);
  // Where scales come in chunks of 16 bytes, nothing smaller is before them.
  rhsScales = rhs + spec.getPayloadBytes(spec.rhs, tile.columns);
  lhsScales = rhsScales + getScales(spec.rhs, tile.columns);
  bytes = int(llvm::alignTo(lhsScales + getScales(spec.lhs, tile.rows),
                            kStageAlignment));
}
