//===- Decisions.h - what is decided about plain products -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The options of mx-raise-matmuls, mx-choose-formats, mx-fuse-rotations and
// mx-quantize in one place, and one list of the names under which mx-pipeline,
// mx-compile and mx-run offer them. The passes check the values.
//===----------------------------------------------------------------------===//

#ifndef MX_PIPELINES_DECISIONS_H
#define MX_PIPELINES_DECISIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace mlir::mx {

struct DecisionOptions {
  /// What to aim at: ocp, nvidia, accuracy or speed. Empty: nothing becomes a
  /// site, and sites that have no plan are kept.
  std::string objective;
  /// Which matmuls become sites, if there is an objective or recording.
  std::string policy = "constant-weights";
  std::string functions;
  std::string sites;
  int64_t minElements = 0;
  /// Bits per weight over all sites; 0 for no budget.
  double bits = 0.0;
  /// Relative squared error over all sites; 0 for no budget.
  double error = 0.0;
  std::string activations = "keep";
  /// Empty: as the objective says.
  std::vector<std::string> formats;
  std::string rotation = "auto";
  /// Draws the signs of rotations; 0 for none.
  uint64_t seed = 0;
  std::string method = "rtn";
  /// A file of statistics.
  std::string calibration;
  /// Where tensor scales of activations come from: dynamic or static.
  std::string activationScale = "dynamic";
  /// Where to write the report; empty for none.
  std::string report;
};

/// What a program records of the activations of its sites.
struct RecordOptions {
  /// hessian or rows; empty: nothing.
  std::string collect;
  /// Most rows that are kept of an activation.
  int64_t maxRows = 4096;
};

/// One of the options as a user writes it.
struct DecisionFlag {
  llvm::StringLiteral name;
  /// What its value is, in a word.
  llvm::StringLiteral value;
  llvm::StringLiteral description;
  /// Whether it means nothing without an objective.
  bool needsObjective;
  std::variant<std::string DecisionOptions::*,
               std::vector<std::string> DecisionOptions::*,
               double DecisionOptions::*, int64_t DecisionOptions::*,
               uint64_t DecisionOptions::*>
      member;
};

/// All of them, `quantize`, which names the objective, first.
llvm::ArrayRef<DecisionFlag> getDecisionFlags();

/// The flags of mx-compile and mx-run that stand for `options`, each after a
/// space.
std::string formatDecisionFlags(const DecisionOptions &options);

} // namespace mlir::mx

#endif // MX_PIPELINES_DECISIONS_H
