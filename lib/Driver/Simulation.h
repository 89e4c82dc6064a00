//===- Simulation.h - programs whose kernels are simulated ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_SIMULATION_H
#define MX_LIB_DRIVER_SIMULATION_H

#include "RuntimeSymbols.h"
#include "mlir/IR/BuiltinOps.h"
#include "mx/Driver/Runner.h"
#include "mx/Simulator/Launch.h"

namespace mlir::mx {

/// Whether `name` is a function of the simulator.
bool isSimulatorSymbol(StringRef name);

/// What stands behind the launches of a program while it runs in this thread.
class Simulation {
public:
  /// `module` is the program in the LLVM dialect; it knows its target, and
  /// where the numbered places of its device code are.
  Simulation(ModuleOp module, const RunOptions &options);

  /// The functions that the program calls.
  SmallVector<RuntimeSymbol> getSymbols() const;

  /// Reports, at its place, what went wrong in a launch so far.
  LogicalResult verify();

  /// Prints what ran.
  void printStatistics(raw_ostream &os) const;

private:
  ModuleOp module;
  mxsim::Session session;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_SIMULATION_H
