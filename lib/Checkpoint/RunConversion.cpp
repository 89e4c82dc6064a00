//===- RunConversion.cpp - carry out a plan -------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Files are written one after another. Of a folder, `output`.partial becomes
// `output` by one rename when all files are in it; of a single file, the same
// is done by ResumableFile. `output`.journal says which conversion the folder
// is of, and, before the journals in it are removed, that everything is there.
//===----------------------------------------------------------------------===//

#include "ModelFolder.h"
#include "StepWork.h"
#include "mx/Checkpoint/Conversion.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

namespace {

class ConversionRun {
public:
  ConversionRun(const Checkpoint &checkpoint, const ConversionPlan &plan,
                StringRef output, bool isFolder,
                const mxquant::ParallelFor &parallel,
                const StepListener &listener)
      : checkpoint(checkpoint), plan(plan), output(output.str()),
        isFolder(isFolder), parallel(parallel), listener(listener) {}

  Error run();

private:
  std::string getPath(const PlannedFile &file) const {
    return isFolder ? getFolder() + "/" + file.name : output;
  }
  std::string getFolder() const { return output + ".partial"; }
  Error runFile(const PlannedFile &file);
  Error runSteps(const PlannedFile &file, ResumableFile &out,
                 StepWork &work) const;
  std::string getJournal() const { return output + ".journal"; }
  Expected<bool> openFolder() const;
  Error finishFolder() const;
  std::string getMark() const;
  void discard() const;

  const Checkpoint &checkpoint;
  const ConversionPlan &plan;
  std::string output;
  bool isFolder;
  const mxquant::ParallelFor &parallel;
  const StepListener &listener;
  /// Whether what was written so far is of no use.
  bool isHopeless = false;
};

} // namespace

/// Stands for all that decides the bytes of a file.
static std::string computeFingerprint(const Checkpoint &checkpoint,
                                      const ConversionPlan &plan,
                                      const PlannedFile &file) {
  llvm::SHA256 hash;
  hash.update(file.header);
  hash.update(plan.summary);
  for (const InputFile &input : checkpoint.getFiles())
    hash.update(input.getIdentity());
  auto digest = hash.final();
  return llvm::toHex(digest, /*LowerCase=*/true);
}

/// Carries out the steps that are not done yet.
Error ConversionRun::runSteps(const PlannedFile &file, ResumableFile &out,
                              StepWork &work) const {
  uint64_t pending = 0;
  for (uint64_t index = 0; index < file.steps.size(); ++index) {
    const ConversionStep &step = file.steps[index];
    std::string note;
    if (index >= out.getSteps()) {
      if (Error error = work.run(step))
        return error;
      note = work.getNote();
      pending += step.bytes;
      if (pending >= plan.recordBytes) {
        if (Error error = out.record(index + 1))
          return error;
        pending = 0;
      }
    }
    listener(file, step, note);
  }
  return out.record(file.steps.size());
}

Error ConversionRun::runFile(const PlannedFile &file) {
  std::string fingerprint = computeFingerprint(checkpoint, plan, file);
  if (isFolder && ResumableFile::isComplete(getPath(file), fingerprint,
                                            file.size, file.steps.size())) {
    for (const ConversionStep &step : file.steps)
      listener(file, step, "");
    return Error::success();
  }
  Expected<ResumableFile> out =
      ResumableFile::open(getPath(file), file.size, fingerprint);
  if (!out)
    return out.takeError();
  StepWork work(checkpoint, file, *out, plan, parallel);
  if (out->getSteps() == 0)
    if (Error error = out->write(0, {file.header.data(), file.header.size()}))
      return error;
  if (Error error = runSteps(file, *out, work)) {
    // What is wrong with the input will be wrong next time.
    isHopeless = work.hasInputFailed();
    return error;
  }
  return out->commit();
}

/// What `output`.journal says of a folder.
std::string ConversionRun::getMark() const {
  std::string mark = "mx-folder 1\n";
  for (const PlannedFile &file : plan.files)
    mark += computeFingerprint(checkpoint, plan, file) + '\n';
  return mark;
}

/// What is added to it when all files are complete.
static constexpr StringRef kComplete = "complete\n";

/// Makes the folder, or finds the one that an earlier run left; returns whether
/// all files in it are complete.
Expected<bool> ConversionRun::openFolder() const {
  if (!fs::exists(getFolder())) {
    if (Error error = replaceForGood(getJournal(), getMark()))
      return error;
    if (std::error_code error = fs::create_directory(getFolder()))
      return llvm::createStringError(Twine(getFolder()) + ": " +
                                     error.message());
    return false;
  }
  auto journal = llvm::MemoryBuffer::getFile(getJournal());
  StringRef text = journal ? (*journal)->getBuffer() : StringRef();
  if (!text.consume_front(getMark()))
    return llvm::createStringError(
        Twine(getFolder()) + ": expected the folder of this conversion, got "
                             "another; remove it to begin anew");
  return text == kComplete;
}

/// Adds what belongs to a model beside its tensors, and gives all its name.
Error ConversionRun::finishFolder() const {
  if (Error error = completeFolder(checkpoint, plan, getFolder()))
    return error;
  if (Error error = replaceForGood(getJournal(), getMark() + kComplete.str()))
    return error;
  for (const PlannedFile &file : plan.files)
    ResumableFile::forget(getPath(file));
  if (Error error = syncFolder(getFolder()))
    return error;
  if (Error error = renameForGood(getFolder(), output))
    return error;
  ResumableFile::forget(output);
  return Error::success();
}

void ConversionRun::discard() const {
  for (const PlannedFile &file : plan.files) {
    ResumableFile::discard(getPath(file));
    if (isFolder)
      fs::remove(getPath(file));
  }
  if (!isFolder)
    return;
  fs::remove(getFolder());
  ResumableFile::forget(output);
}

Error ConversionRun::run() {
  if (fs::exists(output))
    return llvm::createStringError(
        Twine(output) +
        ": expected an output that does not exist yet, got one that does");
  bool isComplete = false;
  if (isFolder) {
    Expected<bool> opened = openFolder();
    if (!opened)
      return opened.takeError();
    isComplete = *opened;
  }
  if (isComplete) {
    for (const PlannedFile &file : plan.files)
      for (const ConversionStep &step : file.steps)
        listener(file, step, "");
    return finishFolder();
  }
  for (const PlannedFile &file : plan.files)
    if (Error error = runFile(file)) {
      if (isHopeless)
        discard();
      return error;
    }
  if (isFolder)
    return finishFolder();
  ResumableFile::forget(output);
  return Error::success();
}

Error mlir::mx::runConversion(const Checkpoint &checkpoint,
                              const ConversionPlan &plan, StringRef output,
                              bool isFolder,
                              const mxquant::ParallelFor &parallel,
                              const StepListener &listener) {
  return ConversionRun(checkpoint, plan, output, isFolder, parallel, listener)
      .run();
}
