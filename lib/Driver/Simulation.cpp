//===- Simulation.cpp - programs whose kernels are simulated --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Simulation.h"
#include "mlir/IR/Diagnostics.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"

using namespace mlir;
using namespace mlir::mx;

bool mlir::mx::isSimulatorSymbol(StringRef name) {
  return llvm::any_of(mxsim::getSymbols(), [&](const mxsim::Symbol &symbol) {
    return name == symbol.name;
  });
}

/// Whose tensor cores the chip has.
static mxsim::Arithmetic getArithmetic(const Chip &chip) {
  if (chip.capability >= 100)
    return mxsim::Arithmetic::Blackwell;
  if (chip.capability >= 90)
    return mxsim::Arithmetic::Hopper;
  return chip.capability >= 89 ? mxsim::Arithmetic::Ada
                               : mxsim::Arithmetic::Ampere;
}

static mxsim::Options makeOptions(ModuleOp module,
                                  SimulatedArithmetic arithmetic,
                                  uint64_t scheduleSeed) {
  mxsim::Options options;
  options.scheduleSeed = scheduleSeed;
  if (auto target = getDeviceTarget(getTarget(module))) {
    options.arithmetic = getArithmetic(*target->chip);
    options.sharedLimit = target->chip->sharedBytes;
  }
  if (arithmetic == SimulatedArithmetic::Exact)
    options.arithmetic = mxsim::Arithmetic::Exact;
  return options;
}

Simulation::Simulation(ModuleOp module, SimulatedArithmetic arithmetic,
                       uint64_t scheduleSeed)
    : module(module), session(makeOptions(module, arithmetic, scheduleSeed)) {}

SmallVector<RuntimeSymbol> Simulation::getSymbols() const {
  SmallVector<RuntimeSymbol> symbols;
  for (const mxsim::Symbol &symbol : mxsim::getSymbols())
    symbols.push_back({symbol.name, symbol.address});
  return symbols;
}

/// The place that the simulator knows as `number`.
static Location lookupLocation(ModuleOp module, int32_t number) {
  auto locations = module->getAttrOfType<ArrayAttr>(kSimulatorLocationsAttr);
  if (locations && number >= 0 &&
      static_cast<size_t>(number) < locations.size())
    return cast<LocationAttr>(locations[number]);
  return module.getLoc();
}

static std::string formatIndex(const std::array<uint32_t, 3> &index) {
  std::string text = "(";
  for (uint32_t i : index)
    text += (text.size() > 1 ? ", " : "") + std::to_string(i);
  return text + ")";
}

LogicalResult Simulation::verify() {
  const mxsim::Report &report = session.getReport();
  if (report)
    return success();
  InFlightDiagnostic diagnostic =
      emitError(lookupLocation(module, report.location))
      << "simulation stopped (" << mxsim::getName(report.kind)
      << "): " << report.text;
  diagnostic.attachNote(module.getLoc())
      << "in thread " << formatIndex(report.thread) << " of block "
      << formatIndex(report.block);
  return diagnostic;
}

void Simulation::printStatistics(raw_ostream &os) const {
  const mxsim::Statistics &counts = session.getReport().statistics;
  os << "simulated: " << counts.blocks << " blocks, " << counts.matrixProducts
     << " matrix products, " << counts.asyncBytes
     << " bytes copied asynchronously\n";
}
