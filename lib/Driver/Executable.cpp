//===- Executable.cpp - a program that other code calls -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Executable.h"
#include "GpuInvocation.h"
#include "GpuSymbols.h"
#include "GuardedCall.h"
#include "InputSpec.h"
#include "Invocation.h"
#include "Program.h"
#include "ThreadRuntime.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Driver/Compiler.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;

Executable::Executable(std::unique_ptr<Program> program)
    : program(std::move(program)) {}
Executable::Executable(Executable &&) = default;
Executable &Executable::operator=(Executable &&) = default;
Executable::~Executable() = default;

FailureOr<Executable> Executable::compile(Compiler &compiler) {
  if (failed(compiler.runPhases()))
    return failure();
  SmallVector<RuntimeSymbol> symbols(getGuardedSymbols());
  if (getDeviceTarget(getTarget(compiler.getModule())))
    llvm::append_range(symbols, getGpuSymbols());
  if (compiler.usesThreads()) {
    Expected<ThreadRuntime> runtime = loadThreadRuntime();
    if (!runtime)
      return compiler.reportError(llvm::toString(runtime.takeError()));
    llvm::append_range(symbols, runtime->symbols);
  }
  auto object = compiler.compileObject();
  if (failed(object))
    return failure();
  Expected<Program> linked = Program::link(std::move(*object), symbols);
  if (!linked)
    return compiler.reportError(llvm::toString(linked.takeError()));
  return Executable(std::make_unique<Program>(std::move(*linked)));
}

Expected<Executable> Executable::load(StringRef path) {
  Expected<Program> loaded = Program::load(path);
  if (!loaded)
    return loaded.takeError();
  return Executable(std::make_unique<Program>(std::move(*loaded)));
}

const ProgramSignature &Executable::getSignatures() const {
  return program->getSignatures();
}

Expected<const FunctionSignature *> Executable::lookup(StringRef name) const {
  const ProgramSignature &all = getSignatures();
  std::string names;
  for (const FunctionSignature &candidate : all) {
    if (candidate.name == name || (name.empty() && all.size() == 1))
      return &candidate;
    names += (names.empty() ? "'" : ", '") + candidate.name + "'";
  }
  if (all.empty())
    return llvm::createStringError("expected a public function, got none");
  return llvm::createStringError(
      "expected a function of the program (" + names + "), got " +
      (name.empty() ? "none" : "'" + name.str() + "'"));
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

static Error checkInputs(const FunctionSignature &function,
                         ArrayRef<Array> inputs) {
  if (inputs.size() != function.arguments.size()) {
    std::string list;
    for (const ValueSignature &argument : function.arguments)
      list += (list.empty() ? " (" : ", ") + argument.description;
    return llvm::createStringError(
        "expected " + Twine(function.arguments.size()) + " arguments of '" +
        function.name + "'" + list + (list.empty() ? "" : ")") + ", got " +
        Twine(inputs.size()));
  }
  SmallVector<ArrayRef<int64_t>> shapes;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    const ValueSignature &argument = function.arguments[index];
    if (Error error = checkInput(input, argument))
      return llvm::createStringError(
          "argument " + Twine(index) + " of '" + function.name + "', " +
          argument.description + ": " + llvm::toString(std::move(error)));
    shapes.push_back(input.getShape());
  }
  if (auto problem = explainInconsistentParts(function, shapes))
    return llvm::createStringError(*problem);
  return Error::success();
}

static Expected<std::vector<Array>> callOnGpu(Program &program,
                                              const FunctionSignature &function,
                                              MutableArrayRef<Array> inputs) {
  GpuInvocation invocation(function, inputs);
  if (Error error = invocation.prepare(program))
    return error;
  std::string problem;
  if (Error fault = callGuarded(function.name, [&] {
        if (Error error = invocation.call())
          problem = llvm::toString(std::move(error));
      }))
    return fault;
  if (!problem.empty())
    return llvm::createStringError(problem);
  return invocation.takeResults();
}

Expected<std::vector<Array>>
Executable::call(const FunctionSignature &function,
                 MutableArrayRef<Array> inputs) const {
  if (Error error = checkInputs(function, inputs))
    return error;
  if (program->isForGpu())
    return callOnGpu(*program, function, inputs);
  Expected<Program::Entry> entry = program->lookupEntry(function.name);
  if (!entry)
    return entry.takeError();
  Invocation invocation(function, inputs);
  if (Error fault =
          callGuarded(function.name, [&] { invocation.call(*entry); }))
    return fault;
  return invocation.takeResults();
}
