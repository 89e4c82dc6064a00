//===- Plan.cpp - decide what becomes of a checkpoint ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Tensors are taken by name, so that the same input and wishes give the same
// plan. Whether the values of scales can be kept is not known yet; that is
// found out when they are read.
//===----------------------------------------------------------------------===//

#include "FormatBudget.h"
#include "JsonText.h"
#include "Recode.h"
#include "SafetensorsHeader.h"
#include "TensorNames.h"
#include "mx/Checkpoint/Conversion.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <map>
#include <set>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
using mxnum::BlockFormat;
using mxnum::ScaleRule;
using mxnum::ScaleType;

/// What plain weights are called.
static constexpr StringRef kWeightSuffix = ".weight";
/// Experts of gpt-oss, which are stored with rows for columns while they are
/// plain.
static constexpr StringRef kTransposed[] = {".mlp.experts.gate_up_proj",
                                            ".mlp.experts.down_proj"};
/// Layers that are joined where they stand beside each other.
static constexpr StringRef kJoined[][3] = {{"q_proj", "k_proj", "v_proj"},
                                           {"gate_proj", "up_proj", ""},
                                           {"w1", "w3", ""}};

static Error makeOptionError(const Twine &text) {
  return llvm::createStringError(text);
}

namespace {

class Planner {
public:
  Planner(const Checkpoint &checkpoint, const ConversionOptions &options,
          bool singleFile)
      : checkpoint(checkpoint), options(options), singleFile(singleFile),
        only(options.only), skip(options.skip) {}

  Expected<ConversionPlan> run();

private:
  Error checkOptions();
  Error checkBudget() const;
  Error spendBudget(const std::set<std::string, std::less<>> &parts);
  Error openCalibration();
  Error setSite(ConversionStep &step, StringRef stem) const;
  const Convention &choosePlainTarget() const;
  Expected<const Convention *> chooseTarget(const BlockFormat &source) const;
  Error planWeight(const StoredWeight &weight);
  Error planInputScale(const StoredWeight &weight, const Convention &target,
                       ConversionStep &step);
  Error planTensor(StringRef name, const CheckpointTensor &tensor);
  Error planQuantize(StringRef name, const CheckpointTensor &tensor);
  Error planCopy(StringRef name, const CheckpointTensor &tensor,
                 StringRef reason);
  bool isTransposed(StringRef name, const CheckpointTensor &tensor) const;
  std::string explainPlain(StringRef name,
                           const CheckpointTensor &tensor) const;
  void joinScales();
  Error addParts(ConversionStep &step, StringRef stem, unsigned file);
  Error addTensor(PlannedFile &file, const std::string &name, StringRef type,
                  std::vector<int64_t> shape);
  void addStep(PlannedFile &file, ConversionStep step);
  PlannedFile &getFile(unsigned source);
  void setFiles();
  Error finishFile(PlannedFile &file);
  std::string describe() const;
  ScaleRule chooseRule(const BlockFormat &format) const;

  const Checkpoint &checkpoint;
  const ConversionOptions &options;
  bool singleFile, quantizes = false;
  llvm::Regex only, skip;
  std::vector<StoredWeight> weights;
  TensorNames names = TensorNames::Keep;
  std::set<std::string> taken;
  /// What a budget chose, by the names of weights.
  std::map<std::string, FormatChoice, std::less<>> choices;
  ConversionPlan plan;
};

} // namespace

//===----------------------------------------------------------------------===//
// Wishes
//===----------------------------------------------------------------------===//

/// The formats of a convention, or the names of all conventions.
static std::string listRows(StringRef convention) {
  std::vector<StringRef> words;
  for (const Convention &row : getConventions()) {
    StringRef word = convention.empty() ? StringRef(row.name)
                                        : getStoredFormatName(row.format);
    if ((convention.empty() || row.name == convention) &&
        !llvm::is_contained(words, word))
      words.push_back(word);
  }
  return llvm::join(words, ", ");
}

Error Planner::checkOptions() {
  for (const std::string &text : {options.only, options.skip}) {
    std::string problem;
    if (!text.empty() && !llvm::Regex(text).isValid(problem))
      return makeOptionError("expected a regular expression, got " +
                             quoteText(text) + " (" + problem + ")");
  }
  if (listRows(options.convention).empty())
    return makeOptionError("expected a convention (" + listRows("") +
                           "), got " + quoteText(options.convention));
  std::optional<BlockFormat> format = lookupStoredFormat(options.format);
  if (options.format != "auto" &&
      (!format || !lookupConvention(options.convention, *format)))
    return makeOptionError(
        "expected a format of convention '" + options.convention + "' (" +
        listRows(options.convention) + "), got " + quoteText(options.format));
  return checkBudget();
}

