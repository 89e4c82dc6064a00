//===- FragmentLines.cpp - a lane's part of a line of fragments -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "FragmentLines.h"
#include "DecodedSpec.h"
#include "DeviceMemory.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;

Word mx::getFragmentScale(const MatmulSide &side, Word row, Word place) {
  int perLine = int(mxnum::kFragmentDepth / side.format.getBlock());
  return (row % kGroupRows * perLine + place / (kPlaces / perLine)) * 2;
}

FragmentLine mx::loadFragmentLine(const MatmulSide &side, Word lane,
                                  Value payload, Value scales) {
  ImplicitLocOpBuilder &b = lane.getBuilder();
  constexpr int words = kChunkBytes / 4;
  auto type = VectorType::get({words}, b.getI32Type());
  Value loaded = loadFrom(
      b, type, offsetPointer(b, payload, lane * kChunkBytes), kChunkBytes);
  FragmentLine line;
  for (int i = 0; i < words; ++i)
    line.codes[i / 2].emplace_back(
        b, Value(LLVM::ExtractElementOp::create(b, loaded, lane.constant(i))));
  Word place = getFragmentScale(side, lane / kPlaces, lane % kPlaces);
  Value pair = loadFrom(b, b.getI16Type(), offsetPointer(b, scales, place), 2);
  Word bytes(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), pair)));
  line.scales = {bytes & 0xFF, bytes >> kByteBits};
  return line;
}

Value mx::decodeFragmentScale(const MatmulSide &side, Word byte) {
  if (side.order == RowOrder::LargeFragments)
    return decodeScale(side.format, byte);
  if (side.format.getScale() == mxnum::ScaleType::E8M0)
    return makePair(placeScaledE8M0(byte));
  ImplicitLocOpBuilder &b = byte.getBuilder();
  int factor = getPlacementFactor(mxnum::ElementType::E2M1);
  return LLVM::FMulOp::create(b, decodeScale(side.format, byte),
                              splatPair(b, factor));
}

std::array<Value, kRunPairs> mx::decodeFragments(const MatmulSide &side,
                                                 Word codes, Value scale) {
  ImplicitLocOpBuilder &b = codes.getBuilder();
  int factor = getPlacementFactor(mxnum::ElementType::E2M1);
  std::array<Value, kRunPairs> pairs;
  for (auto [pair, bits] : llvm::zip_equal(pairs, placeFragments(codes))) {
    Value number = makePair(bits);
    if (side.order == RowOrder::LargeFragments)
      number = LLVM::FMulOp::create(b, number, splatPair(b, factor));
    pair = LLVM::BitcastOp::create(b, b.getI32Type(),
                                   LLVM::FMulOp::create(b, number, scale));
  }
  return pairs;
}
