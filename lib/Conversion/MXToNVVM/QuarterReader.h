//===- QuarterReader.h - a lane's part of a side, decoded -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From a stage in shared memory to registers of bf16 pairs, the operands of
// mma.sync. A lane reads its quarter of a step (DecodedSpec.h) of rows that
// differ by 8, and decodes runs of 8 elements when they are multiplied:
//
//   code       placed bits (BF16Placement.h) · 2^n · scale, each product exact;
//              in the order of fragments see FragmentLines.h
//   bf16       as it is
//   f16, f32   two and three numbers, see splitPair
//
// What these are not is told, so that it can be read otherwise
// (ElementReader.h).
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_QUARTERREADER_H
#define MX_LIB_CONVERSION_MXTONVVM_QUARTERREADER_H

#include "DecodedNumbers.h"
#include "DecodedSpec.h"

namespace mlir::mx {

class QuarterReader {
public:
  /// Registers with neighbours of a run, first those of the first two.
  using Run = std::array<Value, kRunPairs>;
  /// Where a side lies in a stage.
  struct Panel {
    int rows, payload, scales;
  };

  /// Reads rows `first` + group of each 8 of `rows` rows.
  QuarterReader(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                const MatmulSide &side, const Panel &panel, Word lane,
                Word first, int rows);

  /// The first row, that of group 0.
  Word getRow() const { return row; }
  int getGroups() const { return groups; }

  /// Begins with the step at `stage`, whose scales begin at byte `scaleStart`
  /// of the rows of their panel.
  void open(Value stage, Word scaleStart);
  /// Run `run` of the quarter of row 8 · `group`: numbers that are to be added
  /// up, as many as the side has planes.
  SmallVector<Run> decode(int group, int run);
  /// An i1: whether this lane has elements in this step that `decode` may round
  /// or, if `isFinite` is wanted, that may be infinite; null if no element is.
  Value isExceptional(bool isFinite);
  /// An i1: whether f32 numbers that were decoded since this was asked last are
  /// more than their planes; null for other sides.
  Value takeRest();

private:
  SmallVector<Word> loadWords(int group, int first, int count);
  void openGroup(int group);
  void openFragments();
  Value decodeScale(Word byte);
  ArrayRef<Word> getBlockWords(int group, int block) const;
  Word findTiny(int group, int block);
  Word findInfinite(int group, int block);
  Run decodeCodes(int group, int run);
  Value readPlain(const SmallVector<Word> &words, int number);
  void splitPair(std::array<Value, 2> numbers, Word signs, int pair,
                 MutableArrayRef<Run> planes);
  Value multiply(Value pair, Value factor);
  Value splat(int bits);

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  const MatmulSide &side;
  Panel panel;
  Word lane, first, place, row;
  int groups;
  Value payload, scales;
  /// Bits that no plane has.
  Word rest;
  /// For each group: packed codes of the quarter, and the scales of its blocks
  /// as bytes and as bf16 pairs.
  SmallVector<SmallVector<Word>> codes, scaleBytes;
  SmallVector<SmallVector<Value>> blockScales;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_QUARTERREADER_H
