//===- CalibrationFile.cpp - statistics of activations --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What is wrong with the file as a whole is found when it is opened, what is
// wrong with numbers when they are read; both messages name the site.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/CalibrationFile.h"
#include "SafetensorsHeader.h"
#include "mx/Quantization/Hessian.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <set>

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static constexpr StringRef kFormat = "mx-calibration";
static constexpr StringRef kVersion = "1";
static constexpr StringRef kHessianSuffix = ".hessian";
static constexpr StringRef kRowsSuffix = ".rows";
static constexpr StringRef kSamplesSuffix = ".samples";
static constexpr StringRef kAmaxSuffix = ".amax";
static constexpr StringRef kAliasPrefix = "alias.";

std::vector<double>
SiteStatistics::getHessian(const mxquant::ParallelFor &parallel) const {
  if (!hessian.empty())
    return hessian;
  std::vector<double> sum(columns * columns);
  int64_t count = columns == 0 ? 0 : rows.size() / columns;
  mxquant::accumulateHessian(rows.data(), count, columns, sum, parallel);
  return sum;
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

Error CalibrationFile::makeError(const Twine &text) const {
  return llvm::createStringError(file.getPath() + ": " + text);
}

static Error checkMetadata(const SafetensorsFile &file) {
  for (auto [name, value] :
       {std::make_pair("format", kFormat), {"version", kVersion}}) {
    auto found = file.getMetadata().find(name);
    if (found != file.getMetadata().end() && found->second == value)
      continue;
    std::string got =
        found == file.getMetadata().end() ? "none" : quoteText(found->second);
    return llvm::createStringError(
        file.getPath() + ": expected a calibration file ('" + name +
        "' in its metadata to be '" + value + "'), got " + got);
  }
  return Error::success();
}

static bool isFloat(const StoredTensor &tensor) {
  return tensor.type == "F32" || tensor.type == "F64";
}

/// Files one tensor under its site: what its name ends with says what it is.
Error CalibrationFile::indexTensor(StringRef name, const StoredTensor &tensor) {
  StringRef site = name;
  bool isHessian = site.consume_back(kHessianSuffix);
  if (isHessian || site.consume_back(kRowsSuffix)) {
    Entry &entry = entries[site.str()];
    if (entry.data)
      return makeError("expected a Hessian or rows of site " + quoteText(site) +
                       ", got both");
    if (!isFloat(tensor) || tensor.shape.size() != 2 || tensor.shape[1] == 0 ||
        (isHessian && tensor.shape[0] != tensor.shape[1]))
      return makeError("expected " + quoteText(name) +
                       " to be a matrix of F32 or F64" +
                       (isHessian ? " that is square" : "") +
                       ", with at least one column, got " +
                       quoteText(formatStored(tensor.type, tensor.shape)));
    entry.data = &tensor;
    entry.isHessian = isHessian;
    return Error::success();
  }
  if (site.consume_back(kAmaxSuffix)) {
    if (!isFloat(tensor) || tensor.shape.size() != 1)
      return makeError("expected " + quoteText(name) +
                       " to be a vector of F32 or F64, got " +
                       quoteText(formatStored(tensor.type, tensor.shape)));
    entries[site.str()].largest = &tensor;
    return Error::success();
  }
  if (!site.consume_back(kSamplesSuffix))
    return makeError("expected names that end in '.hessian', '.rows', "
                     "'.samples' or '.amax', got " +
                     quoteText(name));
  if (tensor.type != "I64" || tensor.shape != std::vector<int64_t>{1})
    return makeError("expected " + quoteText(name) + " to be 'I64 [1]', got " +
                     quoteText(formatStored(tensor.type, tensor.shape)));
  entries[site.str()].samples =
      llvm::support::endian::read64le(tensor.bytes.data());
  return Error::success();
}

/// Fails unless there are data, and at least as many samples as rows.
Error CalibrationFile::checkEntry(StringRef site, const Entry &entry) const {
  if (!entry.data)
    return makeError("expected a Hessian or rows of site " + quoteText(site) +
                     ", got none");
  int64_t least = entry.isHessian ? 1 : entry.data->shape[0];
  if (least == 0)
    return makeError("expected site " + quoteText(site) +
                     " to have at least one row, got none");
  if (entry.samples < least)
    return makeError("expected site " + quoteText(site) + " to have at least " +
                     Twine(least) + " samples, got " + Twine(entry.samples));
  int64_t columns = entry.data->shape[1];
  if (entry.largest && entry.largest->shape[0] != columns)
    return makeError("expected the largest magnitudes of site " +
                     quoteText(site) + " to be " + Twine(columns) + ", got " +
                     Twine(entry.largest->shape[0]));
  return Error::success();
}

Error CalibrationFile::indexAliases() {
  for (auto &[key, target] : file.getMetadata()) {
    StringRef site = key;
    if (!site.consume_front(kAliasPrefix))
      continue;
    if (!entries.count(target))
      return makeError("expected site " + quoteText(site) +
                       " to be an alias of a site that is stored, got " +
                       quoteText(target));
    if (entries.count(site.str()))
      return makeError("expected site " + quoteText(site) +
                       " to be stored or an alias, got both");
    aliases[site.str()] = target;
  }
  return Error::success();
}

Error CalibrationFile::index() {
  if (Error error = checkMetadata(file))
    return error;
  for (auto &[name, tensor] : file.getTensors())
    if (Error error = indexTensor(name, tensor))
      return error;
  for (auto &[site, entry] : entries)
    if (Error error = checkEntry(site, entry))
      return error;
  return indexAliases();
}

Expected<CalibrationFile> CalibrationFile::open(StringRef path) {
  Expected<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file)
    return file.takeError();
  CalibrationFile calibration(std::move(*file));
  if (Error error = calibration.index())
    return error;
  return calibration;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

std::vector<std::string> CalibrationFile::getSites() const {
  std::vector<std::string> sites;
  for (auto &[site, entry] : entries)
    sites.push_back(site);
  for (auto &[site, target] : aliases)
    sites.push_back(site);
  llvm::sort(sites);
  return sites;
}

StringRef CalibrationFile::getStoredSite(StringRef site) const {
  auto found = aliases.find(site.str());
  return found == aliases.end() ? site : StringRef(found->second);
}

const CalibrationFile::Entry *CalibrationFile::lookup(StringRef site) const {
  auto found = entries.find(getStoredSite(site).str());
  return found == entries.end() ? nullptr : &found->second;
}

bool CalibrationFile::contains(StringRef site) const { return lookup(site); }

int64_t CalibrationFile::getColumns(StringRef site) const {
  const Entry *entry = lookup(site);
  assert(entry && "the site must be there");
  return entry->data->shape[1];
}

/// Reads F32 or F64 from any address; false if a number is not finite.
template <typename T>
static bool readNumbers(const StoredTensor &tensor, std::vector<T> &numbers) {
  bool isDouble = tensor.type == "F64";
  numbers.resize(tensor.bytes.size() / (isDouble ? 8 : 4));
  const char *from = tensor.bytes.data();
  for (T &number : numbers) {
    using namespace llvm::support::endian;
    number = isDouble
                 ? static_cast<T>(read<double, llvm::endianness::little>(from))
                 : static_cast<T>(read<float, llvm::endianness::little>(from));
    from += isDouble ? 8 : 4;
    if (!std::isfinite(number))
      return false;
  }
  return true;
}

/// Makes a sum of squares exactly symmetric: others may have summed each half
/// in an order of its own. False if a square is negative.
static bool symmetrize(std::vector<double> &matrix, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    if (matrix[i * size + i] < 0)
      return false;
    for (int64_t j = 0; j < i; ++j) {
      double &lower = matrix[i * size + j];
      double &upper = matrix[j * size + i];
      lower = upper = lower / 2 + upper / 2;
    }
  }
  return true;
}

