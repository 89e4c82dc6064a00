//===- mx-compile.cpp - compile IR to objects and libraries ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "../DecisionFlags.h"
#include "../ThreadFlag.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Driver/Compiler.h"
#include "mx/Support/Register.h"
#include "mx/Support/Version.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir::mx;
namespace cl = llvm::cl;

namespace {

/// The command line. Made in main, because one name must be taken back from
/// LLVM's code generator first.
struct Options {
  cl::OptionCategory category{"mx-compile options"};
  cl::opt<std::string> input{cl::Positional, cl::desc("<input.mlir>"),
                             cl::init("-"), cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::init("-"), cl::value_desc("file"), cl::cat(category),
      cl::desc("Output; .mlir, .mlirbc (bytecode), .ll, .o and .so, and for a "
               "GPU also "
               ".ptx, .cubin and .fatbin, choose what is written (default: IR "
               "to standard output)")};
  cl::opt<std::string> target{
      "target", cl::value_desc("machine"), cl::cat(category),
      cl::desc("'cpu' for any machine of this kind (default), 'native' for "
               "this one, a processor name of LLVM, or an NVIDIA chip such as "
               "'sm_120a'; for a shared library also processors with commas "
               "between them")};
  cl::opt<Phase> stopAfter{
      "stop-after", cl::init(Phase::LLVM), cl::cat(category),
      cl::desc("Write the IR after a phase"),
      cl::values(clEnumValN(Phase::Import, "import", "mx operations found"),
                 clEnumValN(Phase::Format, "format", "formats chosen"),
                 clEnumValN(Phase::Rotate, "rotate", "rotations placed"),
                 clEnumValN(Phase::Quantize, "quantize", "weights quantised"),
                 clEnumValN(Phase::Select, "select", "kernels named"),
                 clEnumValN(Phase::Pack, "pack", "values taken apart to bytes"),
                 clEnumValN(Phase::Lower, "lower", "loops on buffers"),
                 clEnumValN(Phase::LLVM, "llvm", "the LLVM dialect"))};
  cl::opt<bool> failOnEmulation{
      "fail-on-emulation", cl::cat(category),
      cl::desc("Make the choice of an emulated kernel an error")};
  cl::opt<std::string> remarksFilter{
      "remarks-filter", cl::value_desc("regex"), cl::cat(category),
      cl::desc("Print remarks of these categories, e.g. 'mx.*'")};
  cl::opt<std::string> cudaPath{
      "cuda-path", cl::value_desc("folder"), cl::cat(category),
      cl::desc(
          "CUDA toolkit whose bin/ has ptxas and fatbinary (default: found "
          "by CUDA_PATH, CUDA_HOME, PATH, or /usr/local/cuda)")};
  DecisionFlags decisions{category};
  ThreadFlag threads{category};
  OpenMPFlag openmp{category};
  cl::opt<std::string> record{
      "record", cl::value_desc("what"), cl::cat(category),
      cl::desc("Record the activations of matmuls when mx-run asks for it: "
               "hessian or rows")};
};

} // namespace

static int usage(const llvm::Twine &text) {
  llvm::errs() << "mx-compile: " << text << '\n';
  return static_cast<int>(ExitCode::Usage);
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg("mx: internal failure, at:\n");
  llvm::InitLLVM init(argc, argv);
  if (cl::Option *taken = cl::getRegisteredOptions().lookup("stop-after"))
    taken->removeArgument();
  Options line;
  cl::HideUnrelatedOptions(line.category);
  cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "mx-compile " MX_VERSION_STRING "\n";
  });
  if (!cl::ParseCommandLineOptions(
          argc, argv, "compiles IR to objects and shared libraries\n",
          &llvm::errs()))
    return static_cast<int>(ExitCode::Usage);
  std::optional<OutputKind> kind = OutputKind::MLIR;
  if (line.output != "-")
    kind = lookupOutputKind(line.output);
  if (!kind)
    return usage("expected -o to end in .mlir, .mlirbc, .ll, .o, .so, .ptx, "
                 ".cubin or .fatbin, got '" +
                 line.output + "'");
  if (line.stopAfter.getNumOccurrences() && *kind != OutputKind::MLIR &&
      *kind != OutputKind::Bytecode)
    return usage("expected --stop-after with '-o name.mlir' or '-o "
                 "name.mlirbc', got '" +
                 line.output + "'");
  if (std::string conflict =
          line.decisions.explainConflict(!line.record.empty());
      !conflict.empty())
    return usage(conflict);
  CompilerOptions options;
  if (std::string problem = line.threads.read(options.threads);
      !problem.empty())
    return usage(problem);
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  options.target = line.target;
  options.stopAfter = line.stopAfter;
  options.failOnEmulation = line.failOnEmulation;
  options.openmp = line.openmp;
  options.remarksFilter = line.remarksFilter;
  options.decisions = line.decisions.getOptions();
  options.record.collect = line.record;
  options.cudaPath = line.cudaPath;
  return static_cast<int>(compileFile(registry, options, line.input, *kind,
                                      line.output, llvm::errs()));
}
