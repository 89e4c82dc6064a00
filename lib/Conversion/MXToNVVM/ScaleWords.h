//===- ScaleWords.h - scales of unaligned rows ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A row has a scale byte for each block, so rows begin anywhere: 90 bytes are
// no multiple of 4. Asynchronous copies read aligned words, and more than one
// step needs:
//
//   memory           …|w w w w|w w w w|…      words that hold two scales
//   scales of a step        ‾ ‾
//
// A row of the panel holds these words; its scales begin at the byte of the
// word that they began at in memory. Bytes past the end of a row become zeros.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_SCALEWORDS_H
#define MX_LIB_CONVERSION_MXTONVVM_SCALEWORDS_H

#include "PanelCopy.h"

namespace mlir::mx {

class ScaleWords {
public:
  /// Prepares the part of thread number `thread` of `threads`: `rows` rows
  /// whose scales begin at a multiple of 4 bytes as a whole. A step has `bytes`
  /// of them for each row, a row of the panel `pitch`.
  ScaleWords(ImplicitLocOpBuilder &b, int rows, int bytes, int pitch,
             const PanelSource &source, Word thread, int threads);

  /// Starts to copy the scales of `step` of each row to `panel`.
  void copy(Word step, Value panel);

  /// The byte of a panel's row at which the scales of `step` begin, for row
  /// `row` of the panel, or one that differs by a multiple of 8.
  static Word getStart(ImplicitLocOpBuilder &b, const PanelSource &source,
                       Word row, Word step, int bytes);

private:
  struct Item {
    /// The word that the row begins in, whether there is this row, and the
    /// places of its first byte and behind its last one.
    Value base, exists;
    Word first, end;
    /// The word in the panel's row, in bytes, and in the panel.
    Word offset, target;
  };

  ImplicitLocOpBuilder &b;
  int bytes;
  Value active;
  SmallVector<Item> items;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_SCALEWORDS_H
