//===- FormatReportHtml.cpp - the report as a page ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One file without scripts, fonts or links to others, for light and dark:
// totals, how much became what, a chart of error and bits for each site, and a
// table that unfolds the candidates.
//===----------------------------------------------------------------------===//

#include "Format/FormatReport.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::mx;
using llvm::raw_ostream;

static constexpr llvm::StringLiteral style = R"(
:root { color-scheme: light dark; --text: #1c2126; --page: #ffffff; --soft: #5b6670;
  --line: #d9dee3; --error: #b4502c; --more: #e0a48c; --bits: #2f6f9f; --mark: #eef4f8; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e7ea; --page: #15191d;
  --soft: #98a4ae; --line: #333b43; --error: #e0835c; --more: #8a4a30; --bits: #69a9d6; --mark: #202a32; } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--text);
  background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.15rem; }
table { border-collapse: collapse; } .wide table { width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .name { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
.soft, summary { color: var(--soft); } .chosen { background: var(--mark); font-weight: 600; }
.site > td { border-bottom: 0; } .site > td:first-child { max-width: 18rem; }
.wide { overflow-x: auto; } svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 12px ui-monospace, monospace; }
svg .soft { fill: var(--soft); } .error { fill: var(--error); } .more { fill: var(--more); }
.bits { fill: var(--bits); } a { color: inherit; text-decoration: none; } a:hover { text-decoration: underline; }
tr:target { background: var(--mark); }
)";

/// Escapes text, whose bytes may be anything.
static void writeText(raw_ostream &os, StringRef text) {
  llvm::printHTMLEscaped(
      llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text), os);
}

/// Digits in groups of three, with narrow spaces that do not break.
static std::string formatCount(int64_t count) {
  constexpr size_t group = 3;
  std::string digits = std::to_string(count), text;
  for (size_t place = 0; place != digits.size(); ++place) {
    if (place != 0 && (digits.size() - place) % group == 0)
      text += "\u202f";
    text += digits[place];
  }
  return text;
}

static void writeTerm(raw_ostream &os, StringRef term, StringRef value) {
  os << "<div><dt>" << term << "</dt><dd>" << value << "</dd></div>\n";
}

static void writeTotals(raw_ostream &os, const FormatReport &report) {
  const ChoiceTotals &totals = report.totals;
  os << "<dl>\n";
  writeTerm(os, "sites", std::to_string(report.sites.size()));
  writeTerm(os, "weights", formatCount(totals.weights));
  writeTerm(os, "bytes before", formatCount(totals.bytesBefore));
  writeTerm(os, "bytes after", formatCount(totals.bytesAfter));
  writeTerm(os, "bits per weight", formatNumber(totals.getBitsPerWeight()));
  writeTerm(os, "relative squared error", formatNumber(totals.error));
  os << "</dl>\n<p class=\"soft\">";
  StringRef separator = "";
  for (const auto &[name, value] : report.options) {
    // No file, no budget.
    if (value.empty() || value == "0")
      continue;
    os << separator << name << " = ";
    writeText(os, value);
    separator = ", ";
  }
  os << "</p>\n";
}

static void writeCount(raw_ostream &os, int64_t count) {
  os << "<td class=\"number\">" << formatCount(count) << "</td>";
}

static void writeNumber(raw_ostream &os, double value) {
  os << "<td class=\"number\">" << formatNumber(value) << "</td>";
}

