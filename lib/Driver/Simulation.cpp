//===- Simulation.cpp - programs whose kernels are simulated --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Simulation.h"
#include "mlir/IR/Diagnostics.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"

using namespace mlir;
using namespace mlir::mx;

/// What host code calls to describe a tensor for copies: as
/// mxsim_encode_tensor_map, but returns the description, or null where the
/// machine would refuse. Descriptions stay until the thread ends, since kernels
/// may use one for as long as the program runs.
static void *encodeTensorMap(void *address, int32_t rank, int32_t elementBits,
                             const int64_t *extents, const int64_t *strides,
                             const int32_t *box, int32_t swizzle) {
  struct alignas(64) TensorMap {
    char bytes[128];
  };
  static thread_local std::vector<std::unique_ptr<TensorMap>> maps;
  auto map = std::make_unique<TensorMap>();
  if (mxsim_encode_tensor_map(map->bytes, address, rank, elementBits, extents,
                              strides, box, swizzle))
    return nullptr;
  maps.push_back(std::move(map));
  return maps.back()->bytes;
}

static SmallVector<RuntimeSymbol> listSymbols() {
  SmallVector<RuntimeSymbol> symbols;
  for (const mxsim::Symbol &symbol : mxsim::getSymbols())
    symbols.push_back({symbol.name, symbol.address});
  void *encoder = reinterpret_cast<void *>(&encodeTensorMap);
  symbols.push_back({kEncodeTensorMap.data(), encoder});
  symbols.push_back({"_mlir_ciface_mx_encode_tensor_map", encoder});
  return symbols;
}

bool mlir::mx::isSimulatorSymbol(StringRef name) {
  return llvm::any_of(listSymbols(), [&](const RuntimeSymbol &symbol) {
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

static mxsim::Options makeOptions(ModuleOp module, const RunOptions &asked) {
  mxsim::Options options;
  options.scheduleSeed = asked.scheduleSeed;
  if (asked.simulatedSteps != 0)
    options.stepLimit = asked.simulatedSteps;
  if (auto target = getDeviceTarget(getTarget(module))) {
    options.arithmetic = getArithmetic(*target->chip);
    options.sharedLimit = target->chip->sharedBytes;
  }
  if (asked.arithmetic == SimulatedArithmetic::Exact)
    options.arithmetic = mxsim::Arithmetic::Exact;
  return options;
}

Simulation::Simulation(ModuleOp module, const RunOptions &options)
    : module(module), session(makeOptions(module, options)) {}

SmallVector<RuntimeSymbol> Simulation::getSymbols() const {
  return listSymbols();
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
  Location place = lookupLocation(module, report.location);
  InFlightDiagnostic diagnostic =
      emitError(place) << "simulation stopped (" << mxsim::getName(report.kind)
                       << "): " << report.text;
  diagnostic.attachNote(place) << "in thread " << formatIndex(report.thread)
                               << " of block " << formatIndex(report.block);
  if (report.kind == mxsim::ErrorKind::StepLimit)
    diagnostic.attachNote(place)
        << "mx-run --simulate-steps=<number> allows more";
  return diagnostic;
}

void Simulation::printStatistics(raw_ostream &os) const {
  const mxsim::Statistics &counts = session.getReport().statistics;
  os << "simulated: " << counts.blocks << " blocks, " << counts.matrixProducts
     << " matrix products, " << counts.asyncBytes
     << " bytes copied asynchronously\n";
}
