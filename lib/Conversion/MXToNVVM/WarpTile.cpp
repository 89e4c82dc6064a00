//===- WarpTile.cpp - the products of one warp ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpTile.h"
#include "DeviceMemory.h"

using namespace mlir;
using namespace mlir::mx;

/// Registers of a fragment.
static constexpr int kLhsRegisters = 4;
static constexpr int kRhsRegisters = 2;
/// Rows that one `ldmatrix` of four matrices reads.
static constexpr int kMatrixRows = 16;
static constexpr int kWordBytes = 4;

WarpTile::WarpTile(ImplicitLocOpBuilder &b, const MatmulSpec &spec, Word thread)
    : WarpPlace(thread, spec.tile.warpRows, spec.tile.getWarpHeight(),
                spec.tile.getWarpWidth()),
      b(b), spec(spec), layout(spec) {}

SmallVector<Value> WarpTile::getZeros() {
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  return SmallVector<Value>(getRowTiles() * getColumnTiles() * kAccumulators,
                            zero);
}

Value WarpTile::selector(int value) {
  return arith::ConstantIntOp::create(b, b.getI16Type(), value);
}

/// N1.3: a UE4M3 byte with the top bit set is NaN, but the MMA ignores the bit.
/// Such bytes get all the others set.
Value WarpTile::poisonSignedScales(Value scales) {
  if (spec.mma.scaleFormat != NVVM::BlockScaleFormat::UE4M3)
    return scales;
  Word word(b, scales);
  Word signs = word & int32_t(0x80808080);
  return word | (signs - (signs >> 7));
}

WarpTile::Scales WarpTile::loadScales(Value panel, Word first, int rows) {
  int bytes = spec.mma.getScaleBytes();
  int words = bytes / kWordBytes;
  int shared = std::min(rows, kScaleRows);
  Word row = first + getScaleRow(lane, shared);
  Scales scales;
  for (int group = 0; group < rows; group += kScaleRows) {
    Value pointer =
        offsetPointer(b, offsetPointer(b, panel, row * bytes), group * bytes);
    Type type = words == 1 ? Type(b.getI32Type())
                           : VectorType::get({words}, b.getI32Type());
    Value loaded = loadFrom(b, type, pointer, bytes);
    SmallVector<Value> &registers = scales.emplace_back();
    for (int word = 0; word < words; ++word) {
      Value index = lane.constant(word);
      registers.push_back(poisonSignedScales(
          words == 1 ? loaded
                     : LLVM::ExtractElementOp::create(b, loaded, index)));
    }
  }
  return scales;
}

SmallVector<Value> WarpTile::loadMatrices(Value pointer) {
  Type i32 = b.getI32Type();
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(kLhsRegisters, i32));
  Value loaded = NVVM::LdMatrixOp::create(
      b, type, pointer, kLhsRegisters, NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8),
      NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> registers;
  for (int64_t i = 0; i < kLhsRegisters; ++i)
    registers.push_back(LLVM::ExtractValueOp::create(b, loaded, i));
  return registers;
}

/// Fragments of `rows` rows, for slice `slice`: each lane names a row, at
/// `rowOffset` from the panel, and a chunk of the slice. Rows of a lane differ
/// by multiples of 16, so one permutation of chunks holds for all of them.
SmallVector<Value> WarpTile::loadFragments(Value panel, Word rowOffset,
                                           Word chunk, int slice, int rows) {
  constexpr int chunksPerSlice = kSliceBytes / kChunkBytes;
  Word row = rowOffset / kRowBytes;
  Word place = getSwizzledChunk(row, chunk + slice * chunksPerSlice);
  Value start = offsetPointer(b, panel, rowOffset + place * kChunkBytes);
  SmallVector<Value> registers;
  for (int first = 0; first < rows; first += kMatrixRows)
    llvm::append_range(
        registers, loadMatrices(offsetPointer(b, start, first * kRowBytes)));
  return registers;
}

void WarpTile::multiplyTiles(MutableArrayRef<Value> sums, const Tile &lhs,
                             const Tile &rhs, int slice) {
  const MmaKind &mma = spec.mma;
  int word = mma.getScaleWord(slice);
  Value byte = selector(mma.getScaleByte(slice));
  Value lhsThread = selector(lhs.scaleThread);
  Value rhsThread = selector(rhs.scaleThread);
  Type f32 = b.getF32Type();
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(kAccumulators, f32));
  Value product = NVVM::MmaBlockScaleOp::create(
      b, type, lhs.registers, rhs.registers, sums, lhs.scales[word], byte,
      lhsThread, rhs.scales[word], byte, rhsThread,
      ArrayRef<int64_t>{kMmaRows, kMmaColumns, mma.depth},
      std::array<NVVM::MMATypes, 2>{mma.lhs, mma.rhs}, mma.scaleVector,
      mma.scaleFormat, mma.kind);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = LLVM::ExtractValueOp::create(b, product, int64_t(i));
}

SmallVector<Value> WarpTile::multiply(Value stage, ValueRange accumulators) {
  int height = spec.tile.getWarpHeight(), width = spec.tile.getWarpWidth();
  auto part = [&](int offset) { return offsetPointer(b, stage, offset); };
  Scales lhsScales = loadScales(part(layout.lhsScales), firstRow, height);
  Scales rhsScales = loadScales(part(layout.rhsScales), firstColumn, width);
  Value lhsPanel = part(layout.lhs), rhsPanel = part(layout.rhs);
  Word lhsRow = (firstRow + getLhsSourceRow(lane)) * kRowBytes;
  Word rhsRow = (firstColumn + getRhsSourceRow(lane)) * kRowBytes;

  SmallVector<Value> sums(accumulators);
  for (int slice = 0; slice < kSlices; ++slice) {
    SmallVector<Value> lhs =
        loadFragments(lhsPanel, lhsRow, getLhsSourceChunk(lane), slice, height);
    SmallVector<Value> rhs =
        loadFragments(rhsPanel, rhsRow, getRhsSourceChunk(lane), slice, width);
    for (int i = 0; i < getRowTiles(); ++i) {
      Tile lhsTile{ArrayRef(lhs).slice(i * kLhsRegisters, kLhsRegisters),
                   lhsScales[i / kLhsTilesPerScale], getLhsScaleThread(i)};
      for (int j = 0; j < getColumnTiles(); ++j) {
        Tile rhsTile{ArrayRef(rhs).slice(j * kRhsRegisters, kRhsRegisters),
                     rhsScales[j / kRhsTilesPerScale], getRhsScaleThread(j)};
        int first = (i * getColumnTiles() + j) * kAccumulators;
        multiplyTiles(MutableArrayRef(sums).slice(first, kAccumulators),
                      lhsTile, rhsTile, slice);
      }
    }
  }
  return sums;
}
