//===- FormatChoice.h - the best choice for all groups ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From measured errors to one choice for each group: the best by the objective,
// or, under a budget, the solution of a multiple-choice knapsack over all
// groups. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCHOICE_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCHOICE_H

#include "Format/SiteGroups.h"

namespace mlir::mx {

/// Sums over all sites. A constant that several sites of a group share is
/// stored once, but its error counts in each of them.
struct ChoiceTotals {
  int64_t weights = 0;
  int64_t bytesBefore = 0;
  int64_t bytesAfter = 0;
  /// Σ n·ε over Σ n, where n counts the constant values of a site.
  double error = 0.0;

  double getBitsPerWeight() const {
    return weights == 0 ? 0.0 : 8.0 * bytesAfter / weights;
  }
};

/// Chooses for groups whose errors are known. Fails, having said at `loc` what
/// the least possible is, if the budget cannot be met.
FailureOr<std::vector<GroupChoice>> chooseFormats(ArrayRef<ChoiceGroup> groups,
                                                  const ChoiceOptions &options,
                                                  Location loc);

ChoiceTotals getTotals(ArrayRef<ChoiceGroup> groups,
                       ArrayRef<GroupChoice> choices);

/// Says why `site` got what it got, as the second half of a sentence.
std::string explainChoice(const ChoiceGroup &group, const Site &site,
                          const GroupChoice &choice,
                          const ChoiceOptions &options);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCHOICE_H
