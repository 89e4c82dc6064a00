//===- FragmentLines.h - a lane's part of a line of fragments ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Of each line of 16 rows (N8.8) a lane loads 16 bytes at once: 16 codes of a
// row and of the one 8 below, each two words of 8 codes, and a scale of each.
// Codes are placed by masks (BF16Placement.h), and become numbers by one
// product, or by two where scales are too large for that.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_FRAGMENTLINES_H
#define MX_LIB_CONVERSION_MXTONVVM_FRAGMENTLINES_H

#include "DecodedNumbers.h"
#include "MatmulSignature.h"

namespace mlir::mx {

/// What a lane has of a line: of a row, and of the one 8 below.
struct FragmentLine {
  std::array<SmallVector<Word, 2>, 2> codes;
  std::array<Word, 2> scales;
};

/// Loads the part of `lane` of the line at `payload`, and at `scales`.
FragmentLine loadFragmentLine(const MatmulSide &side, Word lane, Value payload,
                              Value scales);

/// A scale as what codes are multiplied with last, in both halves.
Value decodeFragmentScale(const MatmulSide &side, Word byte);

/// The numbers of a word of codes, as pairs.
std::array<Value, kRunPairs> decodeFragments(const MatmulSide &side, Word codes,
                                             Value scale);

/// Where lane 4 · (`row` mod 8) + `place` has its scales in a line, in bytes.
Word getFragmentScale(const MatmulSide &side, Word row, Word place);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_FRAGMENTLINES_H