/// A budget needs formats to choose from, in a convention that says of each
/// weight by itself which one it has.
Error Planner::checkBudget() const {
  if (options.budget == 0)
    return Error::success();
  if (!(options.budget > 0) || !std::isfinite(options.budget))
    return makeOptionError("expected a budget of a positive number of bits, "
                           "got " +
                           Twine(std::to_string(options.budget)));
  if (options.format != "auto")
    return makeOptionError("expected --format=auto with a budget, got " +
                           quoteText(options.format));
  if (options.method == WeightMethod::None)
    return makeOptionError(
        "expected a method that quantises with a budget, got 'none'");
  StringRef name = options.convention;
  if (name != "mx" && name != "gguf" && name != "torchao")
    return makeOptionError("expected a convention that may mix formats (gguf, "
                           "mx, torchao) with a budget, got " +
                           quoteText(name));
  return Error::success();
}

/// Chooses a format for each weight that is to be quantised.
Error Planner::spendBudget(const std::set<std::string, std::less<>> &parts) {
  std::vector<OpenWeight> open;
  for (auto &[name, tensor] : checkpoint.getTensors()) {
    if (parts.count(name) || !explainPlain(name, tensor).empty())
      continue;
    OpenWeight weight{name, {}, {}};
    for (const Convention &row : getConventions()) {
      ScaleRule rule = chooseRule(row.format);
      if (row.name != options.convention ||
          tensor.shape.back() % getStoredBlock(row) != 0 ||
          mxnum::explainInvalidRule(row.format, rule,
                                    mxnum::Rounding::NearestEven))
        continue;
      weight.rows.push_back(&row);
      weight.rules.push_back(rule);
    }
    open.push_back(std::move(weight));
  }
  Expected<std::vector<FormatChoice>> found =
      chooseFormats(checkpoint, open, options.budget);
  if (!found)
    return found.takeError();
  for (auto [weight, choice] : llvm::zip(open, *found))
    choices.insert({weight.name, choice});
  return Error::success();
}

/// Opens the statistics of GPTQ.
Error Planner::openCalibration() {
  bool isGptq = options.method == WeightMethod::Gptq;
  if (isGptq == options.calibration.empty())
    return makeOptionError(Twine("expected a calibration file for method "
                                 "'gptq' and for no other, got ") +
                           (isGptq ? "none" : "one"));
  if (!isGptq)
    return Error::success();
  Expected<InputFile> input = InputFile::open(options.calibration);
  if (!input)
    return input.takeError();
  plan.summary = input->getIdentity();
  Expected<CalibrationFile> file = CalibrationFile::open(options.calibration);
  if (!file)
    return file.takeError();
  plan.calibration = std::make_shared<CalibrationFile>(std::move(*file));
  return Error::success();
}

/// The row for plain numbers.
const Convention &Planner::choosePlainTarget() const {
  std::optional<BlockFormat> format = lookupStoredFormat(options.format);
  return *llvm::find_if(getConventions(), [&](const Convention &row) {
    return row.name == options.convention &&
           row.format == format.value_or(row.format);
  });
}

/// The row for a weight of a format.
Expected<const Convention *>
Planner::chooseTarget(const BlockFormat &source) const {
  if (options.format != "auto")
    return &choosePlainTarget();
  if (const Convention *same = lookupConvention(options.convention, source))
    return same;
  for (const Convention &row : getConventions())
    if (row.name == options.convention && chooseRecoding(source, row.format))
      return &row;
  return makeOptionError(
      "expected a format that " + getStoredFormatName(source) +
      " can become exactly, got those of convention '" + options.convention +
      "' (" + listRows(options.convention) + ")");
}

