//===- WholeFileTest.cpp - files that are written as a whole --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A limit on the size of files stands for a full disk.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/WholeFile.h"
#include "TemporaryFile.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace mlir::mx;

namespace {

/// While it lives, no file gets longer than so many bytes.
class SizeLimit {
public:
  explicit SizeLimit(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = {bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }

private:
  rlimit before;
  void (*handler)(int);
};

/// What was waited for: 'f' for a file, 'd' for a folder.
std::string waitedFor;

} // namespace

/// Stands before the one of libc, and does the same.
extern "C" int fsync(int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) == 0)
    waitedFor += S_ISDIR(status.st_mode) ? 'd' : 'f';
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

static std::string write(const std::string &path, const std::string &text) {
  return llvm::toString(
      writeWholeFile(path, [&](llvm::raw_ostream &os) { os << text; }));
}

TEST(WholeFileTest, anOlderFileIsReplaced) {
  TemporaryFile file("old");
  EXPECT_EQ(write(file.getPath(), "new"), "");
  EXPECT_EQ(file.read(), "new");
  EXPECT_EQ(file.countFilesInFolder(), 1);
}

TEST(WholeFileTest, bytesAreOnTheDiskBeforeTheNameIs) {
  TemporaryFile file("old");
  waitedFor.clear();
  EXPECT_EQ(write(file.getPath(), "new"), "");
  EXPECT_EQ(waitedFor, "fd");
}

TEST(WholeFileTest, anOlderFileStaysIfTheDiskIsFull) {
  TemporaryFile file("old");
  for (size_t bytes : {100, 1 << 20}) {
    SizeLimit limit(64);
    EXPECT_EQ(write(file.getPath(), std::string(bytes, 'x')),
              file.getPath() + ": File too large");
  }
  EXPECT_EQ(file.read(), "old");
  EXPECT_EQ(file.countFilesInFolder(), 1);
}

TEST(WholeFileTest, devicesAreWrittenTo) {
  EXPECT_EQ(write("/dev/null", "new"), "");
  EXPECT_EQ(write("/dev/full", "new"), "/dev/full: No space left on device");
}

TEST(WholeFileTest, foldersAreRefused) {
  TemporaryFile file;
  std::string folder = file.getFolder().str();
  EXPECT_EQ(write(folder, "new"), folder + ": Is a directory");
  EXPECT_EQ(write(folder + "/none/x", "new"),
            folder + "/none/x: No such file or directory");
  EXPECT_EQ(file.countFilesInFolder(), 0);
}
