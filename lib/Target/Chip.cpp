//===- Chip.cpp - NVIDIA chips as data ------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Chip.h"
#include "WordList.h"

using namespace mlir::mx;

/// The PTX versions, from the first that has a chip of ours, that LLVM writes.
static constexpr unsigned kPtxVersions[] = {
    70, 71, 72, 73, 74, 75, 76, 77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90};
static constexpr unsigned kKiB = 1024;

const std::vector<Chip> &mlir::mx::getChips() {
  static const std::vector<Chip> chips = {
#define MX_CHIP(name, capability, reach, family, minPtx, ptx, sharedKiB)       \
  {#name, capability, ChipReach::reach, family, minPtx, ptx, sharedKiB * kKiB},
#include "mx/Target/Chips.def"
  };
  return chips;
}

const Chip *mlir::mx::lookupChip(std::string_view name) {
  for (const Chip &chip : getChips())
    if (chip.name == name)
      return &chip;
  return nullptr;
}

std::string mlir::mx::listChips() {
  std::string list;
  for (const Chip &chip : getChips())
    (list += list.empty() ? "" : ", ") += chip.name;
  return list;
}

std::optional<unsigned> mlir::mx::parsePtx(const Chip &chip,
                                           std::string_view features) {
  if (features.empty())
    return chip.ptx;
  for (unsigned version : kPtxVersions)
    if (version >= chip.minPtx && features == printPtxFeature(version))
      return version;
  return std::nullopt;
}

std::string mlir::mx::printPtxFeature(unsigned ptx) {
  return "+ptx" + std::to_string(ptx);
}

std::string mlir::mx::printPtxVersion(unsigned ptx) {
  constexpr unsigned base = 10;
  return std::to_string(ptx / base) + "." + std::to_string(ptx % base);
}

std::string mlir::mx::listPtxFeatures(const Chip &chip) {
  std::vector<std::string> names;
  for (unsigned version : kPtxVersions)
    if (version >= chip.minPtx)
      names.push_back(printPtxFeature(version));
  return joinWords(names, "or");
}
