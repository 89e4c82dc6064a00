//===- CalibrationRecorder.h - what a program records -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Answers the calls that a program makes where it had an mx.record
// (RecordInterface.h): Hessians are summed in f64, or the first rows kept.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CALIBRATIONRECORDER_H
#define MX_LIB_DRIVER_CALIBRATIONRECORDER_H

#include "CheckedBuffer.h"
#include "mx/Checkpoint/CalibrationFile.h"
#include "mx/Dialect/MX/Transforms/RecordInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/ThreadPool.h"
#include <mutex>

namespace mlir::mx {

/// The recorder of one program. Calls may come from several threads, one after
/// another.
class CalibrationRecorder {
public:
  /// What to store in the program's hook. This object must outlive its use.
  RecordHook getHook();

  /// Ends recording. `earlier` is what is known already; the result is the sum.
  /// NaN and infinities among the numbers are an error, and so is a site whose
  /// number of columns changed.
  llvm::Expected<std::vector<SiteGroup>> finish(std::vector<SiteGroup> earlier);

private:
  /// What one mx.record of the program has seen.
  struct Record {
    std::vector<std::string> sites;
    bool keepsRows = false;
    int64_t maxRows = 0;
    SiteStatistics statistics;
    /// Rows that are not yet in the Hessian.
    std::vector<float> pending;
    /// Rows with NaN or infinities; they are not part of the statistics.
    int64_t brokenRows = 0;
    /// A number of columns that is not that of the rows before; 0 if none.
    int64_t otherColumns = 0;
    /// Whether there are more columns than a Hessian may have.
    bool isTooWide = false;
  };

  static void answer(void *context, RecordType type,
                     const RecordedBuffer *buffer,
                     const RecordRequest *request);
  Record &lookup(const RecordRequest &request);
  void addRows(Record &record, const CheckedBuffer &buffer);
  void flush(Record &record);
  llvm::Error check(const Record &record) const;

  std::mutex mutex;
  llvm::DefaultThreadPool threads;
  /// By the address of the request, in the order of the first calls.
  llvm::MapVector<const char *, Record> records;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CALIBRATIONRECORDER_H
