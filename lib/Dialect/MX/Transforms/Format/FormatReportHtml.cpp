//===- FormatReportHtml.cpp - the report as a page ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One file without scripts, fonts or links, for light and dark: totals, a chart
// of error and bits for each site, and a table that unfolds the candidates.
//===----------------------------------------------------------------------===//

#include "Format/FormatReport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::mx;
using llvm::raw_ostream;

static constexpr llvm::StringLiteral style = R"(
:root { color-scheme: light dark; --text: #1c2126; --page: #ffffff; --soft: #5b6670;
  --line: #d9dee3; --error: #b4502c; --bits: #2f6f9f; --mark: #eef4f8; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e7ea; --page: #15191d;
  --soft: #98a4ae; --line: #333b43; --error: #e0835c; --bits: #69a9d6; --mark: #202a32; } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--text);
  background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.15rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .name { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
.soft, summary { color: var(--soft); } .chosen { background: var(--mark); font-weight: 600; }
.site > td { border-bottom: 0; } .wide { overflow-x: auto; } svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 12px ui-monospace, monospace; }
svg .soft { fill: var(--soft); } .error { fill: var(--error); } .bits { fill: var(--bits); }
)";

/// Escapes text, whose bytes may be anything.
static void writeText(raw_ostream &os, StringRef text) {
  llvm::printHTMLEscaped(
      llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text), os);
}

static void writeTerm(raw_ostream &os, StringRef term, StringRef value) {
  os << "<div><dt>" << term << "</dt><dd>" << value << "</dd></div>\n";
}

static void writeTotals(raw_ostream &os, const FormatReport &report) {
  const ChoiceTotals &totals = report.totals;
  os << "<dl>\n";
  writeTerm(os, "sites", std::to_string(report.sites.size()));
  writeTerm(os, "weights", std::to_string(totals.weights));
  writeTerm(os, "bytes before", std::to_string(totals.bytesBefore));
  writeTerm(os, "bytes after", std::to_string(totals.bytesAfter));
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

static void writeBar(raw_ostream &os, int left, int top, double share,
                     StringRef kind, double value) {
  double width = share > 0.0 ? std::max(1.0, share * barWidth) : 0.0;
  os << "<rect class=\"" << kind << "\" x=\"" << left << "\" y=\"" << top
     << "\" width=\"" << formatNumber(width) << "\" height=\"" << barHeight
     << "\"/><text class=\"soft\" x=\"" << formatNumber(left + width + 6)
     << "\" y=\"" << top + barHeight - 3 << "\">" << formatNumber(value)
     << "</text>\n";
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
     << "\" role=\"img\" aria-label=\"error and bits of each site\">\n"
     << "<text class=\"soft\" x=\"" << errorLeft
     << "\" y=\"14\">relative squared error</text>\n<text class=\"soft\" x=\""
     << bitsLeft << "\" y=\"14\">bits per weight</text>\n";
  int64_t top = rowHeight;
  for (const SiteRow &row : report.sites) {
    os << "<g><title>";
    writeText(os, row.name + ": " + row.plan);
    os << "</title><text x=\"0\" y=\"" << top + barHeight - 3 << "\">";
    writeText(os, shorten(row.name));
    os << "</text>\n";
    double error = row.error.getTotal();
    writeBar(os, errorLeft, top, maxError > 0.0 ? error / maxError : 0.0,
             "error", error);
    writeBar(os, bitsLeft, top, maxBits > 0.0 ? row.bits / maxBits : 0.0,
             "bits", row.bits);
    os << "</g>\n";
    top += rowHeight;
  }
  os << "</svg>\n";
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static void writeNumber(raw_ostream &os, double value) {
  os << "<td class=\"number\">" << formatNumber(value) << "</td>";
}

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

static void writeRow(raw_ostream &os, const SiteRow &row) {
  os << "<tr class=\"site\"><td><span class=\"name\">";
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
  os << "<td class=\"number\">" << row.bytesBefore << "</td><td "
     << "class=\"number\">" << row.bytesAfter
     << "</td></tr>\n<tr><td colspan=\"6\">";
  writeCandidates(os, row);
  os << "</td></tr>\n";
}

void mlir::mx::writeHtml(const FormatReport &report, raw_ostream &os) {
  os << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>Formats of sites</title>\n<style>"
     << style << "</style></head>\n<body>\n<h1>Formats of sites</h1>\n";
  writeTotals(os, report);
  os << "<h2>Error and bits</h2>\n";
  writeChart(os, report);
  os << "<h2>Sites</h2>\n<div class=\"wide\"><table>\n<tr><th>site</th>"
        "<th>plan</th><th class=\"number\">error</th><th class=\"number\">bits"
        "</th><th class=\"number\">bytes before</th><th class=\"number\">bytes "
        "after</th></tr>\n";
  for (const SiteRow &row : report.sites)
    writeRow(os, row);
  os << "</table></div>\n<p class=\"soft\">Error is the relative squared error "
        "of a product, modelled as that of its constant side plus that of the "
        "other. Activations marked as assumed were measured on Student's t "
        "with "
        "5 degrees of freedom.</p>\n<p class=\"soft\">mx " MX_VERSION
        "</p>\n</body></html>\n";
}
