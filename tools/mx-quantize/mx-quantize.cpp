//===- mx-quantize.cpp - quantise and convert checkpoints -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "../ThreadFlag.h"
#include "mx/Checkpoint/ConversionCommand.h"
#include "mx/Support/Version.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir::mx;
namespace cl = llvm::cl;

/// docs/Checkpoints.md, "Exit codes".
static constexpr int kUserError = 1, kUsage = 2;

namespace {

/// What `--progress` asks for.
enum class ProgressWish { Auto, None, Bar, Json };

struct Options {
  cl::OptionCategory category{"mx-quantize options"};
  cl::opt<std::string> input{cl::Positional, cl::desc("<checkpoint>"),
                             cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::value_desc("path"), cl::cat(category),
      cl::desc("Output: a folder, or a file that ends in .safetensors or "
               ".gguf. Must not exist")};
  cl::opt<bool> inspect{"inspect", cl::cat(category),
                        cl::desc("Print what the checkpoint holds")};
  cl::opt<bool> list{"list-conventions", cl::cat(category),
                     cl::desc("Print the table of conventions")};
  cl::opt<std::string> convention{
      "convention", cl::value_desc("name"), cl::cat(category),
      cl::desc("How weights are named and stored (default: gguf for a .gguf "
               "file, else compressed-tensors)")};
  cl::opt<std::string> format{
      "format", cl::init("auto"), cl::value_desc("name"), cl::cat(category),
      cl::desc("Format of weights (default: auto, their own, or the first of "
               "the convention)")};
  cl::opt<WeightMethod> method{
      "method", cl::init(WeightMethod::Auto), cl::cat(category),
      cl::desc("What happens to plain weights"),
      cl::values(clEnumValN(WeightMethod::Auto, "auto",
                            "rtn if no weight is block-scaled, else none"),
                 clEnumValN(WeightMethod::None, "none", "left alone"),
                 clEnumValN(WeightMethod::Rtn, "rtn", "to nearest"),
                 clEnumValN(WeightMethod::Mse, "mse",
                            "to nearest, with the scales of least error"))};
  cl::opt<std::string> rule{
      "rule", cl::value_desc("name"), cl::cat(category),
      cl::desc("Rule of scales (default: that of the method)")};
  cl::opt<std::string> only{
      "only", cl::value_desc("regex"), cl::cat(category),
      cl::desc("Quantise only weights whose names match")};
  cl::opt<std::string> skip{
      "skip", cl::value_desc("regex"),
      cl::init(ConversionOptions::kDefaultSkip), cl::cat(category),
      cl::desc("Leave weights alone whose names match (default: embeddings, "
               "heads, routers, norms)")};
  cl::opt<bool> allowRounding{
      "allow-rounding", cl::cat(category),
      cl::desc("Round scales that the convention cannot hold exactly")};
  cl::opt<bool> followLinks{
      "follow-links", cl::cat(category),
      cl::desc("Read files of an index that are symbolic links")};
  cl::opt<ProgressWish> progress{
      "progress", cl::init(ProgressWish::Auto), cl::cat(category),
      cl::desc("How to tell of progress"),
      cl::values(clEnumValN(ProgressWish::Auto, "auto",
                            "a bar on a terminal, else JSON lines"),
                 clEnumValN(ProgressWish::None, "none", "not at all"),
                 clEnumValN(ProgressWish::Bar, "bar", "a bar"),
                 clEnumValN(ProgressWish::Json, "json", "JSON lines"))};
  ThreadFlag threads{category};
};

} // namespace

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
  Options line;
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
