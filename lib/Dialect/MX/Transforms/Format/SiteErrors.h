//===- SiteErrors.h - what each candidate costs in accuracy -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Fills in the errors of a group: constants are measured on some of their rows,
// activations on calibration data, or on numbers that stand in for them.
// Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_SITEERRORS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_SITEERRORS_H

#include "Format/SiteGroups.h"
#include "mx/Checkpoint/CalibrationFile.h"
#include "mx/Quantization/ErrorModel.h"
#include <map>

namespace mlir::mx {

/// Measures the candidates of groups, one tensor at a time.
class SiteErrors {
public:
  /// `calibration` may be null.
  SiteErrors(const ChoiceOptions &options, const CalibrationFile *calibration,
             mxquant::ParallelFor parallel)
      : options(options), calibration(calibration),
        parallel(std::move(parallel)) {}

  /// Fills in the errors of all sides of `group`. A constant that holds numbers
  /// that are not finite is left with the one choice of being kept. Fails,
  /// having said why, if statistics are missing or data cannot be read.
  LogicalResult measure(ChoiceGroup &group);

private:
  using Statistics = std::optional<SiteStatistics>;

  FailureOr<Statistics> readStatistics(const ChoiceGroup &group,
                                       const Site &site);
  LogicalResult measureWeight(WeightSide &side, const ChoiceGroup &group,
                              const Statistics &statistics);
  void measureRows(WeightSide &side, const ChoiceGroup &group,
                   const std::vector<float> &values,
                   const Statistics &statistics);
  void measureActivation(ActivationSide &side, const ChoiceGroup &group,
                         const Statistics &statistics);
  double measureStandIn(const mxquant::Candidate &candidate, int64_t columns);

  const ChoiceOptions &options;
  const CalibrationFile *calibration;
  mxquant::ParallelFor parallel;
  /// Errors on unit numbers, by their columns and the candidate.
  std::map<std::vector<int64_t>, double> standIns;
};

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SITEERRORS_H
