//===- Runner.cpp - run a compiled function -------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Runner.h"
#include "CalibrationOutput.h"
#include "CheckRuntime.h"
#include "GpuInvocation.h"
#include "GpuSymbols.h"
#include "GuardedCall.h"
#include "InputSpec.h"
#include "Invocation.h"
#include "Program.h"
#include "Simulation.h"
#include "ThreadRuntime.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Driver/Npy.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include <chrono>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::mx;
using llvm::Expected;

namespace {

/// One run of the tool.
class Runner {
public:
  Runner(const RunOptions &options, StringRef path, Compiler &compiler,
         raw_ostream &out)
      : options(options), path(path), compiler(compiler), out(out) {}

  ExitCode run();

private:
  LogicalResult fail(llvm::Error error) {
    return compiler.reportError(llvm::toString(std::move(error)));
  }
  LogicalResult loadProgram();
  LogicalResult compileProgram();
  LogicalResult selectFunction();
  LogicalResult readInputs();
  LogicalResult checkParts();
  LogicalResult checkOutputs();
  LogicalResult prepareCalibration();
  LogicalResult writeCalibration();
  LogicalResult callFunction();
  LogicalResult callOnGpu();
  LogicalResult runGuarded(function_ref<void()> body);
  void benchmark(Invocation &invocation, Program::Entry entry,
                 MutableArrayRef<Array> arguments);
  void printTimes(std::vector<double> milliseconds);
  LogicalResult writeResults(ArrayRef<Array> results);

  const RunOptions &options;
  StringRef path;
  Compiler &compiler;
  raw_ostream &out;
  // Before the program, which refers to it.
  std::optional<CheckRuntime> checker;
  std::optional<CalibrationRecorder> recorder;
  std::optional<Simulation> simulation;
  std::optional<Program> program;
  const FunctionSignature *function = nullptr;
  std::vector<Array> inputs;
};

} // namespace

//===----------------------------------------------------------------------===//
// Program and function
//===----------------------------------------------------------------------===//

static bool isSharedLibrary(StringRef path) {
  llvm::file_magic magic;
  return path != "-" && !llvm::identify_magic(path, magic) &&
         magic == llvm::file_magic::elf_shared_object;
}

LogicalResult Runner::loadProgram() {
  Expected<Program> loaded = Program::load(path);
  if (!loaded)
    return fail(loaded.takeError());
  program.emplace(std::move(*loaded));
  return success();
}

LogicalResult Runner::compileProgram() {
  if (failed(compiler.load(path)) || failed(compiler.runPhases()))
    return failure();
  SmallVector<RuntimeSymbol> symbols;
  if (options.check) {
    checker.emplace(compiler.getModule());
    symbols = checker->getSymbols();
  }
  if (options.compiler.simulate) {
    simulation.emplace(compiler.getModule(), options);
    llvm::append_range(symbols, simulation->getSymbols());
  } else if (getDeviceTarget(getTarget(compiler.getModule()))) {
    llvm::append_range(symbols, getGpuSymbols());
  }
  if (compiler.usesThreads()) {
    Expected<ThreadRuntime> runtime = loadThreadRuntime();
    if (!runtime)
      return fail(runtime.takeError());
    llvm::append_range(symbols, runtime->symbols);
  }
  auto object = compiler.compileObject();
  if (failed(object))
    return failure();
  Expected<Program> linked = Program::link(std::move(*object), symbols);
  if (!linked)
    return fail(linked.takeError());
  program.emplace(std::move(*linked));
  return success();
}

