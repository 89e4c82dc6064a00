//===- Runner.h - run a compiled function -----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// All of mx-run: compile IR into memory, or load a library, and call one
// function with arrays. Both run with the rights of this process.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_RUNNER_H
#define MX_DRIVER_RUNNER_H

#include "mx/Driver/Compiler.h"

namespace mlir::mx {

/// What becomes of the activations of sites.
struct CalibrationOptions {
  /// Where to write a calibration file; empty records nothing.
  std::string output;
  /// Add to the file that is there, if there is one.
  bool append = false;
  /// Keep this many rows of each activation; the Hessian if there is none.
  std::optional<int64_t> rows;
};

/// What a simulated product of matrices gives.
enum class SimulatedArithmetic {
  /// The bits of the target's tensor cores.
  Machine,
  /// The exact sum, rounded once.
  Exact
};

struct RunOptions {
  CompilerOptions compiler;
  /// The function to call; empty if there is only one.
  std::string function;
  /// One for each argument: "@file.npy", or a shape, a type and a value such
  /// as "4x32xf32=1.5" or "4x32xf32=random(7)".
  std::vector<std::string> inputs;
  /// One for each result, "@file.npy"; none prints a summary instead.
  std::vector<std::string> outputs;
  /// Compare every operation with the reference.
  bool check = false;
  /// How products of matrices are computed when kernels are simulated.
  SimulatedArithmetic arithmetic = SimulatedArithmetic::Machine;
  /// 0 runs simulated threads in the order of their numbers; anything else
  /// seeds a random order.
  uint64_t scheduleSeed = 0;
  /// Most steps of a simulated launch; 0 is the simulator's own limit.
  uint64_t simulatedSteps = 0;
  /// Timed runs, after one that is not; 0 runs once without timing.
  unsigned benchmarkRuns = 0;
  CalibrationOptions calibration;
};

/// Runs a function of `path`, which is IR or a shared library.
ExitCode runFile(const DialectRegistry &registry, const RunOptions &options,
                 StringRef path, raw_ostream &out, raw_ostream &errors);

} // namespace mlir::mx

#endif // MX_DRIVER_RUNNER_H
