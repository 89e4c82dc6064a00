//===- TargetName.cpp - what --target says --------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "TargetName.h"
#include "Processor.h"
#include "mx/Target/Chip.h"

using namespace mlir;
using namespace mlir::mx;

TargetAttr mlir::mx::lookupTarget(MLIRContext &context, StringRef name) {
  if (const Chip *chip = lookupChip({name.data(), name.size()}))
    return TargetAttr::get(&context, "nvvm", name, printPtxFeature(chip->ptx));
  std::optional<Processor> processor = lookupProcessor(name);
  if (!processor)
    return {};
  return TargetAttr::get(&context, "cpu", processor->chip, processor->features);
}
