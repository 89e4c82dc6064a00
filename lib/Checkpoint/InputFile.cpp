//===- InputFile.cpp - a file of a stranger, open for reading -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Everything is asked of the descriptor and not of the name, which may stand
// for another file by then.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/InputFile.h"
#include "llvm/ADT/Twine.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

static Error makeSystemError(StringRef path) {
  return makeError(path,
                   std::error_code(errno, std::generic_category()).message());
}

Expected<InputFile> InputFile::open(StringRef path, LinkPolicy links) {
  InputFile file;
  file.path = path.str();
  // O_NONBLOCK: to open a pipe may wait forever.
  int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if (links == LinkPolicy::Refuse)
    flags |= O_NOFOLLOW;
  file.descriptor = ::open(file.path.c_str(), flags);
  if (file.descriptor < 0 && errno == ELOOP && links == LinkPolicy::Refuse)
    return makeError(path, "expected a file, got a symbolic link");
  if (file.descriptor < 0)
    return makeSystemError(path);
  struct stat status;
  if (::fstat(file.descriptor, &status) != 0)
    return makeSystemError(path);
  if (!S_ISREG(status.st_mode))
    return makeError(path, "expected a regular file, got something else");
  file.size = status.st_size;
  for (int64_t part : {static_cast<int64_t>(status.st_dev),
                       static_cast<int64_t>(status.st_ino),
                       static_cast<int64_t>(status.st_size),
                       static_cast<int64_t>(status.st_mtim.tv_sec),
                       static_cast<int64_t>(status.st_mtim.tv_nsec)})
    file.identity += std::to_string(part) + ' ';
  return file;
}

InputFile::InputFile(InputFile &&other) noexcept { *this = std::move(other); }

InputFile &InputFile::operator=(InputFile &&other) noexcept {
  std::swap(path, other.path);
  std::swap(identity, other.identity);
  std::swap(descriptor, other.descriptor);
  std::swap(size, other.size);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}

Error InputFile::read(uint64_t offset,
                      llvm::MutableArrayRef<char> bytes) const {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = ::pread(descriptor, bytes.data() + done,
                            bytes.size() - done, offset + done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return makeSystemError(path);
    if (count == 0)
      return makeError(path, "expected a file that stays as it is, got one of "
                             "less than " +
                                 Twine(offset + bytes.size()) + " bytes");
    done += count;
  }
  return Error::success();
}