/// How many weights each format got, in the order of the sites. What is stored
/// once counts once.
static void writeFormats(raw_ostream &os, const FormatReport &report) {
  struct Share {
    int64_t sites = 0, weights = 0, bytes = 0;
  };
  llvm::MapVector<StringRef, Share> shares;
  for (const SiteRow &row : report.sites) {
    Share &share = shares[row.formats];
    ++share.sites;
    share.weights += row.storedWeights;
    share.bytes += row.storedBytesAfter;
  }
  constexpr double percent = 100.0;
  double all = std::max<int64_t>(report.totals.weights, 1);
  os << "<table>\n<tr><th>weights as</th><th class=\"number\">sites</th><th "
        "class=\"number\">weights</th><th class=\"number\">%</th><th "
        "class=\"number\">bytes after</th></tr>\n";
  for (const auto &[formats, share] : shares) {
    os << "<tr><td><code>";
    writeText(os, formats.empty() ? "(no constant side)" : formats);
    os << "</code></td>";
    writeCount(os, share.sites);
    writeCount(os, share.weights);
    writeNumber(os, percent * share.weights / all);
    writeCount(os, share.bytes);
    os << "</tr>\n";
  }
  os << "</table>\n";
}

//===----------------------------------------------------------------------===//
// Chart
//===----------------------------------------------------------------------===//

/// Sizes in units of the picture.
static constexpr int chartWidth = 1000;
static constexpr int labelWidth = 300;
static constexpr int barWidth = 250;
static constexpr int barHeight = 14;
static constexpr int rowHeight = 22;
static constexpr size_t longestLabel = 38;

/// The end of a name tells sites apart. Bytes beyond ASCII are not cut through.
static std::string shorten(StringRef name) {
  if (name.size() <= longestLabel)
    return name.str();
  size_t start = name.size() - longestLabel + 1;
  while (start < name.size() && (name[start] & 0xC0) == 0x80)
    ++start;
  return "…" + name.substr(start).str();
}

static void writeBox(raw_ostream &os, StringRef kind, double left, int64_t top,
                     double width) {
  os << "<rect class=\"" << kind << "\" x=\"" << formatNumber(left) << "\" y=\""
     << top << "\" width=\"" << formatNumber(width) << "\" height=\""
     << barHeight << "\"/>";
}

static void writeLabel(raw_ostream &os, double left, int64_t top,
                       StringRef text) {
  os << "<text class=\"soft\" x=\"" << formatNumber(left) << "\" y=\""
     << top + barHeight - 3 << "\">" << text << "</text>\n";
}

/// One part of a bar: its kind, and its share of the longest bar.
using BarPart = std::pair<StringRef, double>;

/// Draws the parts one after another, with the number that they add up to.
static void writeBar(raw_ostream &os, int left, int64_t top,
                     ArrayRef<BarPart> parts, double value) {
  double end = left;
  for (auto [kind, share] : parts) {
    if (share <= 0.0)
      continue;
    double width = std::max(1.0, share * barWidth);
    writeBox(os, kind, end, top, width);
    end += width;
  }
  writeLabel(os, end + 6, top, formatNumber(value));
}

/// What the bars stand for, above them.
static void writeLegend(raw_ostream &os, int errorLeft, int bitsLeft) {
  constexpr int box = 10, gap = 14;
  constexpr int weightsLeft = 66, activationsLeft = 146;
  writeLabel(os, errorLeft, 0, "error of");
  writeBox(os, "error", errorLeft + weightsLeft, 2, box);
  writeLabel(os, errorLeft + weightsLeft + gap, 0, "weights");
  writeBox(os, "more", errorLeft + activationsLeft, 2, box);
  writeLabel(os, errorLeft + activationsLeft + gap, 0, "activations");
  writeLabel(os, bitsLeft, 0, "bits per weight");
}

