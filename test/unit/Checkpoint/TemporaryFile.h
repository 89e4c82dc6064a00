//===- TemporaryFile.h - a file for one test --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_CHECKPOINT_TEMPORARYFILE_H
#define MX_TEST_UNIT_CHECKPOINT_TEMPORARYFILE_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace mlir::mx {

/// A path that is free at first and removed in the end.
class TemporaryFile {
public:
  TemporaryFile() {
    (void)llvm::sys::fs::createUniqueDirectory("mx-checkpoint", folder);
    path = (folder + "/x.safetensors").str();
  }
  explicit TemporaryFile(llvm::StringRef bytes) : TemporaryFile() {
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    os << bytes;
  }
  ~TemporaryFile() { (void)llvm::sys::fs::remove_directories(folder); }

  const std::string &getPath() const { return path; }
  llvm::StringRef getFolder() const { return folder; }
  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "<no file>";
  }
  int64_t countFilesInFolder() const {
    std::error_code error;
    int64_t count = 0;
    for (llvm::sys::fs::directory_iterator file(folder, error), end;
         !error && file != end; file.increment(error))
      ++count;
    return count;
  }

private:
  llvm::SmallString<64> folder;
  std::string path;
};

} // namespace mlir::mx

#endif // MX_TEST_UNIT_CHECKPOINT_TEMPORARYFILE_H
