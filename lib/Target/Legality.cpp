//===- Legality.cpp - which chip has which instruction --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/Legality.h"
#include "WordList.h"

using namespace mlir::mx;

const std::vector<Instruction> &mlir::mx::getInstructions() {
  static const std::vector<Instruction> instructions = {
#define MX_INSTRUCTION(name, chips, ptx, expanded) {name, chips, ptx, expanded},
#include "mx/Target/Instructions.def"
  };
  return instructions;
}

const Instruction *mlir::mx::lookupInstruction(std::string_view name) {
  for (const Instruction &instruction : getInstructions())
    if (instruction.name == name)
      return &instruction;
  return nullptr;
}

/// Whether a word of Instructions.def, such as "80+", "100f" or "90a", names a
/// set of chips with `chip` in it.
static bool fitsWord(std::string_view word, const Chip &chip) {
  unsigned number = 0;
  size_t digits = 0;
  constexpr unsigned base = 10;
  for (; digits < word.size() && word[digits] >= '0' && word[digits] <= '9';
       ++digits)
    number = number * base + unsigned(word[digits] - '0');
  std::string_view mark = word.substr(digits);
  if (mark == "+")
    return chip.capability >= number;
  if (mark == "f")
    return chip.reach != ChipReach::Later && chip.family == number;
  return chip.capability == number &&
         chip.reach == (mark == "a" ? ChipReach::Exact : ChipReach::Later);
}

static bool fitsWords(std::string_view words, const Chip &chip) {
  while (!words.empty())
    if (fitsWord(takeFirst(words, ' '), chip))
      return true;
  return false;
}

/// Says which chips fit: "sm_89 or later" or their names.
static std::string describeWords(std::string_view words) {
  if (words.back() == '+')
    return "sm_" + std::string(words.substr(0, words.size() - 1)) + " or later";
  std::vector<std::string> names;
  for (const Chip &chip : getChips())
    if (fitsWords(words, chip))
      names.emplace_back(chip.name);
  return joinWords(names, "or");
}

Legality mlir::mx::checkInstruction(std::string_view instruction,
                                    const Chip &chip, unsigned ptx) {
  const Instruction *row = lookupInstruction(instruction);
  if (!row)
    return {Support::Impossible, "is not in the table of instructions"};
  if (!fitsWords(row->chips, chip))
    return {Support::Impossible, "needs " + describeWords(row->chips)};
  if (ptx < row->ptx)
    return {Support::Impossible, "needs PTX " + printPtxVersion(row->ptx)};
  if (fitsWords(row->expanded, chip))
    return {Support::Expanded, "ptxas expands for this chip"};
  return {Support::Native, ""};
}
