//===- SimulationFlags.h - flags about simulated GPUs -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_TOOLS_SIMULATIONFLAGS_H
#define MX_TOOLS_SIMULATIONFLAGS_H

#include "mx/Driver/Runner.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::mx {

/// Whether and how kernels of a GPU run without one.
class SimulationFlags {
public:
  explicit SimulationFlags(llvm::cl::OptionCategory &category)
      : simulate("simulate", llvm::cl::ValueOptional,
                 llvm::cl::value_desc("arithmetic"), llvm::cl::cat(category),
                 llvm::cl::desc("Run kernels of a GPU on a simulator: with the "
                                "bits of its tensor cores ('machine', default) "
                                "or with exact sums ('exact')")),
        seed("schedule-seed", llvm::cl::value_desc("number"),
             llvm::cl::cat(category),
             llvm::cl::desc("Simulate threads in a random order (default: by "
                            "number)")),
        steps("simulate-steps", llvm::cl::value_desc("number"),
              llvm::cl::cat(category),
              llvm::cl::desc("Let a simulated launch make at most so many "
                             "steps: accesses to memory and rounds of loops "
                             "(default: 2^32)")) {}

  /// Reads the flags; returns what is wrong with them.
  std::string read(RunOptions &options) const {
    options.compiler.simulate = simulate.getNumOccurrences() != 0;
    options.scheduleSeed = seed;
    if (simulate == "exact")
      options.arithmetic = SimulatedArithmetic::Exact;
    else if (!simulate.empty() && simulate != "machine")
      return "expected --simulate to be machine or exact, got '" + simulate +
             "'";
    if (seed.getNumOccurrences() && !options.compiler.simulate)
      return "expected --simulate with --schedule-seed, got none";
    return readSteps(options);
  }

private:
  std::string readSteps(RunOptions &options) const {
    if (!steps.getNumOccurrences())
      return "";
    if (!options.compiler.simulate)
      return "expected --simulate with --simulate-steps, got none";
    if (llvm::StringRef(steps).getAsInteger(10, options.simulatedSteps) ||
        options.simulatedSteps == 0)
      return "expected --simulate-steps to be a positive number, got '" +
             steps + "'";
    return "";
  }

  llvm::cl::opt<std::string> simulate;
  llvm::cl::opt<uint64_t> seed;
  llvm::cl::opt<std::string> steps;
};

} // namespace mlir::mx

#endif // MX_TOOLS_SIMULATIONFLAGS_H
