//===- SafetensorsHeader.cpp - what stands before the data ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   {"__metadata__": {"key": "value", …},
//    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//===----------------------------------------------------------------------===//

#include "SafetensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

static Error makeError(StringRef path, uint64_t offset, const Twine &text) {
  return llvm::createStringError(path + ":" + Twine(offset) + ": " + text);
}

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

bool HeaderParser::parseMetadata() {
  return parseObject([&](std::string name, size_t where) {
    auto [member, isNew] = metadata.emplace(std::move(name), "");
    if (!isNew)
      return failAt(where, "expected each name in the metadata once, got " +
                               quoteText(member->first) + " twice");
    return parseString(member->second, "a string");
  });
}

bool HeaderParser::parseShape(HeaderEntry &entry) {
  entry.shape.emplace();
  return parseList([&] {
    if (entry.shape->size() == kMaxStoredRank)
      return fail("at most " + Twine(kMaxStoredRank) + " dimensions");
    uint64_t size;
    constexpr const char *expected = "a dimension below 2^62";
    size_t start = position;
    if (!parseInteger(size, expected))
      return false;
    if (size >> 62 != 0) {
      position = start;
      return fail(expected);
    }
    entry.shape->push_back(static_cast<int64_t>(size));
    return true;
  });
}

bool HeaderParser::parsePlace(HeaderEntry &entry) {
  constexpr const char *expected = "an offset below 2^64";
  uint64_t begin, end;
  if (!consume('[') || !parseInteger(begin, expected) || !consume(',') ||
      !parseInteger(end, expected) || !consume(']'))
    return false;
  entry.place = std::make_pair(begin, end);
  return true;
}

bool HeaderParser::parseEntry(HeaderEntry &entry) {
  constexpr const char *members =
      "'dtype', 'shape' and 'data_offsets', each once";
  size_t start = position;
  bool parsed = parseObject([&](StringRef name, size_t where) {
    if (name == "dtype" && !entry.type)
      return parseString(entry.type.emplace(), "the name of a type");
    if (name == "shape" && !entry.shape)
      return parseShape(entry);
    if (name == "data_offsets" && !entry.place)
      return parsePlace(entry);
    position = where;
    return fail(members);
  });
  if (!parsed)
    return false;
  if (!entry.type || !entry.shape || !entry.place)
    return failAt(start, "expected " + Twine(members) + ", got " +
                             quoteText(text.slice(start, position).ltrim()));
  return true;
}

bool HeaderParser::parseTop(std::string name, size_t where) {
  if (name == "__metadata__") {
    if (hasMetadata)
      return failAt(where, "expected '__metadata__' once, got it twice");
    hasMetadata = true;
    return parseMetadata();
  }
  if (!checkName(name, where))
    return false;
  if (entries.size() == kMaxStoredTensors)
    return failAt(where, "expected at most " + Twine(kMaxStoredTensors) +
                             " tensors, got more");
  auto [member, isNew] = entries.emplace(std::move(name), HeaderEntry());
  if (!isNew)
    return failAt(where, "expected each tensor once, got " +
                             quoteText(member->first) + " twice");
  member->second.position = where;
  return parseEntry(member->second);
}