LogicalResult Runner::selectFunction() {
  const ProgramSignature &all = program->getSignatures();
  std::string names;
  for (const FunctionSignature &candidate : all) {
    if (candidate.name == options.function ||
        (options.function.empty() && all.size() == 1))
      function = &candidate;
    names += (names.empty() ? "'" : ", '") + candidate.name + "'";
  }
  if (function)
    return success();
  if (all.empty())
    return compiler.reportError(path +
                                ": expected a public function, got none");
  return compiler.reportError(
      path + ": expected --function to be one of " + names + ", got " +
      (options.function.empty() ? "nothing" : "'" + options.function + "'"));
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

LogicalResult Runner::readInputs() {
  size_t expected = function->arguments.size();
  if (options.inputs.size() != expected) {
    std::string list;
    for (const ValueSignature &argument : function->arguments)
      list += (list.empty() ? " (" : ", ") + argument.description;
    return compiler.reportError("expected " + Twine(expected) +
                                " inputs for '" + function->name + "'" + list +
                                (list.empty() ? "" : ")") + ", got " +
                                Twine(options.inputs.size()));
  }
  for (auto [index, spec] : llvm::enumerate(options.inputs)) {
    const ValueSignature &argument = function->arguments[index];
    Expected<Array> input = makeInput(spec);
    if (!input)
      return fail(input.takeError());
    if (llvm::Error error = checkInput(*input, argument))
      return compiler.reportError("input " + Twine(index) + " (" + spec +
                                  ") for " + argument.description + ": " +
                                  llvm::toString(std::move(error)));
    inputs.push_back(std::move(*input));
  }
  return checkParts();
}

LogicalResult Runner::checkParts() {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (const Array &input : inputs)
    shapes.push_back(input.getShape());
  if (auto problem = explainInconsistentParts(*function, shapes))
    return compiler.reportError(*problem);
  return success();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// Found before the run, which may take long.
LogicalResult Runner::checkOutputs() {
  if (!options.outputs.empty() &&
      options.outputs.size() != function->results.size())
    return compiler.reportError(
        "expected " + Twine(function->results.size()) + " outputs for '" +
        function->name + "', or none, got " + Twine(options.outputs.size()));
  for (StringRef spec : options.outputs)
    if (Expected<StringRef> output = parseOutputSpec(spec); !output)
      return fail(output.takeError());
  return success();
}

/// Prints type, extremes, mean and the first values; a NaN counts for neither
/// of them but is counted.
static void printSummary(unsigned index, const Array &array, raw_ostream &out) {
  constexpr int64_t shown = 8;
  double least = INFINITY, most = -INFINITY, sum = 0;
  int64_t nans = 0;
  for (int64_t i = 0; i < array.size(); ++i) {
    double value = array.getAsDouble(i);
    if (std::isnan(value)) {
      ++nans;
      continue;
    }
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
  }
  out << "result " << index << ": "
      << formatShape(array.getShape(), array.getType());
  if (int64_t count = array.size() - nans)
    out << llvm::format(" min %.7g max %.7g mean %.7g", least, most,
                        sum / static_cast<double>(count));
  if (nans)
    out << " NaN " << nans;
  out << " [";
  for (int64_t i = 0; i < std::min(array.size(), shown); ++i)
    out << (i ? ", " : "") << llvm::format("%.7g", array.getAsDouble(i));
  out << (array.size() > shown ? ", …]\n" : "]\n");
}

LogicalResult Runner::writeResults(ArrayRef<Array> results) {
  for (auto [index, result] : llvm::enumerate(results)) {
    if (options.outputs.empty()) {
      printSummary(index, result, out);
      continue;
    }
    Expected<StringRef> output = parseOutputSpec(options.outputs[index]);
    if (!output)
      return fail(output.takeError());
    if (llvm::Error error = writeNpyFile(result, *output))
      return fail(std::move(error));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Calibration
//===----------------------------------------------------------------------===//

/// Listens to the program.
LogicalResult Runner::prepareCalibration() {
  const CalibrationOptions &calibration = options.calibration;
  if (calibration.output.empty())
    return success();
  RecordHook *hook = program->lookupRecordHook();
  if (!hook)
    return compiler.reportError(
        path + ": expected a program that records activations (products by "
               "constant weights, or mx.record), got one that records none");
  if (llvm::Error error = checkCalibrationOutput(calibration, path))
    return fail(std::move(error));
  recorder.emplace();
  *hook = recorder->getHook();
  return success();
}

LogicalResult Runner::writeCalibration() {
  if (!recorder)
    return success();
  auto groups = writeCalibrationOutput(options.calibration, *recorder);
  if (!groups)
    return fail(groups.takeError());
  out << "calibration: " << options.calibration.output << '\n';
  for (const SiteGroup &group : *groups) {
    out << "  ";
    llvm::interleaveComma(group.sites, out);
    out << ": " << group.statistics.samples << " rows of "
        << group.statistics.columns << '\n';
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

static bool haveSameBytes(ArrayRef<Array> left, ArrayRef<Array> right) {
  return llvm::all_of(llvm::zip_equal(left, right), [](auto pair) {
    auto &[a, b] = pair;
    return std::memcmp(a.data(), b.data(), a.getByteSize()) == 0;
  });
}

static void copyBytes(ArrayRef<Array> from, MutableArrayRef<Array> to) {
  for (auto [source, target] : llvm::zip_equal(from, to))
    std::memcpy(target.data(), source.data(), source.getByteSize());
}

/// A fault is the program's and leaves no reproducer of ours.
LogicalResult Runner::runGuarded(function_ref<void()> body) {
  if (llvm::Error error = callGuarded(function->name, body))
    return fail(std::move(error));
  return success();
}

/// The same for a program whose buffers are device memory.
LogicalResult Runner::callOnGpu() {
  GpuInvocation invocation(*function, inputs);
  if (llvm::Error error = invocation.prepare(*program))
    return fail(std::move(error));
  std::string problem;
  if (failed(runGuarded([&] {
        if (llvm::Error error = invocation.call())
          problem = llvm::toString(std::move(error));
      })))
    return failure();
  if (!problem.empty())
    return compiler.reportError(problem);
  Expected<std::vector<Array>> results = invocation.takeResults();
  if (!results)
    return fail(results.takeError());
  if (options.benchmarkRuns != 0) {
    Expected<std::vector<double>> times =
        invocation.measure(options.benchmarkRuns);
    if (!times)
      return fail(times.takeError());
    printTimes(std::move(*times));
  }
  return writeResults(*results);
}

LogicalResult Runner::callFunction() {
  if (program->isForGpu())
    return callOnGpu();
  auto entry = program->lookupEntry(function->name);
  if (!entry)
    return fail(entry.takeError());
  // The callee may overwrite its arguments; every run starts from a copy.
  std::vector<Array> arguments;
  for (const Array &input : inputs) {
    Expected<Array> copy = input.clone();
    if (!copy)
      return fail(copy.takeError());
    arguments.push_back(std::move(*copy));
  }
  Invocation invocation(*function, arguments);
  if (failed(runGuarded([&] { invocation.call(*entry); })) ||
      (simulation && failed(simulation->verify())))
    return failure();
  Expected<std::vector<Array>> results = invocation.takeResults();
  if (!results)
    return fail(results.takeError());
  if (options.benchmarkRuns != 0 &&
      failed(runGuarded([&] { benchmark(invocation, *entry, arguments); })))
    return failure();
  return writeResults(*results);
}

void Runner::benchmark(Invocation &invocation, Program::Entry entry,
                       MutableArrayRef<Array> arguments) {
  // The call before this one warmed up, and shows whether copies are needed.
  bool overwrites = !haveSameBytes(inputs, arguments);
  std::vector<double> milliseconds;
  for (unsigned i = 0; i < options.benchmarkRuns; ++i) {
    if (overwrites)
      copyBytes(inputs, arguments);
    auto start = std::chrono::steady_clock::now();
    invocation.call(entry);
    std::chrono::duration<double, std::milli> time =
        std::chrono::steady_clock::now() - start;
    milliseconds.push_back(time.count());
  }
  printTimes(std::move(milliseconds));
}

void Runner::printTimes(std::vector<double> milliseconds) {
  llvm::sort(milliseconds);
  out << llvm::format(
      "benchmark: %zu runs, median %.6g ms, min %.6g ms\n", milliseconds.size(),
      milliseconds[milliseconds.size() / 2], milliseconds.front());
}

ExitCode Runner::run() {
  bool isLibrary = isSharedLibrary(path);
  if (isLibrary && options.check) {
    (void)compiler.reportError(
        "expected --check with IR, got a library, which has no checks");
    return ExitCode::Usage;
  }
  if (isLibrary && options.calibration.rows) {
    (void)compiler.reportError("expected --calibration-rows with IR, got a "
                               "library, which has been told what to keep");
    return ExitCode::Usage;
  }
  if (failed(isLibrary ? loadProgram() : compileProgram()) ||
      failed(selectFunction()) || failed(checkOutputs()) ||
      failed(readInputs()) || failed(prepareCalibration()) ||
      failed(callFunction()) || failed(writeCalibration()))
    return compiler.getFailureCode();
  if (simulation)
    simulation->printStatistics(out);
  if (!checker)
    return ExitCode::Success;
  checker->printReport(out);
  return checker->countMismatches() == 0 ? ExitCode::Success
                                         : ExitCode::UserError;
}

ExitCode mlir::mx::runFile(const DialectRegistry &registry,
                           const RunOptions &options, StringRef path,
                           raw_ostream &out, raw_ostream &errors) {
  CompilerOptions compilerOptions = options.compiler;
  compilerOptions.insertChecks = options.check;
  const CalibrationOptions &calibration = options.calibration;
  if (!calibration.output.empty()) {
    compilerOptions.record.collect = calibration.rows ? "rows" : "hessian";
    compilerOptions.record.maxRows = calibration.rows.value_or(1);
  }
  Compiler compiler(registry, compilerOptions, errors);
  return runProtected(
      [&] { return Runner(options, path, compiler, out).run(); },
      [&] { compiler.writeReproducer(); });
}