/// Fails unless there is an entry whose contracted size is `columns`.
Error CalibrationFile::checkColumns(StringRef site, const Entry *entry,
                                    int64_t columns) const {
  if (!entry)
    return makeError("expected statistics of site " + quoteText(site) +
                     ", got none");
  int64_t found = entry->data->shape[1];
  if (found != columns)
    return makeError("expected statistics of site " + quoteText(site) +
                     " with " + Twine(columns) + " columns, got " +
                     Twine(found));
  return Error::success();
}

/// The stored magnitudes of an entry; none if it has none.
Expected<std::vector<float>>
CalibrationFile::readAmax(StringRef site, const Entry &entry) const {
  std::vector<float> largest;
  if (!entry.largest)
    return largest;
  if (!readNumbers(*entry.largest, largest) ||
      llvm::any_of(largest, [](float number) { return number < 0.0f; }))
    return makeError("expected finite largest magnitudes of site " +
                     quoteText(site) + ", got NaN, infinity or a negative one");
  return largest;
}

Expected<SiteStatistics> CalibrationFile::read(StringRef site,
                                               int64_t columns) const {
  const Entry *entry = lookup(site);
  if (Error error = checkColumns(site, entry, columns))
    return error;
  SiteStatistics statistics;
  statistics.columns = columns;
  statistics.samples = entry->samples;
  bool isFinite = entry->isHessian
                      ? readNumbers(*entry->data, statistics.hessian)
                      : readNumbers(*entry->data, statistics.rows);
  if (!isFinite)
    return makeError("expected finite statistics of site " + quoteText(site) +
                     ", got NaN or infinity");
  if (entry->isHessian && !symmetrize(statistics.hessian, columns))
    return makeError("expected sums of squares of site " + quoteText(site) +
                     ", got a negative one");
  auto largest = readAmax(site, *entry);
  if (!largest)
    return largest.takeError();
  statistics.largest = std::move(*largest);
  return statistics;
}

