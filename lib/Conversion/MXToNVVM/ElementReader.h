//===- ElementReader.h - single elements of a stage, in f32 -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What N7.1 says of an element, one at a time: its number times its scale in
// f32. Reading so is slow and right for all numbers, which those of bf16 are
// not; DecodedWarp.h says when it is done. Any rows that differ by 8 belong to
// a reader, as in QuarterReader.h.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_ELEMENTREADER_H
#define MX_LIB_CONVERSION_MXTONVVM_ELEMENTREADER_H

#include "DecodedSpec.h"
#include "Word.h"

namespace mlir::mx {

class ElementReader {
public:
  /// Reads rows `row` + 8 · group of a panel at `payload`. Scales of `row`
  /// begin at `scales`, if there are any; those of fragments all do.
  ElementReader(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                const MatmulSide &side, int panelRows, Word row, Value payload,
                Value scales)
      : b(b), spec(spec), side(side),
        shape(spec.getPayloadShape(side, panelRows)), row(row),
        payload(payload), scales(scales) {}

  /// Element `k` of the step.
  Value read(int group, Word k);

private:
  Value load(Type type, int group, Word byte);
  Value readPlain(int group, Word k);
  Value readCode(int group, Word k);
  Word readFragment(int group, Word k);
  Value getScale(int group, Word k);
  Value readScale(int group, Word k);
  Value makeFloat(Word bits);

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  const MatmulSide &side;
  PanelShape shape;
  Word row;
  Value payload, scales;
};

/// What is left of an f32 number when the three bf16 numbers that
/// QuarterReader.h makes of it are subtracted; 0 of infinities and NaN.
Value getSplitRest(ImplicitLocOpBuilder &b, Value x);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_ELEMENTREADER_H
