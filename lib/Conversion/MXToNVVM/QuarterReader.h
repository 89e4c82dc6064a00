//===- QuarterReader.h - a lane's part of a side, decoded -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From a stage in shared memory to registers of bf16 pairs, the operands of
// mma.sync. A lane reads its quarter of a step (DecodedSpec.h) of rows that
// differ by 8, and decodes runs of 8 elements when they are multiplied:
//
//   code       placed bits (BF16Placement.h) · 2^n · scale, each product exact
//   bf16       as it is
//   f16        two numbers, see decodeF16
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
  /// Reads the step again where it is rarely needed, so that nothing is kept in
  /// registers until then.
  void reopen();
  /// Run `run` of the quarter of row 8 · `group`: numbers that are to be added
  /// up, as many as the side has planes.
  SmallVector<Run> decode(int group, int run);
  /// Whether elements are rounded where their scale is tiny (BF16Placement.h).
  bool mayBeRounded() const { return side.format && side.getBits() == 8; }
  /// An i1: whether this lane has such elements in this step.
  Value hasTinyScales();
  /// What rounding took from a run, times 2^kTinyShift.
  Run decodeRest(int group, int run);
  /// Whether a finite operand may become infinite: overflow of N7.1.
  bool mayOverflow() const {
    return side.format && side.format.getScale() == mxnum::ScaleType::E8M0;
  }
  /// Numbers for what the other side has beside its first plane.
  Run makeFinite(const Run &run);

private:
  SmallVector<Word> loadWords(int group, int first, int count);
  Value load(Type type, Value pointer, int alignment);
  void openGroups();
  void openGroup(int group);
  Value decodeScale(Word byte);
  Value isTiny(Word byte);
  Run decodeCodes(int group, int run);
  SmallVector<Run> decodeF16(const SmallVector<Word> &words);
  Value multiply(Value pair, Value factor);
  Value splat(int bits);

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  const MatmulSide &side;
  Panel panel;
  Word place, row;
  int groups;
  Value payload, scales;
  bool readsAgain = false;
  /// For each group: packed codes of the quarter, and the scales of its blocks
  /// as bytes and as bf16 pairs.
  SmallVector<SmallVector<Word>> codes, scaleBytes;
  SmallVector<SmallVector<Value>> blockScales;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_QUARTERREADER_H
