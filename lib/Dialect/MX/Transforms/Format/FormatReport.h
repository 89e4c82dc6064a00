//===- FormatReport.h - what was chosen, to be read -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The report of mx-choose-formats as plain data, and its two spellings: JSON,
// and an HTML page that needs nothing but itself. Numbers are written the same
// way in any locale. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_FORMATREPORT_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_FORMATREPORT_H

#include "Format/FormatChoice.h"

namespace mlir::mx {

/// Sums over all sites. A constant that several sites share is stored once, but
/// its error counts in each of them.
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

/// One candidate of one site.
struct CandidateRow {
  /// As a plan spells it, e.g. "rhs = mxfp4 by mse, rotation = hadamard<32>".
  std::string plan;
  SiteError error;
  double bits = 0.0;
  bool isChosen = false;
};

/// One site; sizes are those of its constant sides.
struct SiteRow {
  std::string name;
  std::string function;
  std::string lhsType;
  std::string rhsType;
  std::string plan;
  /// What its constant sides become, e.g. "nvfp4 by sweep"; "keep" if they stay
  /// as they are, empty if there are none.
  std::string formats;
  std::string reason;
  /// What the error of the activation was measured on; empty if it is kept.
  std::string basis;
  size_t group = 0;
  int64_t weights = 0;
  int64_t bytesBefore = 0;
  int64_t bytesAfter = 0;
  /// The same without what a site above stores already; totals are their sums.
  int64_t storedWeights = 0;
  int64_t storedBytesBefore = 0;
  int64_t storedBytesAfter = 0;
  SiteError error;
  double bits = 0.0;
  std::vector<CandidateRow> candidates;
};

struct FormatReport {
  /// Options of the pass in their order, as they are spelled.
  std::vector<std::pair<std::string, std::string>> options;
  ChoiceTotals totals;
  std::vector<SiteRow> sites;
};

/// Collects the report. `options` are as the user gave them.
FormatReport createReport(ArrayRef<ChoiceGroup> groups,
                          ArrayRef<GroupChoice> choices,
                          const ChoiceOptions &choiceOptions,
                          const ChooseFormatsPassOptions &options);

/// The plan of a site without its angle brackets.
std::string spellPlan(PlanAttr plan);

void writeJson(const FormatReport &report, llvm::raw_ostream &os);
void writeHtml(const FormatReport &report, llvm::raw_ostream &os);

/// Writes the report that the extension of `path` asks for: under another name
/// first, so that there is a whole file or none.
llvm::Error writeReport(const FormatReport &report, StringRef path);

/// The shortest spelling that reads back as the same number.
std::string formatExactly(double value);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_FORMATREPORT_H
