//===- WarpgroupWeights.cpp - weights as A of wgmma -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpgroupWeights.h"
#include "DeviceMemory.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kWordBytes = 4;
/// Neighbours in K that four lanes share.
static constexpr int kShared = 8;

WarpgroupWeights::WarpgroupWeights(ImplicitLocOpBuilder &b,
                                   const WarpgroupSpec &spec,
                                   const PanelSource &scales, Word lane,
                                   Word row)
    : b(b), spec(spec), source(scales), place(lane % kPlaces), firstRow(row) {}

WarpgroupWeights::Row WarpgroupWeights::openRow(Value stage, Word step,
                                                int which) {
  WarpgroupStage layout(spec);
  Word row = firstRow + which;
  Row opened;
  int bytes = spec.getPayloadShape().rowBytes;
  auto type = VectorType::get({kChunkBytes / kWordBytes}, b.getI32Type());
  Value start =
      offsetPointer(b, offsetPointer(b, stage, layout.payload), row * bytes);
  for (int byte = 0; byte < bytes; byte += kChunkBytes) {
    Value chunk = loadFrom(b, type, offsetPointer(b, start, byte), kChunkBytes);
    for (int i = 0; i < kChunkBytes / kWordBytes; ++i)
      opened.codes.emplace_back(
          b, Value(LLVM::ExtractElementOp::create(b, chunk, row.constant(i))));
  }
  Word first = ScaleWords::getStart(b, source, row, step, spec.getScaleBytes());
  Value scales = offsetPointer(b, offsetPointer(b, stage, layout.scales),
                               row * spec.getScalePitch() + first);
  for (int i = 0; i < spec.getScaleBytes(); ++i) {
    Value loaded = loadFrom(b, b.getI8Type(), offsetPointer(b, scales, i), 1);
    Word byte(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), loaded)));
    opened.scales.push_back(decodeScale(spec.weights.format, byte));
  }
  return opened;
}

void WarpgroupWeights::open(Value stage, Word step) {
  rows.clear();
  for (int which = 0; which < 2; ++which)
    rows.push_back(openRow(stage, step, which));
}

/// The lane's pair of neighbours number `eight`, each code at the top of its
/// half of a register.
Word WarpgroupWeights::takePair(const Row &row, int eight) {
  if (spec.weights.getBits() == 4) {
    // A byte holds both codes: the lower one goes up by four bits.
    Word word = row.codes[eight];
    return permuteBytes(word << 4, word, place * 0x1111 + 0x4400);
  }
  // Six bytes hold eight codes of six bits: from one of them on, or from its
  // middle, twelve bits are the lane's.
  int first = 6 * eight, word = first / kWordBytes;
  Word bit = place * 12 + first % kWordBytes * 8;
  Word byte = bit / 8;
  Word pair =
      permuteBytes(row.codes[word], row.codes[word + 1], byte * 0x11 + 0x10);
  Word codes = (pair >> bit % 8) & 0xFFF;
  return (codes << 10) | (codes << 20);
}

Value WarpgroupWeights::decodePair(const Row &row, int eight) {
  int block = spec.weights.getBlock(kStepDepth);
  return decodeElements(spec.weights.format, takePair(row, eight),
                        row.scales[eight * kShared / block]);
}

/// Both rows at the first eight of the slice, then both at the second.
SmallVector<Value> WarpgroupWeights::decode(int slice) {
  SmallVector<Value> registers;
  for (int eight : {2 * slice, 2 * slice + 1})
    for (const Row &row : rows)
      registers.push_back(decodePair(row, eight));
  return registers;
}
