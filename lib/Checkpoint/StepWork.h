//===- StepWork.h - one weight from one file to another ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A step reads its tensor in pieces of a few MiB and writes what becomes of
// each; pieces know nothing of each other, so several threads work on them, and
// memory does not depend on the size of the tensor. What needs all of a tensor
// first, such as its scale, reads it twice.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_STEPWORK_H
#define MX_LIB_CHECKPOINT_STEPWORK_H

#include "mx/Checkpoint/Conversion.h"
#include "mx/Checkpoint/ResumableFile.h"
#include <atomic>
#include <map>

namespace mlir::mx {

/// Numbers of one of the types that plain weights have.
std::vector<float> decodeNumbers(llvm::StringRef type,
                                 llvm::ArrayRef<char> bytes);

class StepWork {
public:
  StepWork(const Checkpoint &checkpoint, const PlannedFile &planned,
           const ResumableFile &file, const ConversionPlan &plan,
           const mxquant::ParallelFor &parallel)
      : checkpoint(checkpoint), planned(planned), file(file), plan(plan),
        parallel(parallel) {}

  /// Carries out a step.
  llvm::Error run(const ConversionStep &step);
  /// Whether an error came from the input, and not from writing.
  bool hasInputFailed() const { return inputFailed; }
  /// What was special about the last step; mostly empty.
  const std::string &getNote() const { return note; }

private:
  llvm::Error carryOut(const ConversionStep &step);
  llvm::Error copy(const ConversionStep &step);
  llvm::Error convert(const ConversionStep &step);
  llvm::Error quantize(const ConversionStep &step);
  llvm::Error quantizeWhole(const ConversionStep &step, float tensorScale);
  llvm::Error quantizeRows(const ConversionStep &step, float tensorScale,
                           int64_t first, int64_t count);
  llvm::Expected<float> findLargest(const ConversionStep &step);
  llvm::Expected<float> chooseTensorScale(const ConversionStep &step);
  llvm::Expected<float> recodeTensorScale(const ConversionStep &step);
  llvm::Error recode(const ConversionStep &step, WeightRows &rows,
                     float tensorScale, int64_t first) const;
  llvm::Error writeRows(const ConversionStep &step, const WeightRows &rows,
                        int64_t first);
  llvm::Error writeScale(const ConversionStep &step, llvm::StringRef name,
                         float scale);
  llvm::Error writeInputScale(const ConversionStep &step);
  llvm::Error write(const std::string &name, uint64_t offset,
                    llvm::ArrayRef<char> bytes);
  llvm::Error forPieces(int64_t count, int64_t piece,
                        llvm::function_ref<llvm::Error(int64_t, int64_t)> body);
  llvm::Expected<std::vector<float>>
  readElements(const ConversionStep &step, int64_t begin, int64_t count) const;
  llvm::Expected<std::vector<float>>
  readNumbers(const ConversionStep &step, int64_t first, int64_t count) const;

  const Checkpoint &checkpoint;
  const PlannedFile &planned;
  const ResumableFile &file;
  const ConversionPlan &plan;
  const mxquant::ParallelFor &parallel;
  std::atomic<bool> writeFailed{false};
  bool inputFailed = false;
  std::string note;
  /// The largest magnitudes of weights that are joined with others.
  std::map<std::string, float> largest;
};

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_STEPWORK_H
