//===- Module.cpp - programs as they are read and compiled ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A module is a source and its options, nothing that changes. Each function
// compiles it from the start, in an MLIR context of its own: that costs
// milliseconds and makes every object of the interface free of threads.
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "Program.h"
#include "Text.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Support/Register.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::mx;

struct MXContext {
  DialectRegistry registry;
};

struct MXModule {
  explicit MXModule(const MXContext &context) {
    context.registry.appendTo(registry);
  }

  /// A registry is a list of functions; the context may be destroyed.
  DialectRegistry registry;
  CompilerOptions options;
  /// The path of a file; otherwise what messages call `bytes`.
  std::string name;
  std::string bytes;
  bool isFile = false;
};

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

static LogicalResult load(const MXModule &module, Compiler &compiler) {
  if (module.isFile)
    return compiler.load(module.name);
  return compiler.load(
      llvm::MemoryBuffer::getMemBufferCopy(module.bytes, module.name));
}

/// Runs `body` on a compiler that has loaded `module`.
static bool compile(const MXModule &module, Phase stopAfter, MXText **messages,
                    function_ref<LogicalResult(Compiler &)> body) {
  CompilerOptions options = module.options;
  options.stopAfter = stopAfter;
  std::string text;
  llvm::raw_string_ostream os(text);
  ExitCode code;
  {
    Compiler compiler(module.registry, options, os);
    code = runProtected(
        [&] {
          if (failed(load(module, compiler)) || failed(body(compiler)))
            return compiler.getFailureCode();
          return ExitCode::Success;
        },
        [&] { compiler.writeReproducer(); });
  }
  setMessages(messages, std::move(text));
  return code == ExitCode::Success;
}

/// Gives `module` its options and checks that it can be read.
static MXModule *finish(std::unique_ptr<MXModule> module,
                        const MXOptions *options, MXText **messages) {
  if (options) {
    module->options = options->compiler;
    if (module->options.decisions.objective.empty() &&
        !options->needsObjective.empty()) {
      fail(messages, "expected 'quantize' with '" + options->needsObjective +
                         "', got '" + options->needsObjective + "' alone");
      return nullptr;
    }
  }
  if (!compile(*module, Phase::LLVM, messages,
               [](Compiler &) { return success(); }))
    return nullptr;
  return module.release();
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

MXContext *mxContextCreate(void) {
  auto *context = new MXContext();
  registerAllDialects(context->registry);
  return context;
}

void mxContextDestroy(MXContext *context) { delete context; }

MXModule *mxModuleParse(const MXContext *context, const char *bytes,
                        size_t size, const char *name, const MXOptions *options,
                        MXText **messages) {
  auto module = std::make_unique<MXModule>(*context);
  module->name = name;
  module->bytes.assign(bytes, size);
  return finish(std::move(module), options, messages);
}

MXModule *mxModuleOpen(const MXContext *context, const char *path,
                       const MXOptions *options, MXText **messages) {
  auto module = std::make_unique<MXModule>(*context);
  // "-" is a file here; what a tool reads from its standard input, a library
  // would take from its host.
  module->name = StringRef(path) == "-" ? "./-" : path;
  module->isFile = true;
  return finish(std::move(module), options, messages);
}

void mxModuleDestroy(MXModule *module) { delete module; }

MXText *mxModulePrint(const MXModule *module, const char *phase,
                      MXText **messages) {
  std::optional<Phase> last = Phase::LLVM;
  if (phase && !(last = lookupPhase(phase))) {
    std::string names;
    for (Phase each : getPhases())
      names += (names.empty() ? "'" : ", '") + getPhaseName(each).str() + "'";
    fail(messages,
         "expected a phase (" + Twine(names) + "), got '" + phase + "'");
    return nullptr;
  }
  std::string text;
  bool printed = compile(*module, *last, messages, [&](Compiler &compiler) {
    if (phase && failed(compiler.runPhases()))
      return failure();
    llvm::raw_string_ostream os(text);
    compiler.getModule().print(os);
    return success();
  });
  return printed ? new MXText{std::move(text)} : nullptr;
}

bool mxModuleWrite(const MXModule *module, const char *path,
                   MXText **messages) {
  std::optional<OutputKind> kind = lookupOutputKind(path);
  if (!kind)
    return fail(messages, "expected a path that ends in .mlir, .mlirbc, .ll, "
                          ".o, .so, .ptx, .cubin or .fatbin, got '" +
                              Twine(path) + "'");
  if (module->isFile && llvm::sys::fs::equivalent(module->name, path))
    return fail(messages, "expected an output that is not the input, got '" +
                              Twine(path) + "' twice");
  return compile(*module, Phase::LLVM, messages, [&](Compiler &compiler) {
    return compiler.compileTo(*kind, path);
  });
}

MXProgram *mxModuleLink(const MXModule *module, MXText **messages) {
  MXProgram *program = nullptr;
  compile(*module, Phase::LLVM, messages, [&](Compiler &compiler) {
    FailureOr<Executable> executable = Executable::compile(compiler);
    if (failed(executable))
      return failure();
    program = makeProgram(std::move(*executable));
    return success();
  });
  return program;
}
