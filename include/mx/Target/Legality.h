//===- Legality.h - which chip has which instruction ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Questions to Instructions.def. Std-only: selection asks before there is a
// kernel, mx-verify-device-code asks for each instruction that one has.
//===----------------------------------------------------------------------===//

#ifndef MX_TARGET_LEGALITY_H
#define MX_TARGET_LEGALITY_H

#include "mx/Target/Chip.h"

namespace mlir::mx {

/// One row of Instructions.def.
struct Instruction {
  std::string_view name, chips;
  unsigned ptx;
  std::string_view expanded;
};

/// All rows, in the order of the list.
const std::vector<Instruction> &getInstructions();

/// The row called `name`, or null.
const Instruction *lookupInstruction(std::string_view name);

enum class Support {
  /// One instruction of the machine, or a few that belong together.
  Native,
  /// Legal, but ptxas makes slower instructions out of it.
  Expanded,
  /// LLVM or ptxas refuses it.
  Impossible,
};

struct Legality {
  Support support;
  /// Why it is not native, as what comes after "which", e.g. "needs sm_120a,
  /// sm_120f, sm_121a or sm_121f" or "needs PTX 8.7"; empty if it is.
  std::string reason;
};

/// Whether `chip` has `instruction` when PTX of version `ptx` is written.
Legality checkInstruction(std::string_view instruction, const Chip &chip,
                          unsigned ptx);

} // namespace mlir::mx

#endif // MX_TARGET_LEGALITY_H
