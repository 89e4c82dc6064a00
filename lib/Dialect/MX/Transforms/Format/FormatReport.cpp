//===- FormatReport.cpp - what was chosen, to be read ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Format/FormatReport.h"
#include "mx/Checkpoint/WholeFile.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <charconv>

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

std::string mlir::mx::formatExactly(double value) {
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end);
}

/// An attribute without what stands around its parameters.
static std::string spellParameters(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream os(text);
  attribute.print(os);
  // #mx.plan<…>
  StringRef body = StringRef(text).split('<').second;
  return body.drop_back().str();
}

std::string mlir::mx::spellPlan(PlanAttr plan) { return spellParameters(plan); }

static std::string spell(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// Bits per value of the constants of a site.
static double getBits(const ChoiceGroup &group, const Site &site,
                      const GroupChoice &choice) {
  double bytes = 0.0;
  for (SideIndex side : site.getSides())
    if (side.isWeight)
      bytes += group.weights[side.index].getBytes(choice.weights[side.index]);
  int64_t count = group.getCount(site);
  return count == 0 ? 0.0 : 8.0 * bytes / count;
}

/// The constant that the candidates of a site are about; nothing if there is
/// none.
static std::optional<size_t> getMainWeight(const Site &site) {
  for (SideIndex side : {site.rhs, site.lhs})
    if (side.isWeight)
      return side.index;
  return std::nullopt;
}

/// Adds the candidates of one rotation and one encoding of activations.
static void addCandidates(const ChoiceGroup &group, const Site &site,
                          const GroupChoice &chosen, GroupChoice tried,
                          Method method, std::vector<CandidateRow> &rows) {
  std::optional<size_t> weight = getMainWeight(site);
  size_t count = weight ? group.weights[*weight].candidates.size() : 1;
  bool isFirst = tried.rotation == 0 && tried.activation == 0;
  for (size_t candidate = 0; candidate != count; ++candidate) {
    if (weight)
      tried.weights[*weight] = candidate;
    bool isKept = !group.isEncoded(site, tried);
    // What is kept is so in one way only.
    if (isKept && !isFirst)
      continue;
    bool isChosen = isKept
                        ? !group.isEncoded(site, chosen)
                        : tried.rotation == chosen.rotation &&
                              tried.activation == chosen.activation &&
                              (!weight || candidate == chosen.weights[*weight]);
    rows.push_back({spellPlan(group.getPlan(site, tried, method)),
                    group.getError(site, tried), getBits(group, site, tried),
                    isChosen});
  }
}

/// What the constant sides of a site become; two that differ are both named.
static std::string spellFormats(const ChoiceGroup &group, const Site &site,
                                const GroupChoice &choice) {
  std::string text;
  for (SideIndex side : site.getSides()) {
    if (!side.isWeight)
      continue;
    const WeightSide &weight = group.weights[side.index];
    EncodingAttr encoding = toAttribute(
        site.op->getContext(), weight.candidates[choice.weights[side.index]]);
    std::string format = encoding ? spellParameters(encoding) : "keep";
    if (text != format)
      text += (text.empty() ? "" : " · ") + format;
  }
  return text;
}

static SiteRow createRow(const ChoiceGroup &group, const Site &site,
                         const GroupChoice &choice,
                         const ChoiceOptions &options) {
  SiteRow row;
  row.name = site.name;
  row.function = site.function;
  row.lhsType = spell(site.op->getOperand(0).getType());
  row.rhsType = spell(site.op->getOperand(1).getType());
  row.plan = spellPlan(group.getPlan(site, choice, options.method));
  row.formats = spellFormats(group, site, choice);
  row.reason = explainChoice(group, site, choice, options);
  row.weights = group.getCount(site);
  row.error = group.getError(site, choice);
  row.bits = getBits(group, site, choice);
  for (SideIndex side : site.getSides()) {
    if (!side.isWeight) {
      if (group.isEncoded(site, choice))
        row.basis = group.activations[side.index].basis;
      continue;
    }
    const WeightSide &weight = group.weights[side.index];
    row.bytesBefore += weight.getCount() * weight.elementBits / 8;
    row.bytesAfter += weight.getBytes(choice.weights[side.index]);
  }
  size_t activations =
      group.activations.empty() ? 1 : group.activations[0].candidates.size();
  GroupChoice tried = choice;
  for (tried.rotation = 0; tried.rotation != group.rotations.size();
       ++tried.rotation)
    for (tried.activation = 0; tried.activation != activations;
         ++tried.activation)
      addCandidates(group, site, choice, tried, options.method, row.candidates);
  return row;
}

/// Counts each constant of a group with the first site that uses it.
static bool claimWeights(const Site &site, std::vector<bool> &claimed) {
  bool isCounted = true;
  for (SideIndex side : site.getSides())
    if (side.isWeight) {
      isCounted &= !claimed[side.index];
      claimed[side.index] = true;
    }
  return isCounted;
}

static std::vector<std::pair<std::string, std::string>>
spellOptions(const ChooseFormatsPassOptions &options) {
  return {{"objective", options.objective},
          {"bits", formatExactly(options.bits)},
          {"error", formatExactly(options.error)},
          {"activations", options.activations},
          {"formats", llvm::join(options.formats, ",")},
          {"rotation", options.rotation},
          {"method", options.method},
          {"calibration", options.calibration},
          {"samples", std::to_string(options.samples)}};
}

FormatReport mlir::mx::createReport(ArrayRef<ChoiceGroup> groups,
                                    ArrayRef<GroupChoice> choices,
                                    const ChoiceOptions &choiceOptions,
                                    const ChooseFormatsPassOptions &options) {
  FormatReport report;
  report.options = spellOptions(options);
  report.totals = getTotals(groups, choices);
  for (size_t index = 0; index != groups.size(); ++index) {
    std::vector<bool> claimed(groups[index].weights.size());
    for (const Site &site : groups[index].sites) {
      SiteRow &row = report.sites.emplace_back(
          createRow(groups[index], site, choices[index], choiceOptions));
      row.group = index;
      row.isCounted = claimWeights(site, claimed);
    }
  }
  return report;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static void addNumber(llvm::json::OStream &json, StringRef key, double value) {
  json.attributeBegin(key);
  json.rawValue(formatExactly(value));
  json.attributeEnd();
}

static void addText(llvm::json::OStream &json, StringRef key, StringRef text) {
  // Names come from locations, which may hold any bytes.
  json.attribute(key, llvm::json::isUTF8(text) ? text.str()
                                               : llvm::json::fixUTF8(text));
}

static void addError(llvm::json::OStream &json, const SiteError &error) {
  addNumber(json, "relative_error", error.getTotal());
  addNumber(json, "error_of_weights", error.weights);
  addNumber(json, "error_of_activations", error.activations);
}

static void writeRow(llvm::json::OStream &json, const SiteRow &row) {
  addText(json, "name", row.name);
  addText(json, "function", row.function);
  addText(json, "lhs", row.lhsType);
  addText(json, "rhs", row.rhsType);
  json.attribute("group", row.group);
  json.attribute("weights", row.weights);
  json.attribute("bytes_before", row.bytesBefore);
  json.attribute("bytes_after", row.bytesAfter);
  json.attribute("counted", row.isCounted);
  addText(json, "plan", row.plan);
  addText(json, "reason", row.reason);
  addError(json, row.error);
  addText(json, "activations_measured_on", row.basis);
  addNumber(json, "bits_per_weight", row.bits);
  json.attributeArray("candidates", [&] {
    for (const CandidateRow &candidate : row.candidates)
      json.object([&] {
        addText(json, "plan", candidate.plan);
        addError(json, candidate.error);
        addNumber(json, "bits_per_weight", candidate.bits);
        json.attribute("chosen", candidate.isChosen);
      });
  });
}

void mlir::mx::writeJson(const FormatReport &report, llvm::raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("format", "mx-choose-formats");
    json.attribute("version", 1);
    json.attribute("tool", "mx " MX_VERSION);
    json.attributeObject("options", [&] {
      for (const auto &[name, value] : report.options)
        addText(json, name, value);
    });
    json.attributeObject("totals", [&] {
      json.attribute("sites", report.sites.size());
      json.attribute("weights", report.totals.weights);
      json.attribute("bytes_before", report.totals.bytesBefore);
      json.attribute("bytes_after", report.totals.bytesAfter);
      addNumber(json, "bits_per_weight", report.totals.getBitsPerWeight());
      addNumber(json, "relative_error", report.totals.error);
    });
    json.attributeArray("sites", [&] {
      for (const SiteRow &row : report.sites)
        json.object([&] { writeRow(json, row); });
    });
  });
  os << '\n';
}

llvm::Error mlir::mx::writeReport(const FormatReport &report, StringRef path) {
  bool isHtml = llvm::sys::path::extension(path) == ".html";
  return writeWholeFile(path, [&](llvm::raw_ostream &os) {
    isHtml ? writeHtml(report, os) : writeJson(report, os);
  });
}
