//===- FormatCandidates.cpp - what a side may become ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The table below is that of the pass's description.
//===----------------------------------------------------------------------===//

#include "Format/FormatCandidates.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Numerics/Hadamard.h"
#include "llvm/Support/Path.h"
#include <array>
#include <charconv>
#include <cmath>

using namespace mlir;
using namespace mlir::mx;
using mxnum::BlockFormat;
using mxnum::ElementType;

EncodingAttr mlir::mx::toAttribute(MLIRContext *context,
                                   const SideCandidate &candidate) {
  if (!candidate)
    return {};
  return EncodingAttr::get(
      context, FormatAttr::get(context, candidate->format),
      ScaleRuleAttr::get(context, static_cast<mx::ScaleRule>(candidate->rule)));
}

SideCandidate mlir::mx::fromAttribute(EncodingAttr attribute) {
  if (!attribute)
    return std::nullopt;
  return Encoding{attribute.getFormat().getBlockFormat(),
                  toNumerics(attribute.getScaleRule().getValue())};
}

std::string mlir::mx::formatNumber(double value) {
  char text[64];
  constexpr int digits = 4;
  auto [end, error] = std::to_chars(text, text + sizeof(text), value,
                                    std::chars_format::general, digits);
  return std::string(text, end);
}

//===----------------------------------------------------------------------===//
// Presets
//===----------------------------------------------------------------------===//

namespace {

struct Preset {
  const char *name;
  Objective objective;
  /// Formats of weights without a budget, and of activations if they are
  /// `auto`.
  std::array<const char *, 2> weights;
  std::array<const char *, 2> activations;
  /// What `rotation = auto` means, and what a rotation must gain.
  RotationMode rotation;
  double rotationGain;
};

} // namespace

/// Less than this is noise of the sample.
static constexpr double noticeableGain = 0.01;
/// A rotation that is done at run time must pay for itself.
static constexpr double largeGain = 0.25;

static constexpr Preset presets[] = {
    {"ocp", Objective::Ocp, {"mxfp4"}, {"mxfp8_e4m3"}, RotationMode::Off, 0},
    {"nvidia",
     Objective::Nvidia,
     {"nvfp4"},
     {"nvfp4"},
     RotationMode::Measured,
     noticeableGain},
    {"accuracy",
     Objective::Accuracy,
     {"mxfp4", "nvfp4"},
     {"mxfp6_e2m3", "mxfp8_e4m3"},
     RotationMode::Measured,
     noticeableGain},
    {"speed",
     Objective::Speed,
     {"mxfp4"},
     {"mxfp4"},
     RotationMode::Measured,
     largeGain}};

/// The names of a list that ends early with null.
static std::vector<StringRef> toNames(ArrayRef<const char *> list) {
  std::vector<StringRef> names;
  for (const char *name : list)
    if (name)
      names.push_back(name);
  return names;
}

static bool hasE8M0(const BlockFormat &format) {
  return format.scale == mxnum::ScaleType::E8M0;
}

/// The rule that costs one pass over the data and is best for the element type:
/// `even`, but where its threshold is not the midpoint above the largest
/// element, or where it gains nothing, `rceil`.
static mxnum::ScaleRule getQuickRule(const BlockFormat &format) {
  if (!hasE8M0(format))
    return mxnum::ScaleRule::Amax;
  bool even = format.element == ElementType::E2M1 ||
              format.element == ElementType::E2M3;
  return even ? mxnum::ScaleRule::Even : mxnum::ScaleRule::RCeil;
}

/// The rule of weights. `search` asks for the least squared error.
static mxnum::ScaleRule getWeightRule(Objective objective,
                                      const BlockFormat &format, bool search) {
  if (search || objective == Objective::Accuracy) {
    if (!hasE8M0(format))
      return mxnum::ScaleRule::Sweep;
    mxnum::ScaleRule quick = getQuickRule(format);
    return quick == mxnum::ScaleRule::Even ? mxnum::ScaleRule::Mse : quick;
  }
  if (!hasE8M0(format))
    return mxnum::ScaleRule::Amax;
  if (objective == Objective::Ocp)
    return mxnum::ScaleRule::Floor;
  return objective == Objective::Nvidia ? mxnum::ScaleRule::RCeil
                                        : getQuickRule(format);
}

