//===- Tuning.h - what was measured about tiles -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rows of Tuning.def, to be searched. Std-only.
//===----------------------------------------------------------------------===//

#ifndef MX_TARGET_TUNING_H
#define MX_TARGET_TUNING_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlir::mx {

/// One row of Tuning.def.
struct TuningEntry {
  std::string kernel, chip, formats;
  int64_t columns, depth;
  std::string tile;
  int rowsBelow, stages;
};

/// What a tile is looked up by. Unknown sizes are 0, the smallest class.
struct TuningKey {
  std::string_view kernel, chip, formats;
  int64_t columns, depth;
};

/// All rows, in the order of the list.
const std::vector<TuningEntry> &getTuning();

/// The last of `entries` that fits, or null. An empty chip or empty formats of
/// an entry fit all.
const TuningEntry *lookupTuning(const std::vector<TuningEntry> &entries,
                                const TuningKey &key, std::string_view tile);

/// An entry for all chips, formats and shapes: "<kernel> <tile> <rowsBelow>
/// <stages>". Nothing if `text` is not that.
std::optional<TuningEntry> parseTuning(std::string_view text);

} // namespace mlir::mx

#endif // MX_TARGET_TUNING_H