Expected<std::vector<float>>
CalibrationFile::readLargest(StringRef site, int64_t columns) const {
  const Entry *entry = lookup(site);
  if (Error error = checkColumns(site, entry, columns))
    return error;
  if (entry->largest)
    return readAmax(site, *entry);
  if (entry->isHessian || entry->samples != entry->data->shape[0])
    return makeError("expected the largest magnitudes of site " +
                     quoteText(site) + " ('.amax'), got none");
  Expected<SiteStatistics> statistics = read(site, columns);
  if (!statistics)
    return statistics.takeError();
  std::vector<float> largest(columns);
  for (auto [index, value] : llvm::enumerate(statistics->rows))
    largest[index % columns] =
        std::max(largest[index % columns], std::fabs(value));
  return largest;
}

Expected<std::vector<SiteGroup>> CalibrationFile::readGroups() const {
  std::vector<SiteGroup> groups;
  for (auto &[site, entry] : entries) {
    Expected<SiteStatistics> statistics = read(site, entry.data->shape[1]);
    if (!statistics)
      return statistics.takeError();
    groups.push_back({{site}, std::move(*statistics)});
    for (auto &[alias, target] : aliases)
      if (target == site)
        groups.back().sites.push_back(alias);
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// Adds `other` to `sum`, which knows as little as nothing at first.
static Error addStatistics(SiteStatistics &sum, const SiteStatistics &other,
                           StringRef site) {
  auto fail = [&](const Twine &expected, const Twine &got) {
    return llvm::createStringError("expected statistics of site " +
                                   quoteText(site) + " with " + expected +
                                   ", as there were before, got " + got);
  };
  if (sum.samples == 0) {
    sum = other;
    return Error::success();
  }
  if (sum.columns != other.columns)
    return fail(Twine(sum.columns) + " columns", Twine(other.columns));
  if (sum.hessian.size() != other.hessian.size())
    return sum.hessian.empty() ? fail("rows", "a Hessian")
                               : fail("a Hessian", "rows");
  if (llvm::AddOverflow(sum.samples, other.samples, sum.samples))
    return llvm::createStringError("expected fewer than 2^63 samples of site " +
                                   quoteText(site) + " together, got more");
  for (size_t i = 0, e = sum.hessian.size(); i < e; ++i)
    sum.hessian[i] += other.hessian[i];
  // Of rows that nobody measured, the largest is not known.
  if (sum.largest.size() != other.largest.size())
    sum.largest.clear();
  for (size_t i = 0, e = sum.largest.size(); i < e; ++i)
    sum.largest[i] = std::max(sum.largest[i], other.largest[i]);
  sum.rows.insert(sum.rows.end(), other.rows.begin(), other.rows.end());
  return Error::success();
}

Expected<std::vector<SiteGroup>>
mlir::mx::mergeGroups(std::vector<SiteGroup> groups, int64_t maxRows) {
  // Which groups know something of each site; sites with the same ones stay
  // together.
  std::map<std::string, std::vector<size_t>> groupsOfSites;
  for (auto [index, group] : llvm::enumerate(groups))
    for (const std::string &site :
         std::set(group.sites.begin(), group.sites.end()))
      groupsOfSites[site].push_back(index);
  std::map<std::vector<size_t>, std::vector<std::string>> sitesOfGroups;
  for (auto &[site, indices] : groupsOfSites)
    sitesOfGroups[indices].push_back(site);

  std::vector<SiteGroup> merged;
  for (auto &[indices, sites] : sitesOfGroups) {
    SiteGroup &result = merged.emplace_back(SiteGroup{sites, {}});
    SiteStatistics &sum = result.statistics;
    for (size_t index : indices)
      if (Error error =
              addStatistics(sum, groups[index].statistics, sites.front()))
        return error;
    sum.rows.resize(std::min<size_t>(
        sum.rows.size(),
        llvm::SaturatingMultiply<size_t>(maxRows, sum.columns)));
  }
  return merged;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Writes numbers as f32.
template <typename T>
static void writeNumbers(ArrayRef<T> numbers, llvm::raw_ostream &os) {
  for (T number : numbers) {
    char bytes[4];
    llvm::support::endian::write<float, llvm::endianness::little>(
        bytes, static_cast<float>(number));
    os.write(bytes, sizeof(bytes));
  }
}

static void addGroup(const SiteGroup &group,
                     std::map<std::string, TensorSource> &tensors,
                     std::map<std::string, std::string> &metadata) {
  const SiteStatistics &statistics = group.statistics;
  const std::string &site = group.sites.front();
  for (const std::string &alias : ArrayRef(group.sites).drop_front())
    metadata[kAliasPrefix.str() + alias] = site;
  int64_t columns = statistics.columns;
  if (!statistics.hessian.empty()) {
    auto write = [&](llvm::raw_ostream &os) {
      writeNumbers<double>(statistics.hessian, os);
    };
    tensors[site + kHessianSuffix.str()] = {"F32", {columns, columns}, write};
  } else {
    auto count = static_cast<int64_t>(statistics.rows.size()) / columns;
    auto write = [&](llvm::raw_ostream &os) {
      writeNumbers<float>(statistics.rows, os);
    };
    tensors[site + kRowsSuffix.str()] = {"F32", {count, columns}, write};
  }
  if (!statistics.largest.empty())
    tensors[site + kAmaxSuffix.str()] = {
        "F32", {columns}, [&](llvm::raw_ostream &os) {
          writeNumbers<float>(statistics.largest, os);
        }};
  tensors[site + kSamplesSuffix.str()] = {
      "I64", {1}, [&](llvm::raw_ostream &os) {
        char bytes[8];
        llvm::support::endian::write64le(bytes, statistics.samples);
        os.write(bytes, sizeof(bytes));
      }};
}

/// Whether all numbers survive the conversion to f32.
template <typename T>
static bool fitF32(ArrayRef<T> numbers) {
  return llvm::all_of(numbers, [](T number) {
    return std::isfinite(static_cast<float>(number));
  });
}

Error mlir::mx::writeCalibration(StringRef path, ArrayRef<SiteGroup> groups) {
  std::map<std::string, TensorSource> tensors;
  std::map<std::string, std::string> metadata = {{"format", kFormat.str()},
                                                 {"version", kVersion.str()}};
  for (const SiteGroup &group : groups) {
    const SiteStatistics &statistics = group.statistics;
    if (!fitF32<double>(statistics.hessian) || !fitF32<float>(statistics.rows))
      return llvm::createStringError(
          path + ": expected finite statistics of site " +
          quoteText(group.sites.front()) + " in f32, got NaN or infinity");
    addGroup(group, tensors, metadata);
  }
  return writeSafetensors(path, tensors, metadata);
}
