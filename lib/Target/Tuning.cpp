//===- Tuning.cpp - what was measured about tiles -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Tuning.h"
#include <algorithm>
#include <charconv>

using namespace mlir::mx;

const std::vector<TuningEntry> &mlir::mx::getTuning() {
  static const std::vector<TuningEntry> entries = {
#define MX_TUNING(kernel, chip, formats, columns, depth, tile, rowsBelow,      \
                  stages)                                                      \
  {#kernel, #chip, formats, columns, depth, tile, rowsBelow, stages},
#include "mx/Target/Tuning.def"
  };
  return entries;
}

const TuningEntry *
mlir::mx::lookupTuning(const std::vector<TuningEntry> &entries,
                       const TuningKey &key, std::string_view tile) {
  const TuningEntry *found = nullptr;
  for (const TuningEntry &entry : entries)
    if (entry.kernel == key.kernel && entry.tile == tile &&
        (entry.chip.empty() || entry.chip == key.chip) &&
        (entry.formats.empty() || entry.formats == key.formats) &&
        entry.columns <= key.columns && entry.depth <= key.depth)
      found = &entry;
  return found;
}

/// Takes a word off the front of `text`; empty if there is none.
static std::string_view takeWord(std::string_view &text) {
  size_t end = std::min(text.find(' '), text.size());
  std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

static std::optional<int> parseNumber(std::string_view word) {
  int number;
  const char *end = word.data() + word.size();
  auto [rest, error] = std::from_chars(word.data(), end, number);
  if (error != std::errc() || rest != end || number < 0)
    return std::nullopt;
  return number;
}

std::optional<TuningEntry> mlir::mx::parseTuning(std::string_view text) {
  TuningEntry entry{};
  entry.kernel = takeWord(text);
  entry.tile = takeWord(text);
  std::optional<int> rowsBelow = parseNumber(takeWord(text));
  std::optional<int> stages = parseNumber(takeWord(text));
  if (entry.kernel.empty() || entry.tile.empty() || !rowsBelow || !stages ||
      !text.empty())
    return std::nullopt;
  entry.rowsBelow = *rowsBelow;
  entry.stages = *stages;
  return entry;
}
