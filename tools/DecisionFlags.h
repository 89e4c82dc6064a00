//===- DecisionFlags.h - flags of mx-compile and mx-run ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The options of Decisions.h on a command line.
//===----------------------------------------------------------------------===//

#ifndef MX_TOOLS_DECISIONFLAGS_H
#define MX_TOOLS_DECISIONFLAGS_H

#include "mx/Pipelines/Decisions.h"
#include "llvm/Support/CommandLine.h"
#include <functional>
#include <memory>

namespace mlir::mx {

class DecisionFlags {
public:
  explicit DecisionFlags(llvm::cl::OptionCategory &category) {
    for (const DecisionFlag &flag : getDecisionFlags())
      std::visit([&](auto member) { add(flag, category, member); },
                 flag.member);
  }

  DecisionOptions getOptions() const {
    DecisionOptions options;
    for (const Flag &flag : flags)
      flag.read(options);
    return options;
  }

  /// What is wrong with the flags together; empty if nothing is. Sites that are
  /// recorded may be chosen without an objective.
  std::string explainConflict(bool isRecording) const {
    if (flags.front().option->getNumOccurrences())
      return "";
    for (const Flag &flag : flags)
      if (flag.needsObjective && flag.option->getNumOccurrences() &&
          !(isRecording && flag.option->ArgStr.starts_with("quantize-")))
        return "expected --quantize with --" + flag.option->ArgStr.str() +
               ", got --" + flag.option->ArgStr.str() + " alone";
    return "";
  }

private:
  struct Flag {
    bool needsObjective;
    std::unique_ptr<llvm::cl::Option> option;
    std::function<void(DecisionOptions &)> read;
  };

  template <typename T>
  void add(const DecisionFlag &flag, llvm::cl::OptionCategory &category,
           T DecisionOptions::*member) {
    auto option = std::make_unique<llvm::cl::opt<T>>(
        llvm::StringRef(flag.name), llvm::cl::value_desc(flag.value),
        llvm::cl::desc(flag.description), llvm::cl::cat(category),
        llvm::cl::init(DecisionOptions().*member));
    auto *value = option.get();
    flags.push_back(
        {flag.needsObjective, std::move(option),
         [=](DecisionOptions &options) { options.*member = *value; }});
  }

  void add(const DecisionFlag &flag, llvm::cl::OptionCategory &category,
           std::vector<std::string> DecisionOptions::*member) {
    auto option = std::make_unique<llvm::cl::list<std::string>>(
        llvm::StringRef(flag.name), llvm::cl::value_desc(flag.value),
        llvm::cl::desc(flag.description), llvm::cl::cat(category),
        llvm::cl::CommaSeparated);
    auto *values = option.get();
    flags.push_back(
        {flag.needsObjective, std::move(option), [=](DecisionOptions &options) {
           (options.*member).assign(values->begin(), values->end());
         }});
  }

  std::vector<Flag> flags;
};

} // namespace mlir::mx

#endif // MX_TOOLS_DECISIONFLAGS_H
