//===- FormatBudget.h - a format for each weight under a budget -*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Formats are tried on a sample of each weight; of all choices that the budget
// allows, the one of least error is taken.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_FORMATBUDGET_H
#define MX_LIB_CHECKPOINT_FORMATBUDGET_H

#include "mx/Checkpoint/Conversion.h"

namespace mlir::mx {

/// A plain weight whose format is open: rows of a convention, and by which rule
/// each would be used.
struct OpenWeight {
  std::string name;
  std::vector<const Convention *> rows;
  std::vector<mxnum::ScaleRule> rules;
};

/// What was chosen; no row where the weight stays plain. The error is squared
/// and relative, that of the sample.
struct FormatChoice {
  const Convention *row;
  double error;
};

/// Chooses for each weight so that the error of all, weighted by their numbers
/// of elements, is the least that `bitsPerWeight` allows; payload, scales and
/// tensor scales count. Fails if the cheapest choices take more.
llvm::Expected<std::vector<FormatChoice>>
chooseFormats(const Checkpoint &checkpoint, llvm::ArrayRef<OpenWeight> weights,
              double bitsPerWeight);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_FORMATBUDGET_H
