//===- TargetMachine.cpp - #mx.target for the tables ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace mlir::mx;

static std::string_view toView(StringRef text) {
  return {text.data(), text.size()};
}

TargetAttr mx::getTarget(Operation *module) {
  return module->getAttrOfType<TargetAttr>("mx.target");
}

Machine mx::getMachine(TargetAttr target) {
  if (!target)
    return Machine();
  return {target.getKind() == "nvvm" ? MachineKind::Nvvm : MachineKind::Cpu,
          toView(target.getChip()), toView(target.getFeatures())};
}

std::optional<DeviceTarget> mx::getDeviceTarget(TargetAttr target) {
  if (!target || target.getKind() != "nvvm")
    return std::nullopt;
  // Both were verified with the attribute.
  const Chip *chip = lookupChip(toView(target.getChip()));
  return DeviceTarget{chip, *parsePtx(*chip, toView(target.getFeatures()))};
}
