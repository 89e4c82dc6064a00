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

/// Fills in how large the constants of a site are, and what they are stored as.
static void addSizes(const ChoiceGroup &group, const Site &site,
                     const GroupChoice &choice, Method method,
                     StoredConstants &stored, SiteRow &row) {
  for (SideIndex side : site.getSides()) {
    if (!side.isWeight)
      continue;
    const WeightSide &weight = group.weights[side.index];
    int64_t count = weight.getCount();
    int64_t before = count * weight.elementBits / 8;
    int64_t after = weight.getBytes(choice.weights[side.index]);
    row.weights += count;
    row.bytesBefore += before;
    row.bytesAfter += after;
    if (!stored.add(group, site, choice, side.index, method))
      continue;
    row.storedWeights += count;
    row.storedBytesBefore += before;
    row.storedBytesAfter += after;
  }
}

static SiteRow createRow(const ChoiceGroup &group, const Site &site,
                         const GroupChoice &choice,
                         const ChoiceOptions &options,
                         StoredConstants &stored) {
  SiteRow row;
  row.name = site.name;
  row.function = site.function;
  row.lhsType = spell(site.op->getOperand(0).getType());
  row.rhsType = spell(site.op->getOperand(1).getType());
  row.plan = spellPlan(group.getPlan(site, choice, options.method));
  row.formats = spellFormats(group, site, choice);
  row.reason = explainChoice(group, site, choice, options);
  row.error = group.getError(site, choice);
  row.bits = getBits(group, site, choice);
  for (SideIndex side : site.getSides())
    if (!side.isWeight && group.isEncoded(site, choice))
      row.basis = group.activations[side.index].basis;
  addSizes(group, site, choice, options.method, stored, row);
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

/// Sums up the rows.
static ChoiceTotals sumUp(ArrayRef<SiteRow> rows) {
  ChoiceTotals totals;
  double loss = 0.0, values = 0.0;
  for (const SiteRow &row : rows) {
    totals.weights += row.storedWeights;
    totals.bytesBefore += row.storedBytesBefore;
    totals.bytesAfter += row.storedBytesAfter;
    loss += row.weights * row.error.getTotal();
    values += row.weights;
  }
  totals.error = values == 0.0 ? 0.0 : loss / values;
  return totals;
}

FormatReport mlir::mx::createReport(ArrayRef<ChoiceGroup> groups,
                                    ArrayRef<GroupChoice> choices,
                                    const ChoiceOptions &choiceOptions,
                                    const ChooseFormatsPassOptions &options) {
  FormatReport report;
  report.options = spellOptions(options);
  StoredConstants stored;
  for (size_t index = 0; index != groups.size(); ++index)
    for (const Site &site : groups[index].sites) {
      SiteRow &row = report.sites.emplace_back(createRow(
          groups[index], site, choices[index], choiceOptions, stored));
      row.group = index;
    }
  report.totals = sumUp(report.sites);
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
  json.attribute("stored_weights", row.storedWeights);
  json.attribute("stored_bytes_before", row.storedBytesBefore);
  json.attribute("stored_bytes_after", row.storedBytesAfter);
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
    json.attribute("version", 2);
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
