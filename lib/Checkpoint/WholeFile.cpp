//===- WholeFile.cpp - files that are written as a whole ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// LLVM's own function for this renames before it looks whether everything was
// written, and ends the program afterwards; nor does it wait for the disk.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/WholeFile.h"
#include "mx/Checkpoint/ResumableFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <unistd.h>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

/// Writes what is buffered. An error that is not taken from the stream would
/// end the program.
static std::error_code finish(llvm::raw_fd_ostream &os) {
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  return error;
}

/// Writes to a device or a pipe, which a rename would replace by a file.
static Error writeDevice(StringRef path,
                         llvm::function_ref<void(llvm::raw_ostream &)> write) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    return makeError(path, error.message());
  write(os);
  if (std::error_code failure = finish(os))
    return makeError(path, failure.message());
  return Error::success();
}

Error mlir::mx::writeWholeFile(
    StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  if (path == "-") {
    write(llvm::outs());
    if (std::error_code error = finish(llvm::outs()))
      return makeError("standard output", error.message());
    return Error::success();
  }
  if (fs::exists(path) && !fs::is_regular_file(path))
    return writeDevice(path, write);
  Expected<fs::TempFile> file =
      fs::TempFile::create(path + ".tmp%%%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return makeError(path, llvm::toString(file.takeError()));
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  write(os);
  std::error_code error = finish(os);
  // After a crash, the name must not stand for blocks that were never written.
  if (!error && ::fsync(file->FD) != 0)
    error = std::error_code(errno, std::generic_category());
  if (error)
    return llvm::joinErrors(makeError(path, error.message()), file->discard());
  if (Error error = file->keep(path))
    return makeError(path, llvm::toString(std::move(error)));
  return syncFolder(llvm::sys::path::parent_path(path));
}
