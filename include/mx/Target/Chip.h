//===- Chip.h - NVIDIA chips as data ----------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rows of Chips.def, to be searched, and the feature string of a GPU
// target, which says one thing: the PTX version. Std-only.
//===----------------------------------------------------------------------===//

#ifndef MX_TARGET_CHIP_H
#define MX_TARGET_CHIP_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlir::mx {

/// Which chips run the code that is generated for one.
enum class ChipReach { Later, Family, Exact };

/// One row of Chips.def.
struct Chip {
  std::string_view name;
  /// Ten times the compute capability, e.g. 120.
  unsigned capability;
  ChipReach reach;
  /// The capability of the first chip of its family, or 0.
  unsigned family;
  /// Ten times a PTX version, e.g. 87: the first that has the chip, and the one
  /// that is written by default.
  unsigned minPtx, ptx;
  /// Bytes of shared memory that one block can be given.
  unsigned sharedBytes;
};

/// All rows, in the order of the list.
const std::vector<Chip> &getChips();

/// The row called `name`, or null.
const Chip *lookupChip(std::string_view name);

/// The names of all chips, separated by ", ".
std::string listChips();

/// The PTX version that a feature string ("+ptx87", or "" for the default) asks
/// for on `chip`. Nothing if it says anything else, or a version that LLVM does
/// not write or that does not have the chip.
std::optional<unsigned> parsePtx(const Chip &chip, std::string_view features);

/// The feature string for a PTX version, e.g. "+ptx87".
std::string printPtxFeature(unsigned ptx);

/// A PTX version as people write it, e.g. "8.7".
std::string printPtxVersion(unsigned ptx);

/// The feature strings that `chip` can have, e.g. "+ptx87, +ptx88 or +ptx90".
std::string listPtxFeatures(const Chip &chip);

} // namespace mlir::mx

#endif // MX_TARGET_CHIP_H