ScaleRule Planner::chooseRule(const BlockFormat &format) const {
  if (options.rule)
    return *options.rule;
  bool searches = options.method == WeightMethod::Mse;
  if (format.scale == ScaleType::UE4M3)
    return searches ? ScaleRule::Sweep : ScaleRule::Amax;
  if (format.tensorScale)
    return ScaleRule::Abs3;
  return searches ? ScaleRule::Mse : ScaleRule::Even;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

void Planner::setFiles() {
  plan.sharded = checkpoint.isSharded() && !singleFile &&
                 plan.format == FileFormat::Safetensors;
  if (!plan.sharded) {
    plan.files.resize(1);
    plan.files[0].name =
        plan.format == FileFormat::Gguf ? "model.gguf" : "model.safetensors";
    return;
  }
  for (const InputFile &file : checkpoint.getFiles()) {
    plan.files.emplace_back();
    plan.files.back().name = llvm::sys::path::filename(file.getPath()).str();
  }
}

PlannedFile &Planner::getFile(unsigned source) {
  return plan.files[plan.sharded ? source : 0];
}

Error Planner::addTensor(PlannedFile &file, const std::string &name,
                         StringRef type, std::vector<int64_t> shape) {
  if (!taken.insert(name).second)
    return makeOptionError("expected output tensors of different names, got " +
                           quoteText(name) + " twice");
  // ggml has no scalars.
  if (plan.format == FileFormat::Gguf && shape.empty())
    shape = {1};
  file.tensors[name] = {type.str(), std::move(shape), 0, 0};
  return Error::success();
}

void Planner::addStep(PlannedFile &file, ConversionStep step) {
  plan.totalBytes += step.bytes;
  file.steps.push_back(std::move(step));
}

/// Adds the tensors of a weight, and the step that makes them.
Error Planner::addParts(ConversionStep &step, StringRef stem, unsigned source) {
  const Convention &row = *step.target;
  PlannedFile &file = getFile(source);
  auto add = [&](const PartRule &part, std::string &name) -> Error {
    if (part.shape == PartShape::None)
      return Error::success();
    name = (stem + part.suffix).str();
    return addTensor(file, name, part.type,
                     getPartShape(row.format, part.shape, step.shape));
  };
  if (Error error = add(row.payload, step.payload))
    return error;
  if (Error error = add(row.scales, step.scales))
    return error;
  if (Error error = add(row.tensorScale, step.tensorScale))
    return error;
  if (row.name == "torchao")
    file.metadata[(stem + kWeightSuffix).str()] =
        describeForTorchao(row.format, !step.inputScale.empty());
  addStep(file, std::move(step));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The scale of a weight's activations follows it, if the target has a place.
Error Planner::planInputScale(const StoredWeight &weight,
                              const Convention &target, ConversionStep &step) {
  if (weight.inputScaleName.empty())
    return Error::success();
  const CheckpointTensor &tensor = *checkpoint.lookup(weight.inputScaleName);
  if (target.inputScale.empty()) {
    ConversionStep drop{StepKind::Drop, weight.inputScaleName};
    drop.reason = ("convention '" + target.name +
                   "' has no scale of "
                   "activations for " +
                   getStoredFormatName(target.format))
                      .str();
    addStep(getFile(tensor.file), std::move(drop));
    return Error::success();
  }
  step.inputScale = renameTensor(names, weight.stem) + target.inputScale.str();
  return addTensor(getFile(checkpoint.lookup(weight.payload)->file),
                   step.inputScale, "F32", tensor.shape);
}

Error Planner::planWeight(const StoredWeight &weight) {
  Expected<const Convention *> target = chooseTarget(weight.convention->format);
  if (!target)
    return target.takeError();
  const BlockFormat &from = weight.convention->format;
  std::optional<Recoding> recoding = chooseRecoding(from, (*target)->format);
  if (!recoding)
    return checkpoint.makeError(
        weight.payload, "expected a format that " + getStoredFormatName(from) +
                            " can become exactly, got " +
                            quoteText(getStoredFormatName((*target)->format)));
  if (weight.getColumns() % getStoredBlock(**target) != 0)
    return checkpoint.makeError(weight.payload,
                                "expected rows of whole blocks of " +
                                    Twine(getStoredBlock(**target)) + ", got " +
                                    Twine(weight.getColumns()) + " columns");
  const CheckpointTensor &payload = *checkpoint.lookup(weight.payload);
  ConversionStep step{StepKind::Convert, weight.payload};
  step.weight = weight;
  step.target = *target;
  step.shape = weight.shape;
  step.bytes =
      payload.bytes +
      (weight.scales.empty() ? 0 : checkpoint.lookup(weight.scales)->bytes);
  if (Error error = planInputScale(weight, **target, step))
    return error;
  return addParts(step, renameTensor(names, weight.stem), payload.file);
}

static bool hasNumbers(const CheckpointTensor &tensor) {
  return tensor.type == "F32" || tensor.type == "F16" || tensor.type == "BF16";
}

/// Whether a tensor is a weight [..., K, N] of gpt-oss.
bool Planner::isTransposed(StringRef name,
                           const CheckpointTensor &tensor) const {
  return StringRef(options.convention).starts_with("gpt-oss") &&
         tensor.shape.size() == 3 && hasNumbers(tensor) &&
         llvm::any_of(kTransposed,
                      [&](StringRef end) { return name.ends_with(end); });
}

/// Why a tensor stays plain; empty if it is to be quantised.
std::string Planner::explainPlain(StringRef name,
                                  const CheckpointTensor &tensor) const {
  bool isTurned = isTransposed(name, tensor);
  if (!isTurned && (!name.ends_with(kWeightSuffix) || tensor.shape.size() < 2 ||
                    !hasNumbers(tensor)))
    return "not a weight";
  if (!quantizes)
    return "plain weights are left alone";
  if (!options.only.empty() && !only.match(name))
    return "not in --only";
  if (!options.skip.empty() && skip.match(name))
    return "in --skip";
  int64_t block = getStoredBlock(choosePlainTarget());
  if (tensor.shape[tensor.shape.size() - (isTurned ? 2 : 1)] % block != 0 ||
      tensor.bytes == 0)
    return "rows are no whole number of blocks of " + std::to_string(block);
  return "";
}

/// Lets a step use the statistics of a site.
Error Planner::setSite(ConversionStep &step, StringRef stem) const {
  if (!plan.calibration)
    return Error::success();
  if (step.shape.size() != 2 || !plan.calibration->contains(stem))
    return checkpoint.makeError(
        step.source, "expected a matrix with statistics of site " +
                         quoteText(stem) + " in " +
                         quoteText(options.calibration) + ", got " +
                         (step.shape.size() != 2 ? "another shape" : "none"));
  step.site = stem.str();
  return Error::success();
}

Error Planner::planQuantize(StringRef name, const CheckpointTensor &tensor) {
  ConversionStep step{StepKind::Quantize, name.str()};
  step.target = &choosePlainTarget();
  if (auto choice = choices.find(name); choice != choices.end()) {
    step.target = choice->second.row;
    step.error = choice->second.error;
  }
  step.shape = tensor.shape;
  step.isTransposed = isTransposed(name, tensor);
  if (step.isTransposed)
    std::swap(step.shape.back(), step.shape[step.shape.size() - 2]);
  step.bytes = tensor.bytes;
  step.rule = chooseRule(step.target->format);
  if (const char *expected = mxnum::explainInvalidRule(
          step.target->format, step.rule, mxnum::Rounding::NearestEven))
    return makeOptionError(Twine("expected ") + expected + ", got '" +
                           mxnum::getScaleRuleName(step.rule) + "'");
  StringRef stem = name;
  stem.consume_back(kWeightSuffix);
  if (Error error = setSite(step, stem))
    return error;
  return addParts(step, renameTensor(names, stem), tensor.file);
}

Error Planner::planCopy(StringRef name, const CheckpointTensor &tensor,
                        StringRef reason) {
  bool isGguf = plan.format == FileFormat::Gguf;
  std::vector<int64_t> shape = tensor.shape;
  if (isGguf && shape.empty())
    shape = {1};
  std::optional<uint64_t> bytes = isGguf ? countGgufBytes(tensor.type, shape)
                                         : countStoredBytes(tensor.type, shape);
  if (bytes != tensor.bytes)
    return checkpoint.makeError(
        name, Twine("expected a type that ") +
                  (isGguf ? "GGUF" : "safetensors") + " has, got " +
                  quoteText(formatStored(tensor.type, tensor.shape)));
  ConversionStep step{StepKind::Copy, name.str()};
  step.reason = reason.str();
  step.payload = renameTensor(names, name);
  step.bytes = tensor.bytes;
  PlannedFile &file = getFile(tensor.file);
  if (options.convention == "torchao")
    file.metadata[step.payload] = describePlainForTorchao();
  StringRef stem = StringRef(step.payload);
  if (stem.consume_back(kWeightSuffix) && shape.size() == 2)
    plan.plainLayers.push_back(stem.str());
  if (Error error = addTensor(file, step.payload, tensor.type, tensor.shape))
    return error;
  addStep(file, std::move(step));
  return Error::success();
}

Error Planner::planTensor(StringRef name, const CheckpointTensor &tensor) {
  std::string reason = explainPlain(name, tensor);
  auto choice = choices.find(name);
  if (choice != choices.end() && !choice->second.row)
    reason = "the budget allows it";
  return reason.empty() ? planQuantize(name, tensor)
                        : planCopy(name, tensor, reason);
}

/// Gives layers that will be joined one tensor scale.
void Planner::joinScales() {
  std::map<std::pair<std::string, unsigned>, std::vector<ConversionStep *>>
      groups;
  for (PlannedFile &file : plan.files)
    for (ConversionStep &step : file.steps) {
      if (step.kind != StepKind::Quantize || !step.target->joinsLayers)
        continue;
      auto [before, last] =
          StringRef(step.source).drop_back(kWeightSuffix.size()).rsplit('.');
      for (auto [number, names] : llvm::enumerate(kJoined))
        if (!last.empty() && llvm::is_contained(names, last))
          groups[{before.str(), number}].push_back(&step);
    }
  for (auto &[key, steps] : groups) {
    if (steps.size() < 2)
      continue;
    std::vector<std::string> sources;
    for (const ConversionStep *step : steps)
      sources.push_back(step->source);
    llvm::sort(sources);
    for (ConversionStep *step : steps)
      step->joined = sources;
  }
}

//===----------------------------------------------------------------------===//
// All of it
//===----------------------------------------------------------------------===//

Error Planner::finishFile(PlannedFile &file) {
  if (plan.format == FileFormat::Gguf) {
    GgufTable table;
    if (checkpoint.getFormat() == FileFormat::Gguf)
      table = checkpoint.getGgufValues();
    else
      setGgufValues(table);
    table.tensors = file.tensors;
    Expected<std::string> header = printGgufHeader(file.name, table);
    if (!header)
      return header.takeError();
    file.header = std::move(*header);
    file.tensors = std::move(table.tensors);
  } else {
    std::vector<PlannedTensor> tensors;
    for (auto &[name, place] : file.tensors)
      tensors.push_back({name, place.type, place.shape});
    if (Error error = placeTensors(file.name, tensors))
      return error;
    Expected<std::string> header =
        printSafetensorsHeader(file.name, tensors, file.metadata);
    if (!header)
      return header.takeError();
    file.header = std::move(*header);
    for (const PlannedTensor &tensor : tensors) {
      TensorPlace &place = file.tensors[tensor.name.str()];
      place.begin = file.header.size() + tensor.begin;
      place.bytes = tensor.bytes;
    }
  }
  file.size = file.header.size();
  for (auto &[name, place] : file.tensors)
    file.size = std::max(file.size, place.begin + place.bytes);
  return Error::success();
}

/// Everything that decides the bytes beside the input and the headers.
std::string Planner::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const PlannedFile &file : plan.files)
    for (const ConversionStep &step : file.steps)
      os << static_cast<int>(step.kind) << ' ' << step.source << ' '
         << mxnum::getScaleRuleName(step.rule) << ' ' << step.site << ' '
         << llvm::join(step.joined, " ") << ' ' << step.isTransposed << '\n';
  os << plan.allowRounding << '\n';
  return text;
}

