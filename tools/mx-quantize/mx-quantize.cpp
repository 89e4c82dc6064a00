//===- mx-quantize.cpp - quantise and convert checkpoints -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "QuantizeFlags.h"
#include "mx/Support/Version.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir::mx;
namespace cl = llvm::cl;

/// docs/Checkpoints.md, "Exit codes".
static constexpr int kUserError = 1, kUsage = 2;

static int usage(const llvm::Twine &text) {
  llvm::errs() << "mx-quantize: " << text << '\n';
  return kUsage;
}

static int finish(llvm::Error error) {
  if (!error)
    return 0;
  llvm::errs() << "mx-quantize: error: " << llvm::toString(std::move(error))
               << '\n';
  return kUserError;
}

static ProgressStyle chooseProgress(ProgressWish wish) {
  if (wish == ProgressWish::None)
    return ProgressStyle::None;
  bool isBar = wish == ProgressWish::Bar ||
               (wish == ProgressWish::Auto && llvm::outs().is_displayed());
  return isBar ? ProgressStyle::Bar : ProgressStyle::JsonLines;
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg("mx: internal failure, at:\n");
  llvm::InitLLVM init(argc, argv);
  QuantizeFlags line;
  cl::HideUnrelatedOptions(line.category);
  cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "mx-quantize " MX_VERSION_STRING "\n";
  });
  if (!cl::ParseCommandLineOptions(
          argc, argv, "quantises and converts checkpoints\n", &llvm::errs()))
    return kUsage;
  if (line.list) {
    listConventions(llvm::outs());
    return 0;
  }
  if (line.input.empty())
    return usage("expected a checkpoint, got none");
  LinkPolicy links = line.followLinks ? LinkPolicy::Follow : LinkPolicy::Refuse;
  if (line.inspect)
    return finish(inspectCheckpoint(line.input, links, llvm::outs()));
  if (line.output.empty())
    return usage("expected -o with an output, or --inspect, got neither");
  ConversionCommand command;
  command.input = line.input;
  command.output = line.output;
  command.links = links;
  command.progress = chooseProgress(line.progress);
  if (std::string problem = line.threads.read(command.threads);
      !problem.empty())
    return usage(problem);
  ConversionOptions &options = command.options;
  if (llvm::StringRef(line.output).ends_with(".gguf"))
    options.convention = "gguf";
  if (!line.convention.empty())
    options.convention = line.convention;
  options.format = line.format;
  options.method = line.method;
  options.calibration = line.calibration;
  options.budget = line.budget;
  options.only = line.only;
  options.skip = line.skip;
  options.allowRounding = line.allowRounding;
  if (!line.rule.empty()) {
    options.rule = mxnum::lookupScaleRule(line.rule.getValue());
    if (!options.rule)
      return usage("expected --rule to be a rule of scales, got '" + line.rule +
                   "'");
  }
  return finish(convertCheckpoint(command, llvm::outs()));
}
