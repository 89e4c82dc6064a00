//===- FormatCandidates.h - what a side may become --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The presets of mx-choose-formats, as data: which formats, by which rule, with
// which rotations each objective tries. Everything a user can ask for is
// checked here, once; the passes behind it see no strings. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCANDIDATES_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCANDIDATES_H

#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include <vector>

namespace mlir::mx {

/// A format and the rule that chooses its scales.
struct Encoding {
  mxnum::BlockFormat format;
  mxnum::ScaleRule rule;

  bool operator==(const Encoding &other) const {
    return format == other.format && rule == other.rule;
  }
};

/// What a side may become; nothing is to stay as it is.
using SideCandidate = std::optional<Encoding>;

/// The attribute that says so; null for nothing.
EncodingAttr toAttribute(MLIRContext *context, const SideCandidate &candidate);
SideCandidate fromAttribute(EncodingAttr attribute);

enum class Objective { Ocp, Nvidia, Accuracy, Speed };

enum class RotationMode {
  /// Never.
  Off,
  /// If it takes away enough of the measured error.
  Measured,
  /// Wherever the size divides.
  Forced,
};

/// The options of the pass, checked and spelled out.
struct ChoiceOptions {
  Objective objective = Objective::Accuracy;
  /// Bits per weight over all sites.
  std::optional<double> bitBudget;
  /// Relative squared error over all sites.
  std::optional<double> errorBudget;
  /// What constant sides and others may become.
  std::vector<SideCandidate> weights;
  std::vector<SideCandidate> activations;
  RotationMode rotation = RotationMode::Measured;
  /// The sizes that are tried are those of the formats, or this one.
  std::optional<int64_t> rotationSize;
  /// How much of the error a rotation must take away to be worth it.
  double rotationGain = 0.0;
  Method method = Method::Rtn;
  int64_t samples = 0;

  bool hasBudget() const { return bitBudget || errorBudget; }
  bool encodesActivations() const { return activations.front().has_value(); }
};

/// Checks the options of the pass. Fails, having said what was expected at
/// `loc`.
FailureOr<ChoiceOptions>
parseChoiceOptions(const ChooseFormatsPassOptions &options, Location loc);

/// The rotations that are tried for a contracted size: 0 for none, which comes
/// first if it is allowed, then sizes that divide `columns`. If a rotation
/// was asked for and no size fits, `obstacle` says why.
std::vector<int64_t> getRotationSizes(const ChoiceOptions &options,
                                      int64_t columns, std::string &obstacle);

/// Says why the target cannot run `op` on encoded operands; nothing if it can.
std::optional<std::string> explainIllegal(Operation *op, TargetAttr target);

/// A number with four significant digits, whatever the locale.
std::string formatNumber(double value);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FORMATCANDIDATES_H
