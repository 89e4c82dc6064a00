//===- SiteGroups.h - products that are decided together --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Sites that share an operand share what happens to it: an activation is
// rotated and encoded once for all of its consumers. Such sites form a group,
// the unit of choice: one rotation and one encoding of activations for the
// group, and a format for each of its constants. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_SITEGROUPS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_SITEGROUPS_H

#include "Format/FormatCandidates.h"

namespace mlir::mx {

/// A constant that a site multiplies by.
struct WeightSide {
  Value value;
  /// Its shape as a matrix of rows along the contracted axis.
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t elementBits = 0;
  std::vector<SideCandidate> candidates;
  /// Why its numbers cannot be encoded or measured, if they cannot.
  std::string obstacle;
  /// Relative squared errors [rotation][candidate].
  std::vector<std::vector<double>> errors;

  int64_t getCount() const { return rows * columns; }
  /// Bytes of its constant once a candidate is chosen: payload, scales and
  /// tensor scale, or the numbers as they are.
  int64_t getBytes(size_t candidate) const;
};

/// Any other side.
struct ActivationSide {
  Value value;
  int64_t columns = 0;
  std::vector<SideCandidate> candidates;
  /// What the errors were measured on.
  std::string basis;
  /// Relative squared errors [rotation][candidate].
  std::vector<std::vector<double>> errors;
};

/// A side of a site: an index into the weights or activations of its group.
struct SideIndex {
  bool isWeight = false;
  size_t index = 0;
};

struct Site {
  Operation *op = nullptr;
  std::string name;
  std::string function;
  /// The contracted size; it may be dynamic.
  int64_t columns = 0;
  SideIndex lhs;
  SideIndex rhs;
  /// What was decided before, by hand or by another run.
  PlanAttr planned;

  std::array<SideIndex, 2> getSides() const { return {lhs, rhs}; }
};

/// One choice for a group, by indices.
struct GroupChoice {
  size_t rotation = 0;
  /// Into the candidates of every activation.
  size_t activation = 0;
  /// For each weight.
  std::vector<size_t> weights;
  /// Bits of all weights, and the sum of errors as ChoiceGroup::getLoss has it.
  double bits = 0.0;
  double loss = 0.0;
};

/// The two parts of ε_Y ≈ ε_W + ε_X.
struct SiteError {
  double weights = 0.0;
  double activations = 0.0;
  double getTotal() const { return weights + activations; }
};

struct ChoiceGroup {
  std::vector<Site> sites;
  std::vector<WeightSide> weights;
  std::vector<ActivationSide> activations;
  /// What is tried; null for no rotation, which comes first if it is allowed.
  std::vector<HadamardAttr> rotations;
  /// Why a rotation that was asked for is not tried.
  std::string rotationObstacle;

  /// Elements of the constant sides of a site.
  int64_t getCount(const Site &site) const;
  /// How many values the error of a site counts for: its weights, or 1 in a
  /// group that has none.
  double getImportance(const Site &site) const;
  /// Whether anything of the site is encoded. A site whose constants all stay
  /// as they are leaves its activation alone.
  bool isEncoded(const Site &site, const GroupChoice &choice) const;
  SiteError getError(const Site &site, const GroupChoice &choice) const;
  /// Σ importance · error over all sites.
  double getLoss(const GroupChoice &choice) const;
  /// The plan of a site as an attribute.
  PlanAttr getPlan(const Site &site, const GroupChoice &choice,
                   Method method) const;
};

/// Collects the sites below `root` in their order. A site that has a plan is a
/// group of its own with nothing left to choose; those that share its
/// activation follow it where the options leave the choice open.
std::vector<ChoiceGroup> collectSites(Operation *root,
                                      const ChoiceOptions &options);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SITEGROUPS_H
