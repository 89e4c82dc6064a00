//===- ResumableFile.cpp - a large file written over several runs ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The order is everything: bytes, fdatasync, journal; and at the end bytes,
// fsync, rename, fsync of the folder, journal away.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/ResumableFile.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

static constexpr StringRef kJournalHead = "mx-journal 1 ";
/// Longer ones are not ours.
static constexpr uint64_t kMaxJournal = 4096;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

static Error makeSystemError(StringRef path) {
  return makeError(path,
                   std::error_code(errno, std::generic_category()).message());
}

static std::string getPartial(StringRef path) {
  return (path + ".partial").str();
}

static std::string getJournal(StringRef path) {
  return (path + ".journal").str();
}

/// Writes all of `bytes` at a place.
static Error writeAt(int descriptor, StringRef path, uint64_t offset,
                     llvm::ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return makeSystemError(path);
    bytes = bytes.drop_front(count);
    offset += count;
  }
  return Error::success();
}

Error mlir::mx::writeForGood(StringRef path, StringRef text) {
  int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  int descriptor = ::open(path.str().c_str(), flags, 0666);
  if (descriptor < 0)
    return makeSystemError(path);
  Error error = writeAt(descriptor, path, 0, {text.data(), text.size()});
  if (!error && ::fsync(descriptor) != 0)
    error = makeSystemError(path);
  ::close(descriptor);
  return error;
}

Error mlir::mx::replaceForGood(StringRef path, StringRef text) {
  // Always of the same name, so that a killed run leaves nothing else behind.
  std::string next = (path + ".new").str();
  if (Error error = writeForGood(next, text))
    return error;
  if (::rename(next.c_str(), path.str().c_str()) != 0)
    return makeSystemError(path);
  return Error::success();
}

Error mlir::mx::syncFolder(StringRef folder) {
  std::string name = folder.empty() ? "." : folder.str();
  int descriptor = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return makeSystemError(name);
  // Some file systems cannot; then there is nothing to be done.
  int result = ::fsync(descriptor);
  bool failed = result != 0 && errno != EINVAL && errno != ENOTSUP;
  Error error = failed ? makeSystemError(name) : Error::success();
  ::close(descriptor);
  return error;
}

Error mlir::mx::renameForGood(StringRef from, StringRef to) {
  // Looked at first: not every file system can rename without replacing.
  struct stat status;
  if (::lstat(to.str().c_str(), &status) == 0)
    return makeError(to, "expected a name that is free, got one that exists");
  if (::rename(from.str().c_str(), to.str().c_str()) != 0)
    return makeSystemError(to);
  return syncFolder(llvm::sys::path::parent_path(to));
}

Expected<ResumableFile> ResumableFile::open(StringRef path, uint64_t size,
                                            StringRef fingerprint) {
  ResumableFile file;
  file.path = path.str();
  file.fingerprint = fingerprint.str();
  struct stat status;
  if (::lstat(file.path.c_str(), &status) == 0)
    return makeError(path, "expected an output that does not exist yet, got "
                           "one that does");
  std::string partial = getPartial(path);
  file.descriptor =
      ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file.descriptor < 0)
    return makeSystemError(partial);
  if (::flock(file.descriptor, LOCK_EX | LOCK_NB) != 0)
    return makeError(partial, "expected no other process to write it, got one");
  if (Error error = file.readJournal(size))
    return error;
  return file;
}

/// Reads the journal of a file, if there is one and it is of this work.
static std::optional<uint64_t> parseJournal(StringRef path,
                                            StringRef fingerprint) {
  auto buffer = llvm::MemoryBuffer::getFile(getJournal(path));
  if (!buffer || (*buffer)->getBufferSize() > kMaxJournal)
    return std::nullopt;
  StringRef text = (*buffer)->getBuffer();
  uint64_t steps;
  bool isOurs = text.consume_front(kJournalHead) &&
                text.consume_front(fingerprint) && text.consume_front(" ") &&
                !text.rtrim('\n').getAsInteger(10, steps);
  return isOurs ? std::optional<uint64_t>(steps) : std::nullopt;
}

bool ResumableFile::isComplete(StringRef path, StringRef fingerprint,
                               uint64_t size, uint64_t steps) {
  uint64_t actual;
  return !fs::file_size(path, actual) && actual == size &&
         parseJournal(path, fingerprint) == steps;
}

/// Finds out how far an earlier run got; begins anew if there was none.
Error ResumableFile::readJournal(uint64_t size) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    return makeSystemError(path);
  if (!fs::exists(getJournal(path))) {
    // Without a journal nothing is known of what is there.
    if (::ftruncate(descriptor, 0) != 0 || ::ftruncate(descriptor, size) != 0)
      return makeSystemError(getPartial(path));
    return record(0);
  }
  std::optional<uint64_t> known = parseJournal(path, fingerprint);
  steps = known.value_or(0);
  if (known && static_cast<uint64_t>(status.st_size) == size)
    return Error::success();
  return makeError(getJournal(path),
                   "expected the journal of this conversion, got that of "
                   "another; remove it and '" +
                       getPartial(path) + "' to begin anew");
}

ResumableFile::ResumableFile(ResumableFile &&other) noexcept
    : path(std::move(other.path)), fingerprint(std::move(other.fingerprint)),
      descriptor(std::exchange(other.descriptor, -1)), steps(other.steps) {}

ResumableFile::~ResumableFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}

Error ResumableFile::write(uint64_t offset, llvm::ArrayRef<char> bytes) const {
  return writeAt(descriptor, getPartial(path), offset, bytes);
}

Error ResumableFile::record(uint64_t count) {
  if (::fdatasync(descriptor) != 0)
    return makeSystemError(getPartial(path));
  steps = count;
  return replaceForGood(getJournal(path), kJournalHead.str() + fingerprint +
                                              ' ' + std::to_string(steps) +
                                              '\n');
}

Error ResumableFile::commit() {
  if (::fsync(descriptor) != 0)
    return makeSystemError(getPartial(path));
  return renameForGood(getPartial(path), path);
}

void ResumableFile::forget(StringRef path) {
  fs::remove(getJournal(path) + ".new");
  fs::remove(getJournal(path));
}

void ResumableFile::discard(StringRef path) {
  fs::remove(getPartial(path));
  forget(path);
}
