//===- CalibrationFile.h - statistics of activations ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What a run of an instrumented program leaves behind for the next compilation:
// a safetensors file with, for each site, `<site>.hessian` (f32 [K, K], Σ x·xᵀ
// over all rows) or `<site>.rows` (f32 [n, K]), and `<site>.samples` (i64 [1]);
// `<site>.amax` (f32 [K]) has the largest magnitude of each column over all
// rows, and may be missing in files of other origin. Rows are those of the
// unrotated activation. Its metadata say `format = mx-calibration` and
// `version = 1`. Sites that saw the same rows, such as the
// projections of one activation, are stored once: `alias.<site> = <other>` in
// the metadata gives a site the statistics of another, which is no alias
// itself. Files of other origin may hold f64 instead of f32.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_CALIBRATIONFILE_H
#define MX_CHECKPOINT_CALIBRATIONFILE_H

#include "mx/Checkpoint/Safetensors.h"
#include "mx/Quantization/Parallel.h"
#include <vector>

namespace mlir::mx {

/// What is known of the activations of one site; one of `hessian` and `rows` is
/// not empty.
struct SiteStatistics {
  /// The contracted size K.
  int64_t columns = 0;
  /// Rows that were seen, all of them.
  int64_t samples = 0;
  /// Σ x·xᵀ, [columns, columns], symmetric.
  std::vector<double> hessian;
  /// Some of the rows, [n, columns].
  std::vector<float> rows;
  /// The largest magnitude of each column over all rows; empty if not known.
  std::vector<float> largest = {};

  /// Σ x·xᵀ, computed from the rows if that is what there is.
  std::vector<double> getHessian(const mxquant::ParallelFor &parallel) const;
};

/// Sites that saw the same rows.
struct SiteGroup {
  /// The first is the one under whose name they are stored.
  std::vector<std::string> sites;
  SiteStatistics statistics;
};

/// A calibration file, open for reading. Sites are read one at a time.
class CalibrationFile {
public:
  /// Opens a file; errors say what was found and what was expected. That every
  /// site is complete and of consistent shape is checked here.
  static llvm::Expected<CalibrationFile> open(llvm::StringRef path);

  /// Names of all sites, sorted.
  std::vector<std::string> getSites() const;
  bool contains(llvm::StringRef site) const;
  /// The statistics of a site whose contracted size is `columns`. It is an
  /// error if there are none, if their shape is another, or if a number is not
  /// finite.
  llvm::Expected<SiteStatistics> read(llvm::StringRef site,
                                      int64_t columns) const;
  /// The largest magnitude that each column of a site had, from the file or
  /// from rows that are all there were. Fails if there is neither, and as
  /// above.
  llvm::Expected<std::vector<float>> readLargest(llvm::StringRef site,
                                                 int64_t columns) const;
  /// All that is in the file, with aliases in groups.
  llvm::Expected<std::vector<SiteGroup>> readGroups() const;
  /// The site under whose name the data of `site` are stored: itself, unless it
  /// is an alias. `site` must be there.
  llvm::StringRef getStoredSite(llvm::StringRef site) const;
  /// The contracted size of a site that is there.
  int64_t getColumns(llvm::StringRef site) const;

private:
  /// The tensors of one site that is stored.
  struct Entry {
    const StoredTensor *data = nullptr;
    /// Null if there is none.
    const StoredTensor *largest = nullptr;
    bool isHessian = false;
    int64_t samples = 0;
  };

  explicit CalibrationFile(SafetensorsFile file) : file(std::move(file)) {}
  llvm::Error makeError(const llvm::Twine &text) const;
  llvm::Error index();
  llvm::Error indexTensor(llvm::StringRef name, const StoredTensor &tensor);
  llvm::Error checkEntry(llvm::StringRef site, const Entry &entry) const;
  llvm::Error checkColumns(llvm::StringRef site, const Entry *entry,
                           int64_t columns) const;
  llvm::Expected<std::vector<float>> readAmax(llvm::StringRef site,
                                              const Entry &entry) const;
  llvm::Error indexAliases();
  const Entry *lookup(llvm::StringRef site) const;

  SafetensorsFile file;
  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> aliases;
};

/// Adds up what several groups know of each site. Sites that are in the same
/// groups stay together; `maxRows` is the most rows that are kept of one group,
/// the first ones. It is an error if groups of a site differ in columns or in
/// what they keep.
llvm::Expected<std::vector<SiteGroup>>
mergeGroups(std::vector<SiteGroup> groups, int64_t maxRows);

/// Writes a file, in the place of an older one when it is complete. A number
/// that f32 cannot hold is an error.
llvm::Error writeCalibration(llvm::StringRef path,
                             llvm::ArrayRef<SiteGroup> groups);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_CALIBRATIONFILE_H
