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

/// The constants of quantised sites as they are stored: once for all sites that
/// ask for the same of a weight.
class StoredConstants {
public:
  /// Whether no site before `site` asked for what `choice` makes of a weight.
  bool add(const ChoiceGroup &group, const Site &site,
           const GroupChoice &choice, size_t weight, Method method);

private:
  /// A weight, and its share of the plan.
  llvm::DenseSet<std::pair<Value, Attribute>> known;
};

/// Chooses for groups whose errors are known. Fails, having said at `loc` what
/// the least possible is, if the budget cannot be met.
FailureOr<std::vector<GroupChoice>> chooseFormats(ArrayRef<ChoiceGroup> groups,
                                                  const ChoiceOptions &options,
                                                  Location loc);

/// Says why `site` got what it got, as the second half of a sentence.
std::string explainChoice(const ChoiceGroup &group, const Site &site,
                          const GroupChoice &choice,
                          const ChoiceOptions &options);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCHOICE_H