static mxnum::ScaleRule getActivationRule(Objective objective,
                                          const BlockFormat &format) {
  if (objective == Objective::Ocp && hasE8M0(format))
    return mxnum::ScaleRule::Floor;
  if (objective == Objective::Nvidia && hasE8M0(format))
    return mxnum::ScaleRule::RCeil;
  return getQuickRule(format);
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static std::optional<BlockFormat> lookup(StringRef name) {
  return mxnum::lookupFormat(std::string_view(name.data(), name.size()));
}

/// "mxfp4, nvfp4, …, " for messages.
static std::string listFormats() {
  std::string list;
  for (const mxnum::NamedFormat &named : mxnum::kNamedFormats)
    list += std::string(named.name) + ", ";
  return list;
}

/// The formats that weights may take, by the order of N1.5; `keep` comes last.
static FailureOr<std::vector<StringRef>>
parseFormats(const ChooseFormatsPassOptions &options, const Preset &preset,
             Location loc) {
  std::vector<StringRef> asked(options.formats.begin(), options.formats.end());
  for (StringRef name : asked)
    if (name != "keep" && !lookup(name))
      return emitError(loc) << "expected formats of " << listFormats()
                            << "or keep, got '" << name << "'";
  bool hasBudget = options.bits != 0 || options.error != 0;
  bool all = asked.empty() && hasBudget;
  if (asked.empty() && !hasBudget)
    asked = toNames(preset.weights);
  std::vector<StringRef> names;
  for (const mxnum::NamedFormat &named : mxnum::kNamedFormats) {
    // OCP knows E8M0 scales only.
    bool ofPreset = preset.objective != Objective::Ocp || hasE8M0(named.format);
    if ((all && ofPreset) || llvm::is_contained(asked, named.name))
      names.push_back(named.name);
  }
  // Without a budget, what is kept has no error and would always be best.
  bool keep = all || llvm::is_contained(asked, StringRef("keep"));
  if (keep && (hasBudget || names.empty()))
    names.push_back("keep");
  return names;
}

static LogicalResult parseActivations(const ChooseFormatsPassOptions &options,
                                      const Preset &preset,
                                      ChoiceOptions &parsed, Location loc) {
  StringRef asked = options.activations;
  std::vector<StringRef> names = {asked};
  if (asked == "auto")
    names = toNames(preset.activations);
  for (StringRef name : names) {
    std::optional<BlockFormat> format = lookup(name);
    if (!format && name != "keep")
      return emitError(loc) << "expected activations to be " << listFormats()
                            << "auto or keep, got '" << name << "'";
    parsed.activations.push_back(
        format ? SideCandidate(Encoding{
                     *format, getActivationRule(preset.objective, *format)})
               : std::nullopt);
  }
  return success();
}

static LogicalResult parseRotation(StringRef asked, bool isMrGptq,
                                   const Preset &preset, ChoiceOptions &parsed,
                                   Location loc) {
  parsed.rotationGain = preset.rotationGain;
  int64_t size;
  if (asked == "off") {
    if (isMrGptq)
      return emitError(loc) << "expected rotation to be auto or a size with "
                               "method = mr-gptq, got 'off'";
    parsed.rotation = RotationMode::Off;
  } else if (asked == "auto") {
    parsed.rotation = isMrGptq ? RotationMode::Forced : preset.rotation;
  } else if (!asked.getAsInteger(10, size) && mxnum::isHadamardSize(size)) {
    parsed.rotation = RotationMode::Forced;
    parsed.rotationSize = size;
  } else {
    return emitError(loc) << "expected rotation to be auto, off or a power of "
                             "two from 2 to 256, got '"
                          << asked << "'";
  }
  return success();
}

static LogicalResult parseBudgets(const ChooseFormatsPassOptions &options,
                                  ChoiceOptions &parsed, Location loc) {
  for (auto [name, value] :
       {std::pair("bits", options.bits), std::pair("error", options.error)})
    if (!std::isfinite(value) || value < 0)
      return emitError(loc)
             << "expected " << name << " to be a number of at least 0, got "
             << formatNumber(value);
  if (options.bits != 0 && options.error != 0)
    return emitError(loc) << "expected one budget, got both bits and error";
  if (options.bits != 0)
    parsed.bitBudget = options.bits;
  if (options.error != 0)
    parsed.errorBudget = options.error;
  if (options.samples < 1)
    return emitError(loc) << "expected samples to be at least 1, got "
                          << options.samples;
  return success();
}

static LogicalResult checkReport(StringRef path, Location loc) {
  StringRef extension = llvm::sys::path::extension(path);
  if (path.empty() || extension == ".json" || extension == ".html")
    return success();
  return emitError(loc) << "expected a report that ends in .json or .html, "
                           "got '"
                        << path << "'";
}

FailureOr<ChoiceOptions>
mlir::mx::parseChoiceOptions(const ChooseFormatsPassOptions &options,
                             Location loc) {
  const Preset *preset = llvm::find_if(presets, [&](const Preset &known) {
    return options.objective == known.name;
  });
  if (preset == std::end(presets))
    return emitError(loc) << "expected objective to be ocp, nvidia, accuracy "
                             "or speed, got '"
                          << options.objective << "'";
  bool isMrGptq = options.method == "mr-gptq";
  if (!isMrGptq && options.method != "rtn" && options.method != "gptq")
    return emitError(loc) << "expected method to be rtn, gptq or mr-gptq, got '"
                          << options.method << "'";
  ChoiceOptions parsed;
  parsed.objective = preset->objective;
  parsed.method = options.method == "rtn" ? Method::Rtn : Method::Gptq;
  parsed.samples = options.samples;
  FailureOr<std::vector<StringRef>> names = parseFormats(options, *preset, loc);
  if (failed(names) || failed(parseBudgets(options, parsed, loc)) ||
      failed(parseActivations(options, *preset, parsed, loc)) ||
      failed(parseRotation(options.rotation, isMrGptq, *preset, parsed, loc)) ||
      failed(checkReport(options.report, loc)))
    return failure();
  for (StringRef name : *names) {
    std::optional<BlockFormat> format = lookup(name);
    parsed.weights.push_back(
        format
            ? SideCandidate(Encoding{
                  *format, getWeightRule(preset->objective, *format, isMrGptq)})
            : std::nullopt);
  }
  return parsed;
}

//===----------------------------------------------------------------------===//
// Rotations and targets
//===----------------------------------------------------------------------===//

/// Larger groups spread outliers further, which suits NVFP4's small blocks.
static constexpr int64_t largestAutoRotation = 128;
static constexpr int64_t largestBlockRotation = 32;

/// The sizes that suit a format: its block, so that an outlier stays in it, and
/// for blocks below 32 the largest that divides, which is less harmful there.
static void addSizes(const SideCandidate &candidate, int64_t columns,
                     std::vector<int64_t> &sizes) {
  if (!candidate)
    return;
  int64_t block = std::min(candidate->format.block, largestBlockRotation);
  sizes.push_back(block);
  if (block == largestBlockRotation)
    return;
  int64_t size = largestAutoRotation;
  while (size > block && columns % size != 0)
    size /= 2;
  sizes.push_back(size);
}

std::vector<int64_t> mlir::mx::getRotationSizes(const ChoiceOptions &options,
                                                int64_t columns,
                                                std::string &obstacle) {
  if (options.rotation == RotationMode::Off)
    return {0};
  if (ShapedType::isDynamic(columns)) {
    obstacle = "the contracted size is not known";
    return {0};
  }
  std::vector<int64_t> sizes;
  if (options.rotationSize)
    sizes = {*options.rotationSize};
  else
    for (const auto &side : {options.weights, options.activations})
      for (const SideCandidate &candidate : side)
        addSizes(candidate, columns, sizes);
  llvm::sort(sizes);
  sizes.erase(llvm::unique(sizes), sizes.end());
  std::vector<int64_t> rotations;
  for (int64_t size : sizes)
    if (columns % size == 0)
      rotations.push_back(size);
  if (rotations.empty() && !sizes.empty())
    obstacle = std::to_string(sizes.front()) + " does not divide " +
               std::to_string(columns);
  if (rotations.empty() || options.rotation == RotationMode::Measured)
    rotations.insert(rotations.begin(), 0);
  return rotations;
}

std::optional<std::string> mlir::mx::explainIllegal(Operation *op,
                                                    TargetAttr target) {
  StringRef name = op->getName().getStringRef();
  if (selectKernel({name.data(), name.size()}, getMachine(target)).row)
    return std::nullopt;
  return ("no kernel of " + name + " fits the target").str();
}
