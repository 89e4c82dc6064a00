//===- CompiledLibrary.cpp - programs as libraries ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The file is gone once it is loaded.
//===----------------------------------------------------------------------===//

#include "CompiledLibrary.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Driver/Compiler.h"
#include "mx/Support/Register.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
namespace fs = llvm::sys::fs;

/// Compiles `program` to the library `path`.
static Error compile(StringRef program, Threads threads, StringRef path) {
  std::string source = (path + ".mlir").str(), text;
  llvm::scope_exit removeSource([&] { fs::remove(source); });
  std::error_code error;
  llvm::raw_fd_ostream os(source, error);
  if (error)
    return llvm::createStringError(source + ": " + error.message());
  os << program;
  os.close();
  DialectRegistry registry;
  registerAllDialects(registry);
  CompilerOptions options;
  options.target = "native";
  options.openmp = threads == Threads::Many;
  llvm::raw_string_ostream errors(text);
  if (compileFile(registry, options, source, OutputKind::SharedLibrary, path,
                  errors) != ExitCode::Success)
    return llvm::createStringError(text);
  return Error::success();
}

llvm::Expected<void *> compileLibrary(StringRef program, Threads threads) {
  SmallString<64> path;
  if (std::error_code error = fs::createTemporaryFile("mx-bench", "so", path))
    return llvm::createStringError(error.message());
  llvm::scope_exit removeLibrary([&] { fs::remove(path); });
  if (Error error = compile(program, threads, path))
    return error;
  if (void *library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    return library;
  return llvm::createStringError(::dlerror());
}