bool HeaderParser::parse() {
  // Not even a space may stand before it.
  if (!text.starts_with("{"))
    return failAt(0, "expected a header that begins with '{', got " +
                         (text.empty() ? "an empty one"
                                       : quoteText(text.take_front(24))));
  // Each tensor takes a brace; counted first, so that a header of too many is
  // not taken apart. Two more are those of the header and of its metadata.
  if (text.count('{') > kMaxStoredTensors + 2)
    return failAt(0, "expected at most " + Twine(kMaxStoredTensors) +
                         " tensors, got more");
  if (!parseObject([&](std::string name, size_t where) {
        return parseTop(std::move(name), where);
      }))
    return false;
  return parseEnd("the end of the header");
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

/// Fails unless a file of `size` bytes can have a header of `length`.
static Error checkLength(uint64_t length, uint64_t size, StringRef path) {
  uint64_t limit =
      std::min<uint64_t>(kMaxSafetensorsHeader, size - kHeaderLengthBytes);
  if (length <= limit)
    return Error::success();
  return makeError(path, 0,
                   "expected a header of at most " + Twine(limit) +
                       " bytes, got " + Twine(length));
}

namespace {

/// The tensors of a header, in the order of their data.
using Layout = std::vector<std::pair<StringRef, const HeaderEntry *>>;

} // namespace

static Layout sortByPlace(const std::map<std::string, HeaderEntry> &entries) {
  Layout layout;
  for (auto &[name, entry] : entries)
    layout.emplace_back(name, &entry);
  llvm::sort(layout, [](const auto &left, const auto &right) {
    return std::make_pair(*left.second->place, left.first) <
           std::make_pair(*right.second->place, right.first);
  });
  return layout;
}

/// Fails unless a tensor begins at `begin` and has the size of its type.
static Error checkEntry(StringRef name, const HeaderEntry &entry,
                        uint64_t begin, StringRef path) {
  auto fail = [&](const Twine &expected, const Twine &got) {
    return makeError(path, kHeaderLengthBytes + entry.position,
                     "expected " + expected + " for tensor " + quoteText(name) +
                         ", got " + got);
  };
  if (!getStoredBits(*entry.type))
    return fail("a type of the format ('F32', 'BF16', 'U8', …)",
                quoteText(*entry.type));
  std::optional<uint64_t> size = countStoredBytes(*entry.type, *entry.shape);
  if (!size)
    return fail("a shape of whole bytes, less than 2^61,",
                quoteText(formatStored(*entry.type, *entry.shape)));
  auto [first, last] = *entry.place;
  if (first != begin)
    return fail("data that begin at " + Twine(begin) +
                    ", where those before them end,",
                Twine(first));
  if (last < first || last - first != *size)
    return fail(Twine(*size) + " bytes of " +
                    quoteText(formatStored(*entry.type, *entry.shape)),
                "offsets from " + Twine(first) + " to " + Twine(last));
  return Error::success();
}

Expected<SafetensorsTable> mlir::mx::parseSafetensorsHeader(StringRef text,
                                                            uint64_t size,
                                                            StringRef path) {
  HeaderParser parser(text);
  if (!parser.parse())
    return makeError(path, kHeaderLengthBytes + parser.position,
                     parser.message);
  SafetensorsTable table;
  uint64_t start = kHeaderLengthBytes + text.size(), end = 0;
  for (auto [name, entry] : sortByPlace(parser.entries)) {
    if (Error error = checkEntry(name, *entry, end, path))
      return error;
    uint64_t begin = std::exchange(end, entry->place->second);
    table.tensors[name.str()] = {*entry->type, *entry->shape, start + begin,
                                 end - begin};
  }
  if (end != size - start)
    return makeError(path, start,
                     "expected " + Twine(end) + " bytes of data, got " +
                         Twine(size - start));
  table.metadata = std::move(parser.metadata);
  return table;
}

Expected<SafetensorsTable>
mlir::mx::readSafetensorsHeader(const InputFile &file) {
  StringRef path = file.getPath();
  if (file.getSize() < kHeaderLengthBytes)
    return makeError(path, 0,
                     "expected 8 bytes with the length of the header, got " +
                         Twine(file.getSize()));
  char bytes[kHeaderLengthBytes];
  if (Error error = file.read(0, bytes))
    return error;
  uint64_t length = llvm::support::endian::read64le(bytes);
  if (Error error = checkLength(length, file.getSize(), path))
    return error;
  std::unique_ptr<char[]> text(new char[length]); // Not cleared in vain.
  if (Error error = file.read(kHeaderLengthBytes, {text.get(), length}))
    return error;
  return parseSafetensorsHeader({text.get(), length}, file.getSize(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Error mlir::mx::placeTensors(StringRef path,
                             std::vector<PlannedTensor> &tensors) {
  for (PlannedTensor &tensor : tensors) {
    std::optional<uint64_t> bytes = countStoredBytes(tensor.type, tensor.shape);
    if (!bytes)
      return makeError(path,
                       "expected a type of the format and a shape of whole "
                       "bytes for tensor " +
                           quoteText(tensor.name) + ", got " +
                           quoteText(formatStored(tensor.type, tensor.shape)));
    if (tensor.name == "__metadata__" || !llvm::json::isUTF8(tensor.name))
      return makeError(path, "expected names of tensors in UTF-8, other than "
                             "'__metadata__', got " +
                                 quoteText(tensor.name));
    tensor.bytes = *bytes;
  }
  llvm::sort(tensors,
             [](const PlannedTensor &left, const PlannedTensor &right) {
               unsigned leftBits = *getStoredBits(left.type);
               unsigned rightBits = *getStoredBits(right.type);
               return leftBits != rightBits ? leftBits > rightBits
                                            : left.name < right.name;
             });
  uint64_t end = 0;
  for (PlannedTensor &tensor : tensors)
    tensor.begin = std::exchange(end, end + tensor.bytes);
  return Error::success();
}

static void printTensors(llvm::json::OStream &json,
                         ArrayRef<PlannedTensor> tensors) {
  for (const PlannedTensor &tensor : tensors)
    json.attributeObject(tensor.name, [&] {
      json.attribute("dtype", tensor.type);
      json.attributeArray("shape", [&] {
        for (int64_t size : tensor.shape)
          json.value(size);
      });
      json.attributeArray("data_offsets", [&] {
        json.value(tensor.begin);
        json.value(tensor.begin + tensor.bytes);
      });
    });
}

Expected<std::string> mlir::mx::printSafetensorsHeader(
    StringRef path, ArrayRef<PlannedTensor> tensors,
    const std::map<std::string, std::string> &metadata) {
  for (auto &[name, value] : metadata)
    if (!llvm::json::isUTF8(name) || !llvm::json::isUTF8(value))
      return makeError(path, "expected metadata in UTF-8, got " +
                                 quoteText(name + ": " + value));
  std::string header(kHeaderLengthBytes, '\0');
  llvm::raw_string_ostream os(header);
  llvm::json::OStream json(os);
  json.object([&] {
    if (!metadata.empty())
      json.attributeObject("__metadata__", [&] {
        for (auto &[name, value] : metadata)
          json.attribute(name, value);
      });
    printTensors(json, tensors);
  });
  // Spaces, so that the data begin at a multiple of eight.
  header.resize(llvm::alignTo(header.size(), kHeaderLengthBytes), ' ');
  uint64_t length = header.size() - kHeaderLengthBytes;
  if (length > kMaxSafetensorsHeader)
    return makeError(path, "expected a header of at most " +
                               Twine(kMaxSafetensorsHeader) + " bytes, got " +
                               Twine(length));
  llvm::support::endian::write64le(header.data(), length);
  return header;
}
