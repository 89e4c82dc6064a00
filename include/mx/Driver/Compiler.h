//===- Compiler.h - from a file to IR, objects and libraries ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What mx-compile is made of: read, run the phases, emit. mx-run uses the same
// steps and loads the object into memory, so both run the same code.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_COMPILER_H
#define MX_DRIVER_COMPILER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mx/Dialect/MX/Transforms/Phases.h"
#include "mx/Driver/Exit.h"
#include "mx/Driver/Signature.h"
#include "mx/Pipelines/Decisions.h"
#include <memory>

namespace llvm {
class MemoryBuffer;
class SourceMgr;
class ThreadPoolInterface;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class ScopedDiagnosticHandler;
class SourceMgrDiagnosticHandler;
} // namespace mlir

namespace mlir::mx {

class NativeCode;

struct CompilerOptions {
  /// "cpu" (any machine of the host's kind), "native" (this machine), a
  /// processor name of LLVM or an NVIDIA chip such as "sm_120a". Empty: what
  /// the module says, else "cpu". compileFile takes several processors, with
  /// commas between them.
  std::string target;
  Phase stopAfter = Phase::LLVM;
  /// Threads that work on weights; 0 for one on each core. Everything else, the
  /// messages among it, comes from one thread.
  unsigned threads = 0;
  /// Make the choice of an emulated kernel an error.
  bool failOnEmulation = false;
  /// Let threads of OpenMP divide the loops of a CPU program.
  bool openmp = false;
  /// Make kernels of a GPU host code that calls the simulator.
  bool simulate = false;
  /// Compare every operation with the reference while the program runs.
  bool insertChecks = false;
  /// Print remarks whose category matches this regular expression.
  std::string remarksFilter;
  /// What becomes of products of plain numbers, and what is recorded of them.
  DecisionOptions decisions;
  RecordOptions record;
  /// The folder of a CUDA toolkit. Empty: where one is found.
  std::string cudaPath;
};

/// What can be written.
enum class OutputKind {
  MLIR,
  Bytecode,
  LLVMIR,
  Object,
  SharedLibrary,
  PTX,
  Cubin,
  FatBinary
};

/// Returns the kind that the extension of `path` stands for (.mlir, .mlirbc,
/// .ll, .o, .so, .ptx, .cubin, .fatbin), if any.
std::optional<OutputKind> lookupOutputKind(StringRef path);

/// Compiles one file. Steps are called in the order of declaration; after one
/// fails, `getFailureCode` says how to end.
class Compiler {
public:
  /// Input may use the dialects of `registry`; diagnostics are printed to
  /// `errors`.
  Compiler(const DialectRegistry &registry, CompilerOptions options,
           raw_ostream &errors);
  ~Compiler();

  /// Reads IR as text or bytecode ("-" is standard input), checks it, and
  /// records target and signatures.
  LogicalResult load(StringRef path);
  /// The same with what a buffer holds; diagnostics call it by its identifier.
  LogicalResult load(std::unique_ptr<llvm::MemoryBuffer> buffer);
  /// Checks that code of this kind can be made for the target.
  LogicalResult verifyOutput(OutputKind kind);
  /// Runs the phases up to `stopAfter`. What only kernels are wanted of may
  /// have any host code.
  LogicalResult runPhases(bool kernelsOnly = false);
  /// Generates machine code. Only functions on the list of runtime symbols may
  /// be called; anything else is an error. `suffix` is put behind the names of
  /// functions.
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
  compileObject(StringRef suffix = "");
  /// Links objects of the program into a shared library.
  LogicalResult link(ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects,
                     StringRef path);
  /// Generates code of the program's kernels for a GPU: PTX, or what ptxas and
  /// fatbinary of a CUDA toolkit make of it.
  FailureOr<std::string> compileDevice(OutputKind kind);
  /// Writes a file ("-" is standard output). An older file is replaced when
  /// everything is written, or left alone.
  LogicalResult emit(OutputKind kind, StringRef path);

  const CompilerOptions &getOptions() const { return options; }
  /// The steps from what was loaded to a file.
  LogicalResult compileTo(OutputKind kind, StringRef path);

  ModuleOp getModule() { return *module; }
  const ProgramSignature &getSignatures() const { return signatures; }
  /// Whether compiled code calls the runtime of OpenMP.
  bool usesThreads();

  /// Prints `error: ` and the text.
  LogicalResult reportError(const Twine &text);
  /// UserError if a step reported what is wrong, else Internal, having written
  /// a reproducer.
  ExitCode getFailureCode();
  /// Writes the input and the options to a new file and prints its path.
  void writeReproducer();

private:
  void startThreads();
  LogicalResult enableRemarks();
  LogicalResult setTarget();
  LogicalResult checkExternalSymbols();
  FailureOr<NativeCode> generateCode();

  CompilerOptions options;
  raw_ostream &errors;
  /// Shared with the module, whose large constants stay in the file.
  std::shared_ptr<llvm::SourceMgr> sources;
  /// For weights; null if one thread is enough.
  std::unique_ptr<llvm::ThreadPoolInterface> threads;
  std::unique_ptr<MLIRContext> context;
  std::unique_ptr<SourceMgrDiagnosticHandler> printer;
  std::unique_ptr<ScopedDiagnosticHandler> counter;
  OwningOpRef<ModuleOp> module;
  ProgramSignature signatures;
  unsigned errorCount = 0;
};

/// All of mx-compile: `input` to `output`. A shared library may be for several
/// targets; the first that a machine can run is chosen when it is loaded.
ExitCode compileFile(const DialectRegistry &registry,
                     const CompilerOptions &options, StringRef input,
                     OutputKind kind, StringRef output, raw_ostream &errors);

} // namespace mlir::mx

#endif // MX_DRIVER_COMPILER_H
