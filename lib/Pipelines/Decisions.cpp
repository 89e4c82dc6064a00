//===- Decisions.cpp - what is decided about plain products ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Pipelines/Decisions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;

static constexpr DecisionFlag flags[] = {
    {"quantize", "objective",
     "Quantise matmuls, aiming at ocp, nvidia, accuracy or speed (default: no)",
     false, &DecisionOptions::objective},
    {"quantize-policy", "policy",
     "Which matmuls: all or constant-weights (default)", true,
     &DecisionOptions::policy},
    {"quantize-functions", "regex",
     "Only in functions whose name matches this regular expression", true,
     &DecisionOptions::functions},
    {"quantize-sites", "regex",
     "Only sites whose name matches this regular expression", true,
     &DecisionOptions::sites},
    {"quantize-min-elements", "count",
     "Only weights with at least this many elements", true,
     &DecisionOptions::minElements},
    {"bits-per-weight", "number",
     "Budget in bits per weight; 0 for none (default)", true,
     &DecisionOptions::bits},
    {"error-budget", "number",
     "Budget of relative squared error; 0 for none (default)", true,
     &DecisionOptions::error},
    {"activations", "format",
     "What becomes of activations: keep (default), auto or a format", true,
     &DecisionOptions::activations},
    {"formats", "list", "Formats to choose from, e.g. mxfp4,nvfp4,keep", true,
     &DecisionOptions::formats},
    {"rotation", "size", "auto (default), off or a size", true,
     &DecisionOptions::rotation},
    {"rotation-seed", "number",
     "Draws the signs of rotations; 0 for none (default)", false,
     &DecisionOptions::seed},
    {"method", "method",
     "How constants are quantised: rtn (default), gptq or mr-gptq", true,
     &DecisionOptions::method},
    {"calibration", "file", "File of activation statistics", false,
     &DecisionOptions::calibration},
    {"activation-scale", "source",
     "Tensor scales of activations: dynamic (default), computed at run time, "
     "or static, from calibration",
     false, &DecisionOptions::activationScale},
    {"report", "file", "Where to write the report, .json or .html", true,
     &DecisionOptions::report},
};

llvm::ArrayRef<DecisionFlag> mlir::mx::getDecisionFlags() { return flags; }

static std::string formatValue(const std::string &value) { return value; }
static std::string formatValue(const std::vector<std::string> &values) {
  return llvm::join(values, ",");
}
template <typename T>
static std::string formatValue(T value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

std::string mlir::mx::formatDecisionFlags(const DecisionOptions &options) {
  const DecisionOptions defaults;
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const DecisionFlag &flag : flags)
    std::visit(
        [&](auto member) {
          if (options.*member == defaults.*member)
            return;
          stream << ' ';
          llvm::sys::printArg(stream,
                              "--" + flag.name.str() + '=' +
                                  formatValue(options.*member),
                              /*Quote=*/false);
        },
        flag.member);
  return text;
}