static void writeChart(raw_ostream &os, const FormatReport &report) {
  double maxError = 0.0, maxBits = 0.0;
  for (const SiteRow &row : report.sites) {
    maxError = std::max(maxError, row.error.getTotal());
    maxBits = std::max(maxBits, row.bits);
  }
  constexpr int errorLeft = labelWidth;
  constexpr int bitsLeft = labelWidth + (chartWidth - labelWidth) / 2;
  int64_t height = (report.sites.size() + 1) * int64_t(rowHeight) + 4;
  os << "<svg viewBox=\"0 0 " << chartWidth << ' ' << height
     << "\" role=\"img\" aria-label=\"error and bits of each site\">\n";
  writeLegend(os, errorLeft, bitsLeft);
  auto getShare = [](double value, double most) {
    return most > 0.0 ? value / most : 0.0;
  };
  int64_t top = rowHeight;
  for (auto [index, row] : llvm::enumerate(report.sites)) {
    os << "<g><title>";
    writeText(os, row.name + ": " + row.plan);
    os << "</title><a href=\"#site" << index << "\"><text x=\"0\" y=\""
       << top + barHeight - 3 << "\">";
    writeText(os, shorten(row.name));
    os << "</text></a>\n";
    writeBar(os, errorLeft, top,
             {{"error", getShare(row.error.weights, maxError)},
              {"more", getShare(row.error.activations, maxError)}},
             row.error.getTotal());
    writeBar(os, bitsLeft, top, {{"bits", getShare(row.bits, maxBits)}},
             row.bits);
    os << "</g>\n";
    top += rowHeight;
  }
  os << "</svg>\n";
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static void writeCandidates(raw_ostream &os, const SiteRow &row) {
  os << "<details><summary>" << row.candidates.size()
     << (row.candidates.size() == 1 ? " candidate" : " candidates")
     << "</summary>\n<table><tr><th>plan</th><th class=\"number\">of weights"
        "</th><th class=\"number\">of activations</th><th class=\"number\">"
        "error</th><th class=\"number\">bits</th></tr>\n";
  for (const CandidateRow &candidate : row.candidates) {
    os << (candidate.isChosen ? "<tr class=\"chosen\"><td><code>"
                              : "<tr><td><code>");
    writeText(os, candidate.plan);
    os << "</code></td>";
    writeNumber(os, candidate.error.weights);
    writeNumber(os, candidate.error.activations);
    writeNumber(os, candidate.error.getTotal());
    writeNumber(os, candidate.bits);
    os << "</tr>\n";
  }
  os << "</table></details>";
}

static void writeRow(raw_ostream &os, size_t index, const SiteRow &row) {
  os << "<tr class=\"site\" id=\"site" << index
     << "\"><td><span class=\"name\">";
  writeText(os, row.name);
  os << "</span><br><span class=\"soft\">";
  writeText(os, row.function);
  os << "<br>";
  writeText(os, row.lhsType);
  os << " · ";
  writeText(os, row.rhsType);
  os << "</span></td>\n<td><code>";
  writeText(os, row.plan);
  os << "</code><br>because ";
  writeText(os, row.reason);
  if (!row.basis.empty()) {
    os << "<br><span class=\"soft\">activations: ";
    writeText(os, row.basis);
    os << "</span>";
  }
  os << "</td>\n";
  writeNumber(os, row.error.getTotal());
  writeNumber(os, row.bits);
  writeCount(os, row.bytesBefore);
  writeCount(os, row.bytesAfter);
  os << "</tr>\n<tr><td colspan=\"6\">";
  writeCandidates(os, row);
  os << "</td></tr>\n";
}

void mlir::mx::writeHtml(const FormatReport &report, raw_ostream &os) {
  os << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>Formats of sites</title>\n<style>"
     << style << "</style></head>\n<body>\n<h1>Formats of sites</h1>\n";
  writeTotals(os, report);
  writeFormats(os, report);
  os << "<h2>Relative squared error, and bits</h2>\n";
  writeChart(os, report);
  os << "<h2>Sites</h2>\n<div class=\"wide\"><table>\n<tr><th>site</th>"
        "<th>plan</th><th class=\"number\">error</th><th class=\"number\">bits"
        "</th><th class=\"number\">bytes before</th><th class=\"number\">bytes "
        "after</th></tr>\n";
  for (auto [index, row] : llvm::enumerate(report.sites))
    writeRow(os, index, row);
  os << "</table></div>\n<p class=\"soft\">Error is the relative squared error "
        "of a product, modelled as that of its constant side plus that of the "
        "other. Activations marked as assumed were measured on Student's t "
        "with "
        "5 degrees of freedom.</p>\n<p class=\"soft\">mx " MX_VERSION
        "</p>\n</body></html>\n";
}
