//===- CalibrationOutput.cpp - the file that a run records into -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The file itself cannot be locked, because it is replaced; its folder stays.
//===----------------------------------------------------------------------===//

#include "CalibrationOutput.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
namespace fs = llvm::sys::fs;

namespace {

/// Holds the folder of a file until destroyed; waits for others that do. On a
/// file system without locks it holds nothing.
class FolderLock {
public:
  explicit FolderLock(StringRef path) {
    StringRef folder = llvm::sys::path::parent_path(path);
    descriptor = ::open(folder.empty() ? "." : folder.str().c_str(),
                        O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0)
      (void)::flock(descriptor, LOCK_EX);
  }
  FolderLock(const FolderLock &) = delete;
  FolderLock &operator=(const FolderLock &) = delete;
  ~FolderLock() {
    if (descriptor >= 0)
      ::close(descriptor);
  }

private:
  int descriptor;
};

} // namespace

/// What the file holds; nothing if it is not there or will be replaced.
static Expected<std::vector<SiteGroup>>
readEarlier(const CalibrationOptions &options) {
  if (!options.append || !fs::exists(options.output))
    return std::vector<SiteGroup>();
  Expected<CalibrationFile> file = CalibrationFile::open(options.output);
  if (!file)
    return file.takeError();
  return file->readGroups();
}

Error mlir::mx::checkCalibrationOutput(const CalibrationOptions &options,
                                       StringRef program) {
  const std::string &output = options.output;
  if (fs::exists(output) && !fs::is_regular_file(output))
    return llvm::createStringError(
        output + ": expected a regular file, got something else");
  if (program != "-" && fs::equivalent(program, output))
    return llvm::createStringError(
        "expected --calibration-output to be another file than the program, "
        "got '" +
        output + "'");
  return readEarlier(options).takeError();
}

Expected<std::vector<SiteGroup>>
mlir::mx::writeCalibrationOutput(const CalibrationOptions &options,
                                 CalibrationRecorder &recorder) {
  const std::string &output = options.output;
  FolderLock lock(output);
  auto earlier = readEarlier(options);
  if (!earlier)
    return earlier;
  auto groups = recorder.finish(std::move(*earlier));
  if (!groups)
    return llvm::createStringError(output + ": " +
                                   llvm::toString(groups.takeError()));
  if (groups->empty())
    return llvm::createStringError(
        output + ": expected the program to record at least one row, got none");
  if (Error error = writeCalibration(output, *groups))
    return error;
  return groups;
}
