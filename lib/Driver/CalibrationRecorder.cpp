//===- CalibrationRecorder.cpp - what a program records -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows are gathered until there are enough of them that one pass over the
// Hessian pays, however few the program brings at a time.
//===----------------------------------------------------------------------===//

#include "CalibrationRecorder.h"
#include "mx/Quantization/Hessian.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;

/// Rows that are summed at once.
static constexpr int64_t kPendingRows = 512;
/// The most columns of a Hessian, which then takes 32 GiB.
static constexpr int64_t kMaxHessianColumns = 1 << 16;

RecordHook CalibrationRecorder::getHook() { return {answer, this}; }

void CalibrationRecorder::answer(void *context, RecordType type,
                                 const RecordedBuffer *buffer,
                                 const RecordRequest *request) {
  constexpr DType types[] = {DType::F32, DType::BF16, DType::F16};
  auto &recorder = *static_cast<CalibrationRecorder *>(context);
  std::lock_guard<std::mutex> lock(recorder.mutex);
  recorder.addRows(
      recorder.lookup(*request),
      {types[static_cast<int64_t>(type)], buffer->rank, buffer->descriptor});
}

/// Parses a request the first time it is made.
CalibrationRecorder::Record &
CalibrationRecorder::lookup(const RecordRequest &request) {
  auto [found, isNew] = records.insert({request.text, Record()});
  Record &record = found->second;
  if (!isNew)
    return record;
  SmallVector<StringRef> words;
  StringRef(request.text, request.size)
      .split(words, '\0', -1,
             /*KeepEmpty=*/false);
  StringRef count = words.front();
  record.keepsRows = count.consume_front("rows=");
  if (record.keepsRows && count.getAsInteger(10, record.maxRows))
    llvm_unreachable("mx-lower-records writes a number");
  for (StringRef site : ArrayRef(words).drop_front())
    record.sites.push_back(site.str());
  return record;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static bool isFinite(ArrayRef<float> row) {
  return llvm::all_of(row, [](float value) { return std::isfinite(value); });
}

void CalibrationRecorder::addRows(Record &record, const CheckedBuffer &buffer) {
  SiteStatistics &statistics = record.statistics;
  int64_t columns = buffer.getRowLength(), count = buffer.countRows();
  if (columns == 0 || count == 0)
    return;
  if (statistics.columns == 0)
    statistics.columns = columns;
  if (statistics.columns != columns) {
    record.otherColumns = columns;
    return;
  }
  if (!record.keepsRows && columns > kMaxHessianColumns) {
    record.isTooWide = true;
    return;
  }
  statistics.largest.resize(columns);
  std::vector<float> row;
  for (int64_t i = 0; i < count; ++i) {
    buffer.readRow(i, row);
    if (!isFinite(row)) {
      ++record.brokenRows;
      continue;
    }
    ++statistics.samples;
    for (auto [largest, value] : llvm::zip_equal(statistics.largest, row))
      largest = std::max(largest, std::fabs(value));
    std::vector<float> &rows =
        record.keepsRows ? statistics.rows : record.pending;
    if (record.keepsRows && statistics.samples > record.maxRows)
      continue;
    rows.insert(rows.end(), row.begin(), row.end());
    if (static_cast<int64_t>(record.pending.size()) == kPendingRows * columns)
      flush(record);
  }
}

void CalibrationRecorder::flush(Record &record) {
  SiteStatistics &statistics = record.statistics;
  int64_t columns = statistics.columns;
  if (record.pending.empty())
    return;
  statistics.hessian.resize(columns * columns);
  mxquant::accumulateHessian(
      record.pending.data(), record.pending.size() / columns, columns,
      statistics.hessian,
      [&](int64_t count, const std::function<void(int64_t)> &body) {
        llvm::ThreadPoolTaskGroup tasks(threads);
        for (int64_t i = 0; i < count; ++i)
          tasks.async([&body, i] { body(i); });
        tasks.wait();
      });
  record.pending.clear();
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

Error CalibrationRecorder::check(const Record &record) const {
  const std::string &site = record.sites.front();
  if (record.brokenRows != 0)
    return llvm::createStringError("expected finite activations at site '" +
                                   site + "', got " + Twine(record.brokenRows) +
                                   " rows with NaN or infinity");
  if (record.isTooWide)
    return llvm::createStringError(
        "expected at most " + Twine(kMaxHessianColumns) +
        " columns for the Hessian of site '" + site + "', got " +
        Twine(record.statistics.columns) + " (rows can be kept instead)");
  if (record.otherColumns != 0)
    return llvm::createStringError(
        "expected activations with " + Twine(record.statistics.columns) +
        " columns at site '" + site + "', as there were before, got " +
        Twine(record.otherColumns));
  return Error::success();
}

Expected<std::vector<SiteGroup>>
CalibrationRecorder::finish(std::vector<SiteGroup> earlier) {
  std::lock_guard<std::mutex> lock(mutex);
  int64_t maxRows = 0;
  for (const SiteGroup &group : earlier)
    if (int64_t columns = group.statistics.columns)
      maxRows =
          std::max<int64_t>(maxRows, group.statistics.rows.size() / columns);
  for (auto &[text, record] : records) {
    if (Error error = check(record))
      return error;
    flush(record);
    maxRows = std::max(maxRows, record.maxRows);
    if (record.statistics.samples != 0)
      earlier.push_back({record.sites, std::move(record.statistics)});
  }
  records.clear();
  return mergeGroups(std::move(earlier), maxRows);
}
