//===- CudaToolkit.cpp - ptxas and fatbinary ------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "CudaToolkit.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
namespace fs = llvm::sys::fs;

/// `folder`/bin/`program`, if that can be run.
static std::optional<std::string> findIn(StringRef folder, StringRef program) {
  SmallString<128> path(folder);
  llvm::sys::path::append(path, "bin", program);
  if (folder.empty() || !fs::can_execute(path))
    return std::nullopt;
  return path.str().str();
}

Expected<std::string> CudaToolkit::find(StringRef program) const {
  if (!path.empty()) {
    if (auto found = findIn(path, program))
      return *found;
    return llvm::createStringError("expected '" + path + "/bin/" + program +
                                   "' to be a program, got none");
  }
  for (const char *variable : {"CUDA_PATH", "CUDA_HOME"})
    if (auto folder = llvm::sys::Process::GetEnv(variable))
      if (auto found = findIn(*folder, program))
        return *found;
  if (auto found = llvm::sys::findProgramByName(program))
    return *found;
  if (auto found = findIn("/usr/local/cuda", program))
    return *found;
  return llvm::createStringError(
      "expected " + program +
      " of a CUDA toolkit (--cuda-path, CUDA_PATH, CUDA_HOME, PATH or "
      "/usr/local/cuda), got none; PTX can be written instead ('-o name.ptx')");
}

namespace {

/// Files that live as long as this.
class TemporaryFiles {
public:
  ~TemporaryFiles() {
    for (const std::string &path : paths)
      fs::remove(path);
  }
  /// Makes a file with these bytes and returns its path.
  Expected<std::string> create(StringRef suffix, StringRef bytes) {
    SmallString<64> path;
    int file;
    if (std::error_code error =
            fs::createTemporaryFile("mx-device", suffix, file, path))
      return llvm::createStringError("temporary file: " + error.message());
    paths.push_back(path.str().str());
    llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
    os << bytes;
    os.close();
    if (!os.has_error())
      return paths.back();
    std::string text = os.error().message();
    os.clear_error();
    return llvm::createStringError(path + ": " + text);
  }

private:
  std::vector<std::string> paths;
};

} // namespace

static Expected<std::string> readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError(path + ": " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

/// Runs a program whose output goes to the file `log`; returns its status.
static Expected<int> runProgram(StringRef program,
                                ArrayRef<StringRef> arguments, StringRef log) {
  std::optional<StringRef> redirects[] = {std::nullopt, log, log};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt,
                                         redirects, /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &message);
  if (status < 0)
    return llvm::createStringError("expected '" + program +
                                   "' to run, got: " + message);
  return status;
}

Expected<AssembledCode> mlir::mx::assemblePtx(const CudaToolkit &toolkit,
                                              StringRef ptx, StringRef chip) {
  Expected<std::string> ptxas = toolkit.find("ptxas");
  if (!ptxas)
    return ptxas.takeError();
  TemporaryFiles files;
  Expected<std::string> input = files.create("ptx", ptx);
  if (!input)
    return input.takeError();
  Expected<std::string> output = files.create("cubin", "");
  if (!output)
    return output.takeError();
  Expected<std::string> log = files.create("log", "");
  if (!log)
    return log.takeError();
  std::string arch = ("-arch=" + chip).str();
  Expected<int> status = runProgram(
      *ptxas, {*ptxas, arch, "--fmad=false", "-v", *input, "-o", *output},
      *log);
  if (!status)
    return status.takeError();
  Expected<std::string> text = readFile(*log);
  if (!text)
    return text.takeError();
  AssembledCode code{"", *text, *status == 0};
  if (!code.assembled)
    return code;
  Expected<std::string> bytes = readFile(*output);
  if (!bytes)
    return bytes.takeError();
  code.bytes = std::move(*bytes);
  return code;
}

Expected<std::string> mlir::mx::bundleCode(const CudaToolkit &toolkit,
                                           StringRef cubin, StringRef ptx,
                                           StringRef chip) {
  Expected<std::string> program = toolkit.find("fatbinary");
  if (!program)
    return program.takeError();
  TemporaryFiles files;
  SmallVector<std::string> paths;
  for (auto [suffix, bytes] : {std::pair<StringRef, StringRef>("cubin", cubin),
                               {"ptx", ptx},
                               {"fatbin", ""},
                               {"log", ""}}) {
    Expected<std::string> path = files.create(suffix, bytes);
    if (!path)
      return path.takeError();
    paths.push_back(*path);
  }
  std::string number = chip.drop_front(StringRef("sm_").size()).str();
  std::string elf = "--image3=kind=elf,sm=" + number + ",file=" + paths[0];
  std::string text = "--image3=kind=ptx,sm=" + number + ",file=" + paths[1];
  std::string create = "--create=" + paths[2];
  Expected<int> status =
      runProgram(*program, {*program, "-64", create, elf, text}, paths[3]);
  if (!status)
    return status.takeError();
  if (*status == 0)
    return readFile(paths[2]);
  Expected<std::string> log = readFile(paths[3]);
  if (!log)
    return log.takeError();
  return llvm::createStringError("expected '" + *program +
                                 "' to bundle, got status " + Twine(*status) +
                                 ": " + StringRef(*log).rtrim());
}
