//===- Phases.cpp - the stations of the pipeline --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/Transforms/Phases.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir::mx;

static constexpr Phase phases[] = {
    Phase::Import, Phase::Format, Phase::Rotate, Phase::Quantize,
    Phase::Select, Phase::Pack,   Phase::Lower,  Phase::LLVM};

llvm::ArrayRef<Phase> mlir::mx::getPhases() { return phases; }

llvm::StringRef mlir::mx::getPhaseName(Phase phase) {
  switch (phase) {
  case Phase::Import:
    return "import";
  case Phase::Format:
    return "format";
  case Phase::Rotate:
    return "rotate";
  case Phase::Quantize:
    return "quantize";
  case Phase::Select:
    return "select";
  case Phase::Pack:
    return "pack";
  case Phase::Lower:
    return "lower";
  case Phase::LLVM:
    return "llvm";
  }
  llvm_unreachable("all phases are handled");
}

std::optional<Phase> mlir::mx::lookupPhase(llvm::StringRef name) {
  for (Phase phase : phases)
    if (getPhaseName(phase) == name)
      return phase;
  return std::nullopt;
}
