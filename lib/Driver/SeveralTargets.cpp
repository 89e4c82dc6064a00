//===- SeveralTargets.cpp - a library that fits many machines -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each target is a compilation of its own, from the source on: kernels, packed
// weights and code differ. Their functions get the target's name, and those of
// the program become choices among them (Dispatch.h).
//===----------------------------------------------------------------------===//

#include "SeveralTargets.h"
#include "Dispatch.h"
#include "Linker.h"
#include "ProtectedLoop.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// What was compiled so far.
struct Parts {
  SmallVector<DispatchCase> cases;
  SmallVector<std::unique_ptr<llvm::MemoryBuffer>> objects;
};

} // namespace

/// Compiles for the compiler's target.
static LogicalResult addPart(Compiler &compiler, StringRef input,
                             Parts &parts) {
  if (failed(compiler.load(input)))
    return failure();
  TargetAttr target = getTarget(compiler.getModule());
  if (getDeviceTarget(target))
    return compiler.reportError(
        "expected processors where there are several targets, got '" +
        compiler.getOptions().target + "'");
  Processor processor{target.getChip().str(), target.getFeatures().str()};
  if (auto problem = explainNoDispatch(processor))
    return compiler.reportError(*problem);
  std::string suffix = "." + compiler.getOptions().target;
  if (failed(compiler.runPhases()))
    return failure();
  auto object = compiler.compileObject(suffix);
  if (failed(object))
    return failure();
  parts.cases.push_back({std::move(processor), std::move(suffix)});
  parts.objects.push_back(std::move(*object));
  return success();
}

/// Makes the library, after the last part.
static LogicalResult linkParts(Compiler &compiler, Parts &parts,
                               StringRef output) {
  auto choice = createDispatch(compiler.getSignatures(), parts.cases);
  if (!choice)
    return compiler.reportError(llvm::toString(choice.takeError()));
  parts.objects.push_back(std::move(*choice));
  return compiler.link(parts.objects, output);
}

static LogicalResult checkNames(Compiler &compiler, ArrayRef<StringRef> names,
                                StringRef input) {
  llvm::StringSet<> seen;
  for (StringRef name : names) {
    if (name.empty())
      return compiler.reportError(
          "expected targets between commas, got nothing in '" +
          llvm::join(names, ",") + "'");
    if (!seen.insert(name).second)
      return compiler.reportError("expected different targets, got '" + name +
                                  "' twice");
  }
  if (input == "-")
    return compiler.reportError("expected a file where there are several "
                                "targets, got standard input");
  return success();
}

ExitCode mlir::mx::compileForTargets(const DialectRegistry &registry,
                                     const CompilerOptions &options,
                                     StringRef input, StringRef output,
                                     raw_ostream &errors) {
  SmallVector<StringRef> names;
  StringRef(options.target).split(names, ',');
  Parts parts;
  for (StringRef name : names) {
    CompilerOptions one = options;
    one.target = name.str();
    Compiler compiler(registry, one, errors);
    ExitCode code = runProtected(
        [&] {
          bool isFirst = parts.objects.empty(), isLast = name == names.back();
          if ((isFirst && failed(checkNames(compiler, names, input))) ||
              failed(addPart(compiler, input, parts)) ||
              (isLast && failed(linkParts(compiler, parts, output))))
            return compiler.getFailureCode();
          return ExitCode::Success;
        },
        [&] { compiler.writeReproducer(); });
    if (code != ExitCode::Success)
      return code;
  }
  return ExitCode::Success;
}
