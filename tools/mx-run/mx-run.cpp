//===- mx-run.cpp - run a function of a program ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "../DecisionFlags.h"
#include "../SimulationFlags.h"
#include "../ThreadFlag.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Driver/Runner.h"
#include "mx/Support/Register.h"
#include "mx/Support/Version.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir::mx;
namespace cl = llvm::cl;

static cl::OptionCategory category("mx-run options");
static cl::opt<std::string> program(cl::Positional,
                                    cl::desc("<program.mlir or library.so>"),
                                    cl::init("-"), cl::cat(category));
static cl::opt<std::string>
    function("function", cl::value_desc("name"), cl::cat(category),
             cl::desc("Function to call (default: the only public one)"));
static cl::list<std::string>
    inputs("input", cl::value_desc("array"), cl::cat(category),
           cl::desc("Argument, in order: @file.npy, 4x32xf32=1.5 or "
                    "4x32xf32=random(7); a block-scaled one as its parts"));
static cl::list<std::string> outputs(
    "output", cl::value_desc("@file.npy"), cl::cat(category),
    cl::desc("Where to write a result, in order (default: print a summary)"));
static cl::opt<std::string> target(
    "target", cl::value_desc("machine"), cl::cat(category),
    cl::desc("'cpu' for any machine of this kind (default), 'native' for this "
             "one, a processor name of LLVM, or an NVIDIA chip such as "
             "'sm_120a'"));
static cl::opt<bool>
    check("check", cl::cat(category),
          cl::desc("Compare every operation with the reference semantics"));
static cl::opt<std::string> benchmark(
    "benchmark", cl::ValueOptional, cl::value_desc("runs"), cl::cat(category),
    cl::desc("Print the median time of a number of runs (default 20)"));
static cl::opt<bool>
    failOnEmulation("fail-on-emulation", cl::cat(category),
                    cl::desc("Make the choice of an emulated kernel an error"));
static cl::opt<std::string>
    remarksFilter("remarks-filter", cl::value_desc("regex"), cl::cat(category),
                  cl::desc("Print remarks of these categories, e.g. 'mx.*'"));
static cl::opt<std::string> calibrationOutput(
    "calibration-output", cl::value_desc("file"), cl::cat(category),
    cl::desc("Record the activations of matmuls in a calibration file"));
static cl::opt<bool> calibrationAppend(
    "calibration-append", cl::cat(category),
    cl::desc("Add to the calibration file if it is there (default: replace)"));
static cl::opt<std::string>
    calibrationRows("calibration-rows", cl::value_desc("count"),
                    cl::cat(category),
                    cl::desc("Record so many rows instead of the Hessian"));
static DecisionFlags decisions(category);
static SimulationFlags simulation(category);
static OpenMPFlag openmp(category);

static int usage(const llvm::Twine &text) {
  llvm::errs() << "mx-run: " << text << '\n';
  return static_cast<int>(ExitCode::Usage);
}

/// Reads the flags about calibration; returns what is wrong with them.
static std::string readCalibration(RunOptions &options) {
  CalibrationOptions &calibration = options.calibration;
  calibration.output = calibrationOutput;
  calibration.append = calibrationAppend;
  if (calibration.output.empty())
    return calibrationAppend || calibrationRows.getNumOccurrences()
               ? "expected --calibration-output with --calibration-append and "
                 "--calibration-rows, got none"
               : "";
  if (options.benchmarkRuns != 0)
    return "expected --calibration-output or --benchmark, got both";
  if (!calibrationRows.getNumOccurrences())
    return "";
  int64_t rows;
  if (llvm::StringRef(calibrationRows).getAsInteger(10, rows) || rows < 1)
    return "expected --calibration-rows to be a positive number, got '" +
           calibrationRows + "'";
  calibration.rows = rows;
  return "";
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg("mx: internal failure, at:\n");
  llvm::InitLLVM init(argc, argv);
  ThreadFlag threads(category);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "mx-run " MX_VERSION_STRING "\n"; });
  if (!cl::ParseCommandLineOptions(argc, argv, "runs a function of a program\n",
                                   &llvm::errs()))
    return static_cast<int>(ExitCode::Usage);
  RunOptions options;
  if (benchmark.getNumOccurrences()) {
    options.benchmarkRuns = 20;
    if (!benchmark.empty() &&
        (llvm::StringRef(benchmark).getAsInteger(10, options.benchmarkRuns) ||
         options.benchmarkRuns == 0))
      return usage("expected --benchmark to be a positive number, got '" +
                   benchmark + "'");
  }
  if (check && benchmark.getNumOccurrences())
    return usage("expected --check or --benchmark, got both");
  if (std::string conflict = readCalibration(options); !conflict.empty())
    return usage(conflict);
  if (std::string conflict = simulation.read(options); !conflict.empty())
    return usage(conflict);
  if (std::string conflict =
          decisions.explainConflict(!options.calibration.output.empty());
      !conflict.empty())
    return usage(conflict);
  if (std::string problem = threads.read(options.compiler.threads);
      !problem.empty())
    return usage(problem);
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  options.compiler.target = target;
  options.compiler.failOnEmulation = failOnEmulation;
  options.compiler.openmp = openmp;
  options.compiler.remarksFilter = remarksFilter;
  options.compiler.decisions = decisions.getOptions();
  options.function = function;
  options.inputs = inputs;
  options.outputs = outputs;
  options.check = check;
  return static_cast<int>(
      runFile(registry, options, program, llvm::outs(), llvm::errs()));
}
