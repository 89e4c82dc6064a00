//===- KernelRegistry.cpp - the kernels as data ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/KernelRegistry.h"
#include "WordList.h"
#include "mx/Target/Legality.h"

using namespace mlir::mx;

const std::vector<KernelRow> &mlir::mx::getKernels() {
  static const std::vector<KernelRow> rows = {
#define MX_KERNEL(name, operation, machine, needs, formats, emulated,          \
                  accuracy)                                                    \
  {#name,   operation, MachineKind::machine, needs,                            \
   formats, emulated,  Accuracy::accuracy},
#include "mx/Target/Kernels.def"
  };
  return rows;
}

const KernelRow *mlir::mx::lookupKernel(std::string_view name) {
  for (const KernelRow &row : getKernels())
    if (row.name == name)
      return &row;
  return nullptr;
}

WeightLayout mlir::mx::getWeightLayout(std::string_view name) {
#define MX_KERNEL(name, operation, machine, needs, formats, emulated, accuracy)
#define MX_WEIGHT_LAYOUT(kernel, layout)                                       \
  if (name == #kernel)                                                         \
    return WeightLayout::layout;
#include "mx/Target/Kernels.def"
  return WeightLayout::Canonical;
}

// The last mention in the feature string counts.
bool mlir::mx::hasFeature(const Machine &machine, std::string_view feature) {
  std::string_view features = machine.features;
  bool enabled = false;
  while (!features.empty()) {
    std::string_view entry = takeFirst(features, ',');
    if (entry.substr(0, 1) == "+" && entry.substr(1) == feature)
      enabled = true;
    if (entry.substr(0, 1) == "-" && entry.substr(1) == feature)
      enabled = false;
  }
  return enabled;
}

/// Says what a CPU lacks of a row's needs; empty if nothing.
static std::string explainCpu(std::string_view needs, const Machine &machine) {
  while (!needs.empty()) {
    std::string_view feature = takeFirst(needs, ',');
    if (!hasFeature(machine, feature))
      return "needs " + std::string(feature);
  }
  return "";
}

/// Says what a chip lacks of a row's needs; empty if nothing.
static std::string explainNvvm(std::string_view needs, const Machine &machine) {
  const Chip *chip = lookupChip(machine.chip);
  std::optional<unsigned> ptx =
      chip ? parsePtx(*chip, machine.features) : std::nullopt;
  if (!ptx)
    return "needs a chip of the list";
  while (!needs.empty()) {
    std::string_view instruction = takeFirst(needs, ',');
    Legality legality = checkInstruction(instruction, *chip, *ptx);
    if (legality.support != Support::Native)
      return "needs " + std::string(instruction) + ", which " + legality.reason;
  }
  return "";
}

std::string mlir::mx::explainMissing(const KernelRow &row,
                                     const Machine &machine) {
  return row.machine == MachineKind::Cpu ? explainCpu(row.needs, machine)
                                         : explainNvvm(row.needs, machine);
}

bool mlir::mx::canRun(std::string_view name, const Machine &machine) {
  for (const KernelRow &row : getKernels())
    if (row.name == name && row.machine == machine.kind &&
        explainMissing(row, machine).empty())
      return true;
  return false;
}

static bool fitsFormat(std::string_view word, const OperandFormat &format) {
  if (word == "bf16")
    return !format.block && format.plain == PlainType::BF16;
  if (word == "any")
    return true;
  if (word == "float")
    return !format.block;
  if (!format.block)
    return false;
  std::string_view name = mxnum::getFormatName(*format.block);
  if (word == "mxfp")
    return format.block->scale == mxnum::ScaleType::E8M0 && !name.empty();
  if (word == "named")
    return !name.empty();
  return name == word;
}

static bool fitsFormats(std::string_view words, const OperandFormats &formats) {
  if (words.empty() || formats.empty())
    return true;
  for (const auto &format : formats)
    if (!fitsFormat(takeFirst(words, '*'), format))
      return false;
  return true;
}

KernelChoice mlir::mx::selectKernel(std::string_view operation,
                                    const Machine &machine,
                                    const OperandFormats &formats) {
  KernelChoice choice;
  for (const KernelRow &row : getKernels()) {
    if (row.operation != operation || row.machine != machine.kind ||
        !fitsFormats(row.formats, formats))
      continue;
    std::string lacking = explainMissing(row, machine);
    if (lacking.empty()) {
      choice.row = &row;
      break;
    }
    // The first of them is the fastest, and says enough. Another row that
    // emulates is no reason to emulate.
    if (choice.obstacle.empty() && !row.emulated)
      choice.obstacle = std::string(row.name) + " " + lacking;
  }
  if (choice.obstacle.empty())
    choice.obstacle = choice.row
                          ? "no other row of this operation fits the target"
                          : "no row of this operation is for such a machine "
                            "and such formats";
  return choice;
}
