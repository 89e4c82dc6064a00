//===- Conversion.h - quantise and convert checkpoints ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Everything about the output is decided from headers before a byte of data is
// read: a plan lists, for each file, the tensors and where they lie, and the
// steps that make them. So files are written in place, a step at a time, in
// bounded memory, and an interrupted run can go on.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_CONVERSION_H
#define MX_CHECKPOINT_CONVERSION_H

#include "mx/Checkpoint/CalibrationFile.h"
#include "mx/Checkpoint/StoredWeight.h"
#include "mx/Numerics/ScaleRule.h"
#include "mx/Quantization/Parallel.h"

namespace mlir::mx {

/// What happens to weights that are plain numbers.
enum class WeightMethod {
  /// Quantised to nearest if no weight of the checkpoint is block-scaled, else
  /// left alone.
  Auto,
  /// Left alone.
  None,
  /// Each number to nearest.
  Rtn,
  /// The same with the rule of scales that searches for the least error.
  Mse,
  /// Against the error of the output on calibration data
  /// (mx/Quantization/Gptq.h).
  Gptq,
};

struct ConversionOptions {
  /// The name of a convention.
  std::string convention = "compressed-tensors";
  /// The name of a format; "auto" keeps that of a weight if the convention has
  /// it, and is the first that it has otherwise.
  std::string format = "auto";
  WeightMethod method = WeightMethod::Auto;
  /// Instead of the rule of the method.
  std::optional<mxnum::ScaleRule> rule;
  /// Regular expressions: of plain weights, those whose names match `only` and
  /// do not match `skip` are quantised.
  std::string only, skip = kDefaultSkip;
  /// The calibration file for Gptq; a weight's site is its name without
  /// `.weight`.
  std::string calibration;
  /// Bits per weight over all plain weights that are quantised, for which a
  /// format is chosen each, or none; 0 for no budget.
  double budget = 0;
  /// Round a scale whose exact value the convention cannot hold.
  bool allowRounding = false;

  /// Embeddings, heads, routers and norms.
  static constexpr const char *kDefaultSkip =
      "embed|embd|lm_head|router|norm|"
      "(^|[.])(gate|wte|wpe|output|score|classifier)[.]weight$";
};

enum class StepKind { Copy, Convert, Quantize, Drop };

/// What becomes of one tensor or weight of the input.
struct ConversionStep {
  StepKind kind;
  /// The tensor that is read, or the payload of the weight.
  std::string source;
  /// Why it is copied or dropped; empty for what is no weight.
  std::string reason = {};
  /// The weight, if the source is block-scaled.
  std::optional<StoredWeight> weight = {};
  /// What it becomes, and its shape.
  const Convention *target = nullptr;
  std::vector<int64_t> shape = {};
  mxnum::ScaleRule rule = mxnum::ScaleRule::Even;
  /// The site whose statistics are used; empty unless the method is Gptq.
  std::string site = {};
  /// Plain weights that have one tensor scale with this one, itself among them;
  /// empty if it has its own.
  std::vector<std::string> joined = {};
  /// The source is [..., K, N], as the experts of gpt-oss are when they are
  /// plain.
  bool isTransposed = false;
  /// What a budget went by: the relative squared error of a sample.
  std::optional<double> error = {};
  /// The tensors that it makes; empty where there is none.
  std::string payload = {}, scales = {}, tensorScale = {}, inputScale = {};
  /// Bytes that are read.
  uint64_t bytes = 0;
};

struct PlannedFile {
  /// Its name in the output's folder.
  std::string name;
  std::vector<ConversionStep> steps;
  std::map<std::string, TensorPlace> tensors;
  std::map<std::string, std::string> metadata;
  /// Everything before the data.
  std::string header;
  uint64_t size = 0;
};

struct ConversionPlan {
  std::vector<PlannedFile> files;
  FileFormat format = FileFormat::Safetensors;
  /// Whether an index goes with the files.
  bool sharded = false;
  bool allowRounding = false;
  /// Statistics of activations, if a step wants them.
  std::shared_ptr<const CalibrationFile> calibration;
  /// The `quantization_config` of config.json, empty for none; nothing if no
  /// weight changes, so that the file stays as it is.
  std::optional<std::string> config;
  /// Plain linear layers, which config.json lists.
  std::vector<std::string> plainLayers;
  /// Says what decides the bytes, beside the input.
  std::string summary;
  uint64_t totalBytes = 0;
  /// Bytes of input after which the work so far is made to last.
  uint64_t recordBytes = uint64_t(512) << 20;
};

/// Decides what becomes of each tensor. `singleFile` asks for one file whatever
/// the input has. Impossible wishes are errors.
llvm::Expected<ConversionPlan> planConversion(const Checkpoint &checkpoint,
                                              const ConversionOptions &options,
                                              bool singleFile);

/// Hears of steps that are done, in order, and of what was special about them.
using StepListener = std::function<void(
    const PlannedFile &, const ConversionStep &, llvm::StringRef note)>;

/// Carries out a plan. `output` is a file, or a folder if `isFolder`; it must
/// not exist, and appears when everything is written. What is written until
/// then is in `output`.partial. An error about the input takes that away;
/// after any other end the same call goes on where it was. The steps that an
/// earlier run has done are told to the listener too.
llvm::Error runConversion(const Checkpoint &checkpoint,
                          const ConversionPlan &plan, llvm::StringRef output,
                          bool isFolder, const mxquant::ParallelFor &parallel,
                          const StepListener &listener);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_CONVERSION_H
