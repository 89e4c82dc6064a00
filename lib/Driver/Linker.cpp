//===- Linker.cpp - shared libraries --------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Linker.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <optional>

using namespace mlir;
using llvm::Error;
namespace fs = llvm::sys::fs;

namespace {
struct LinkProgram {
  std::string path;
  /// A compiler adds libc and its own support library by itself.
  bool isCompiler;
};

/// Paths; empty ones are left out.
struct LinkFiles {
  SmallVector<std::string> objects;
  std::string archive, library;
};
} // namespace

/// Whether code is for this kind of machine.
static bool isNative(llvm::Triple::ArchType arch) {
  return arch == llvm::Triple(llvm::sys::getProcessTriple()).getArch();
}

/// Compilers that link for a kind of machine.
static SmallVector<std::string> listCompilers(llvm::Triple::ArchType arch) {
  if (isNative(arch))
    return {"cc", "clang", "clang-22", "gcc"};
  return {(llvm::Triple::getArchTypeName(arch) + "-linux-gnu-gcc").str()};
}

static llvm::Expected<LinkProgram> findLinker(llvm::Triple::ArchType arch) {
  SmallVector<std::string> compilers = listCompilers(arch);
  for (const std::string &name : compilers)
    if (auto path = llvm::sys::findProgramByName(name))
      return LinkProgram{*path, /*isCompiler=*/true};
  for (const char *name : {"ld.lld", "ld.lld-22"})
    if (auto path = llvm::sys::findProgramByName(name))
      return LinkProgram{*path, /*isCompiler=*/false};
  return llvm::createStringError(
      "expected " + llvm::join(compilers, ", ") +
      " or ld.lld on PATH to link a shared library, got none; an object can be "
      "written instead ('-o name.o')");
}

/// Names derived from random characters must not get into the library, so only
/// dynamic symbols are kept.
static SmallVector<StringRef> makeArguments(const LinkProgram &program,
                                            const LinkFiles &files,
                                            StringRef library) {
  SmallVector<StringRef> arguments = {program.path, "-shared", "-s", "-o",
                                      library};
  llvm::append_range(arguments, files.objects);
  if (!files.library.empty())
    arguments.push_back(files.library);
  if (!files.archive.empty() && program.isCompiler)
    arguments.append({"-Wl,--whole-archive", files.archive,
                      "-Wl,--no-whole-archive", "-lpthread", "-ldl"});
  else if (!files.archive.empty())
    arguments.append({"--whole-archive", files.archive, "--no-whole-archive"});
  if (program.isCompiler)
    arguments.append(
        {"-Wl,-z,defs", "-Wl,-z,noexecstack", "-Wl,--build-id=none", "-lm"});
  else
    arguments.append({"-z", "noexecstack", "--build-id=none"});
  return arguments;
}

/// Runs the linker; on failure, its first lines become the message.
static Error runLinker(const LinkProgram &program, const LinkFiles &files,
                       StringRef library) {
  SmallString<64> log;
  if (std::error_code error = fs::createTemporaryFile("mx-link", "log", log))
    return llvm::createStringError("link log: " + error.message());
  llvm::scope_exit removeLog([&] { fs::remove(log); });
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(
      program.path, makeArguments(program, files, library), std::nullopt,
      redirects, /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status == 0)
    return Error::success();
  if (auto text = llvm::MemoryBuffer::getFile(log); text && message.empty())
    message = (*text)->getBuffer().take_front(512).rtrim().str();
  return llvm::createStringError("expected '" + program.path +
                                 "' to link, got status " + Twine(status) +
                                 ": " + message);
}

static Error writeFile(StringRef bytes, StringRef path) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    return llvm::createStringError(path + ": " + error.message());
  os << bytes;
  os.close();
  if (!os.has_error())
    return Error::success();
  std::string text = os.error().message();
  os.clear_error();
  return llvm::createStringError(path + ": " + text);
}

Error mlir::mx::linkSharedLibrary(const LinkInputs &inputs, StringRef path) {
  auto file = llvm::object::ObjectFile::createObjectFile(inputs.objects[0]);
  if (!file)
    return file.takeError();
  llvm::Triple::ArchType arch = (*file)->getArch();
  if (!inputs.library.empty() && !isNative(arch))
    return llvm::createStringError(
        "expected an object ('-o name.o') of a program with threads for "
        "another kind of machine, got a shared library; it is linked there, "
        "with libomp");
  llvm::Expected<LinkProgram> program = findLinker(arch);
  if (!program)
    return program.takeError();
  // In the folder of the result, so that the last step is a rename.
  const unsigned mode = fs::all_read | fs::all_write | fs::all_exe;
  auto library = fs::TempFile::create(path + ".tmp%%%%%%%%", mode);
  if (!library)
    return llvm::createStringError(path + ": " +
                                   llvm::toString(library.takeError()));
  LinkFiles files{{}, "", inputs.library};
  llvm::scope_exit removeInputs([&] {
    for (const std::string &object : files.objects)
      fs::remove(object);
    fs::remove(files.archive);
  });
  Error error = Error::success();
  for (llvm::MemoryBufferRef object : inputs.objects) {
    files.objects.push_back(library->TmpName + "." +
                            std::to_string(files.objects.size()) + ".o");
    if (!error)
      error = writeFile(object.getBuffer(), files.objects.back());
  }
  if (!error && !inputs.archive.empty()) {
    files.archive = library->TmpName + ".a";
    error = writeFile(inputs.archive, files.archive);
  }
  if (!error)
    error = runLinker(*program, files, library->TmpName);
  if (error)
    return llvm::joinErrors(std::move(error), library->discard());
  if (Error renamed = library->keep(path))
    return llvm::createStringError(path + ": " +
                                   llvm::toString(std::move(renamed)));
  return Error::success();
}