Expected<ConversionPlan> Planner::run() {
  if (Error error = checkOptions())
    return error;
  if (Error error = openCalibration())
    return error;
  Expected<std::vector<StoredWeight>> found = findWeights(checkpoint);
  if (!found)
    return found.takeError();
  weights = std::move(*found);
  quantizes = options.method == WeightMethod::Auto
                  ? weights.empty()
                  : options.method != WeightMethod::None;
  const Convention *any =
      llvm::find_if(getConventions(), [&](const Convention &row) {
        return row.name == options.convention;
      });
  plan.format = any->file;
  plan.allowRounding = options.allowRounding;
  names = chooseTensorNames(weights, options.convention);
  setFiles();
  std::set<std::string, std::less<>> parts;
  for (const StoredWeight &weight : weights) {
    if (Error error = planWeight(weight))
      return error;
    for (const std::string &part :
         {weight.payload, weight.scales, weight.tensorScaleName,
          weight.inputScaleName})
      parts.insert(part);
  }
  if (options.budget != 0)
    if (Error error = spendBudget(parts))
      return error;
  for (auto &[name, tensor] : checkpoint.getTensors())
    if (!parts.count(name))
      if (Error error = planTensor(name, tensor))
        return error;
  joinScales();
  for (PlannedFile &file : plan.files) {
    addMetadata(checkpoint, options.convention, file);
    if (Error error = finishFile(file))
      return error;
    for (const ConversionStep &step : file.steps)
      if (step.target)
        plan.config = step.target->config.str();
  }
  plan.summary += describe();
  return std::move(plan);
}

Expected<ConversionPlan>
mlir::mx::planConversion(const Checkpoint &checkpoint,
                         const ConversionOptions &options, bool singleFile) {
  return Planner(checkpoint, options, singleFile).run();
}
