//===- WarpgroupWeights.h - weights as A of wgmma ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From codes in shared memory to the registers of A. The K of B is that of
// memory, so a lane with `place` needs, of each eight neighbours, the pair at
// 2 · place: for codes of four bits one byte of every word.
//
//   K         0 1 2 3 4 5 6 7 | 8 9 …
//   place     0 0 1 1 2 2 3 3 | 0 0 …
//
// A lane has rows `group` and `group` + 8 of a fragment. They are read as rows
// 2 · group and 2 · group + 1 of the weights, so that a lane's sums are
// neighbours in a row of C.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPGROUPWEIGHTS_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPGROUPWEIGHTS_H

#include "DecodedNumbers.h"
#include "ScaleWords.h"
#include "WarpgroupSpec.h"

namespace mlir::mx {

class WarpgroupWeights {
public:
  /// For a lane that has rows `row` and `row` + 1 of the panels. `scales` is
  /// where the panel's scales come from.
  WarpgroupWeights(ImplicitLocOpBuilder &b, const WarpgroupSpec &spec,
                   const PanelSource &scales, Word lane, Word row);

  /// Reads step number `step`, which is in `stage`.
  void open(Value stage, Word step);
  /// The registers of A for slice `slice` of the step.
  SmallVector<Value> decode(int slice);

private:
  /// A row of this lane: the words of its codes, and its scales as pairs.
  struct Row {
    SmallVector<Word> codes;
    SmallVector<Value> scales;
  };

  Row openRow(Value stage, Word step, int which);
  Word takePair(const Row &row, int eight);
  Value decodePair(const Row &row, int eight);

  ImplicitLocOpBuilder &b;
  const WarpgroupSpec &spec;
  PanelSource source;
  Word place, firstRow;
  SmallVector<Row, 2> rows;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPGROUPWEIGHTS_H
