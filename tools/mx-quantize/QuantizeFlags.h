//===- QuantizeFlags.h - the flags of mx-quantize ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What each means is in docs/Checkpoints.md.
//===----------------------------------------------------------------------===//

#ifndef MX_TOOLS_MX_QUANTIZE_QUANTIZEFLAGS_H
#define MX_TOOLS_MX_QUANTIZE_QUANTIZEFLAGS_H

#include "../ThreadFlag.h"
#include "mx/Checkpoint/ConversionCommand.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::mx {

/// What `--progress` asks for.
enum class ProgressWish { Auto, None, Bar, Json };

/// Made in main, as ThreadFlag wants it.
struct QuantizeFlags {
  llvm::cl::OptionCategory category{"mx-quantize options"};
  llvm::cl::opt<std::string> input{llvm::cl::Positional,
                                   llvm::cl::desc("<checkpoint>"),
                                   llvm::cl::cat(category)};
  llvm::cl::opt<std::string> output{
      "o", llvm::cl::value_desc("path"), llvm::cl::cat(category),
      llvm::cl::desc("Output: a folder, or a file that ends in .safetensors or "
                     ".gguf. Must not exist")};
  llvm::cl::opt<bool> inspect{
      "inspect", llvm::cl::cat(category),
      llvm::cl::desc("Print what the checkpoint holds")};
  llvm::cl::opt<bool> list{"list-conventions", llvm::cl::cat(category),
                           llvm::cl::desc("Print the table of conventions")};
  llvm::cl::opt<std::string> convention{
      "convention", llvm::cl::value_desc("name"), llvm::cl::cat(category),
      llvm::cl::desc(
          "How weights are named and stored (default: gguf for a .gguf "
          "file, else compressed-tensors)")};
  llvm::cl::opt<std::string> format{
      "format", llvm::cl::init("auto"), llvm::cl::value_desc("name"),
      llvm::cl::cat(category),
      llvm::cl::desc(
          "Format of weights (default: auto, their own, or the first of "
          "the convention)")};
  llvm::cl::opt<WeightMethod> method{
      "method", llvm::cl::init(WeightMethod::Auto), llvm::cl::cat(category),
      llvm::cl::desc("What happens to plain weights"),
      llvm::cl::values(
          clEnumValN(WeightMethod::Auto, "auto",
                     "rtn if no weight is block-scaled, else none"),
          clEnumValN(WeightMethod::None, "none", "left alone"),
          clEnumValN(WeightMethod::Rtn, "rtn", "to nearest"),
          clEnumValN(WeightMethod::Mse, "mse",
                     "to nearest, with the scales of least error"),
          clEnumValN(WeightMethod::Gptq, "gptq",
                     "against the error of outputs"))};
  llvm::cl::opt<std::string> calibration{
      "calibration", llvm::cl::value_desc("file"), llvm::cl::cat(category),
      llvm::cl::desc("Statistics of activations, for gptq")};
  llvm::cl::opt<double> budget{
      "budget", llvm::cl::init(0), llvm::cl::value_desc("bits"),
      llvm::cl::cat(category),
      llvm::cl::desc("Bits per weight; a format for each weight, or none, so "
                     "that the error is least (default: no budget)")};
  llvm::cl::opt<std::string> rule{
      "rule", llvm::cl::value_desc("name"), llvm::cl::cat(category),
      llvm::cl::desc("Rule of scales (default: that of the method)")};
  llvm::cl::opt<std::string> only{
      "only", llvm::cl::value_desc("regex"), llvm::cl::cat(category),
      llvm::cl::desc("Quantise only weights whose names match")};
  llvm::cl::opt<std::string> skip{
      "skip", llvm::cl::value_desc("regex"),
      llvm::cl::init(ConversionOptions::kDefaultSkip), llvm::cl::cat(category),
      llvm::cl::desc(
          "Leave weights alone whose names match (default: embeddings, "
          "heads, routers, norms)")};
  llvm::cl::opt<bool> allowRounding{
      "allow-rounding", llvm::cl::cat(category),
      llvm::cl::desc("Round scales that the convention cannot hold exactly")};
  llvm::cl::opt<bool> followLinks{
      "follow-links", llvm::cl::cat(category),
      llvm::cl::desc("Read files of an index that are symbolic links")};
  llvm::cl::opt<ProgressWish> progress{
      "progress", llvm::cl::init(ProgressWish::Auto), llvm::cl::cat(category),
      llvm::cl::desc("How to tell of progress"),
      llvm::cl::values(clEnumValN(ProgressWish::Auto, "auto",
                                  "a bar on a terminal, else JSON lines"),
                       clEnumValN(ProgressWish::None, "none", "not at all"),
                       clEnumValN(ProgressWish::Bar, "bar", "a bar"),
                       clEnumValN(ProgressWish::Json, "json", "JSON lines"))};
  ThreadFlag threads{category};
};

} // namespace mlir::mx

#endif // MX_TOOLS_MX_QUANTIZE_QUANTIZEFLAGS_H
