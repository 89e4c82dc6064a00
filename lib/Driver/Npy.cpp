//===- Npy.cpp - NumPy's file format --------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   byte 0..5  6      7      8..9 (v1) or 8..11   header            data
//   \x93NUMPY  major  minor  length of header     a Python dict …\n
//===----------------------------------------------------------------------===//

#include "mx/Driver/Npy.h"
#include "mx/Checkpoint/WholeFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static constexpr StringRef kMagic("\x93NUMPY", 6);

static Error makeError(StringRef name, uint64_t offset, const Twine &text) {
  return llvm::createStringError(name + ":" + Twine(offset) + ": " + text);
}

/// A short, printable, quoted form of untrusted text.
static std::string quote(StringRef text) {
  constexpr size_t limit = 24;
  std::string result = "'";
  llvm::raw_string_ostream os(result);
  llvm::printEscapedString(text.take_front(limit), os);
  os << (text.size() > limit ? "…'" : "'");
  return result;
}

//===----------------------------------------------------------------------===//
// The dictionary
//===----------------------------------------------------------------------===//

namespace {

/// Parses the literal that NumPy writes: the three keys in any order, each
/// once.
class DictParser {
public:
  explicit DictParser(StringRef text) : text(text) {}

  /// On failure, `message` and `position` say what is wrong and where.
  bool parse();

  std::optional<DType> type;
  std::optional<llvm::SmallVector<int64_t, 4>> shape;
  std::optional<bool> isFortran;
  std::string message;
  size_t position = 0;

private:
  void skipSpace() {
    while (position < text.size() && text[position] == ' ')
      ++position;
  }
  bool fail(const Twine &expected) {
    std::string found = position < text.size() ? quote(text.substr(position))
                                               : "the end of the header";
    message = ("expected " + expected + ", got " + found).str();
    return false;
  }
  bool consume(char character, const Twine &expected);
  bool tryConsume(StringRef word);
  bool parseString(StringRef &value, const Twine &expected);
  bool parseEntry();
  bool parseDescr();
  bool parseOrder();
  bool parseShape();
  bool parseDimension();

  StringRef text;
};

} // namespace

bool DictParser::tryConsume(StringRef word) {
  skipSpace();
  if (!text.substr(position).starts_with(word))
    return false;
  position += word.size();
  return true;
}

bool DictParser::consume(char character, const Twine &expected) {
  return tryConsume(StringRef(&character, 1)) || fail(expected);
}

bool DictParser::parseString(StringRef &value, const Twine &expected) {
  skipSpace();
  StringRef rest = text.substr(position);
  if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
    return fail(expected);
  size_t end = rest.find(rest[0], 1);
  if (end == StringRef::npos || rest.take_front(end).contains('\\'))
    return fail(expected);
  value = rest.slice(1, end);
  position += end + 1;
  return true;
}

static std::optional<DType> lookupDescr(StringRef descr) {
  return llvm::StringSwitch<std::optional<DType>>(descr)
      .Case("|b1", DType::Bool)
      .Case("|i1", DType::I8)
      .Case("<i2", DType::I16)
      .Case("<i4", DType::I32)
      .Case("<i8", DType::I64)
      .Cases({"|u1", "|V1", "<V1"}, DType::U8)
      .Case("<u2", DType::U16)
      .Case("<u4", DType::U32)
      .Case("<u8", DType::U64)
      .Case("<f2", DType::F16)
      .Cases({"|V2", "<V2"}, DType::BF16)
      .Case("<f4", DType::F32)
      .Case("<f8", DType::F64)
      .Default(std::nullopt);
}

bool DictParser::parseDescr() {
  size_t start = position;
  StringRef descr;
  constexpr const char *expected =
      "a little-endian element type ('|b1', '|i1'…'<i8', '|u1'…'<u8', "
      "'<f2', '<f4', '<f8')";
  if (!parseString(descr, expected))
    return false;
  type = lookupDescr(descr);
  if (type)
    return true;
  position = start;
  skipSpace();
  return fail(expected);
}

bool DictParser::parseOrder() {
  if (tryConsume("False")) {
    isFortran = false;
    return true;
  }
  return fail("C order ('fortran_order': False)");
}

bool DictParser::parseDimension() {
  skipSpace();
  StringRef digits = text.substr(position).take_while(llvm::isDigit);
  int64_t size;
  if (digits.empty() || digits.getAsInteger(10, size))
    return fail("a dimension below 2^63");
  if (shape->size() == kMaxNpyRank)
    return fail("at most " + Twine(kMaxNpyRank) + " dimensions");
  shape->push_back(size);
  position += digits.size();
  return true;
}

bool DictParser::parseShape() {
  shape.emplace();
  if (!consume('(', "a shape"))
    return false;
  while (!tryConsume(")")) {
    if (!parseDimension())
      return false;
    bool hasComma = tryConsume(",");
    skipSpace();
    bool atEnd = text.substr(position).starts_with(")");
    // "(3)" is not a tuple.
    if (!hasComma && (!atEnd || shape->size() == 1))
      return fail("','");
  }
  return true;
}

bool DictParser::parseEntry() {
  skipSpace();
  size_t start = position;
  StringRef key;
  constexpr const char *expected =
      "'descr', 'fortran_order' and 'shape', each once";
  if (!parseString(key, expected))
    return false;
  bool isNew = (key == "descr" && !type) ||
               (key == "fortran_order" && !isFortran) ||
               (key == "shape" && !shape);
  if (!isNew) {
    position = start;
    return fail(expected);
  }
  if (!consume(':', "':'"))
    return false;
  if (key == "descr")
    return parseDescr();
  return key == "shape" ? parseShape() : parseOrder();
}

bool DictParser::parse() {
  if (!consume('{', "'{'"))
    return false;
  while (!tryConsume("}")) {
    if (!parseEntry())
      return false;
    if (tryConsume("}"))
      break;
    if (!consume(',', "',' or '}'"))
      return false;
  }
  if (!type || !shape || !isFortran)
    return fail("'descr', 'fortran_order' and 'shape', each once");
  skipSpace();
  if (text.substr(position) != "\n")
    return fail("spaces and a newline");
  return true;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Finds where the dictionary lies, as (offset, length).
static Expected<std::pair<uint64_t, uint64_t>>
locateDict(StringRef bytes, uint64_t fileSize, StringRef name) {
  if (!bytes.starts_with(kMagic))
    return makeError(name, 0,
                     "expected '\\93NUMPY', got " +
                         quote(bytes.take_front(kMagic.size())));
  unsigned major = bytes.size() > 6 ? static_cast<uint8_t>(bytes[6]) : 0;
  if (major < 1 || major > 3)
    return makeError(name, 6,
                     "expected format version 1, 2 or 3, got " + Twine(major));
  uint64_t dictOffset = major == 1 ? 10 : 12;
  if (bytes.size() < dictOffset)
    return makeError(name, 8,
                     "expected the length of the header, got the end "
                     "of the file");
  uint64_t length = major == 1
                        ? llvm::support::endian::read16le(bytes.data() + 8)
                        : llvm::support::endian::read32le(bytes.data() + 8);
  uint64_t limit = std::min<uint64_t>(kMaxNpyHeader, fileSize - dictOffset);
  if (length > limit)
    return makeError(name, 8,
                     "expected a header of at most " + Twine(limit) +
                         " bytes, got " + Twine(length));
  return std::make_pair(dictOffset, length);
}

Expected<NpyHeader> mlir::mx::parseNpyHeader(StringRef bytes, uint64_t fileSize,
                                             StringRef name) {
  auto place = locateDict(bytes, fileSize, name);
  if (!place)
    return place.takeError();
  auto [dictOffset, length] = *place;
  DictParser parser(bytes.substr(dictOffset, length));
  if (!parser.parse())
    return makeError(name, dictOffset + parser.position, parser.message);
  uint64_t dataOffset = dictOffset + length;
  unsigned elementBytes = getDTypeBytes(*parser.type);
  std::optional<int64_t> elements = countElements(*parser.shape, elementBytes);
  if (!elements)
    return makeError(name, dictOffset,
                     "expected an array of less than 2^62 bytes, got '" +
                         formatShape(*parser.shape, *parser.type) + "'");
  uint64_t dataBytes = *elements * elementBytes;
  if (fileSize - dataOffset != dataBytes)
    return makeError(name, dataOffset,
                     "expected " + Twine(dataBytes) + " bytes for '" +
                         formatShape(*parser.shape, *parser.type) + "', got " +
                         Twine(fileSize - dataOffset));
  return NpyHeader{*parser.type, std::move(*parser.shape), dataOffset};
}

/// Fills `buffer` from `offset` on. False if the file ends before or cannot be
/// read.
static bool readExactly(llvm::sys::fs::file_t file,
                        llvm::MutableArrayRef<char> buffer, uint64_t offset) {
  while (!buffer.empty()) {
    Expected<size_t> count =
        llvm::sys::fs::readNativeFileSlice(file, buffer, offset);
    if (!count) {
      llvm::consumeError(count.takeError());
      return false;
    }
    if (*count == 0)
      return false;
    buffer = buffer.drop_front(*count);
    offset += *count;
  }
  return true;
}

/// Refuses booleans other than 0 and 1, which compiled code does not expect.
static Error checkBooleans(const Array &array, uint64_t offset,
                           StringRef name) {
  if (array.getType() != DType::Bool)
    return Error::success();
  for (int64_t i = 0; i < array.size(); ++i)
    if (unsigned value = static_cast<uint8_t>(array.data()[i]); value > 1)
      return makeError(name, offset + i,
                       "expected a boolean of 0 or 1, got " + Twine(value));
  return Error::success();
}

static Expected<Array> readOpenFile(llvm::sys::fs::file_t file,
                                    StringRef path) {
  // The size comes from the open file, so that a name that changes meanwhile
  // does no harm.
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(file, status))
    return llvm::createStringError(path + ": " + error.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError(path + ": expected a regular file");
  constexpr uint64_t longestHead = kMaxNpyHeader + 12;
  std::string head(std::min<uint64_t>(status.getSize(), longestHead), '\0');
  auto truncated = [&] {
    return makeError(path, 0,
                     "expected " + Twine(status.getSize()) +
                         " readable bytes, got fewer");
  };
  if (!readExactly(file, {head.data(), head.size()}, 0))
    return truncated();
  Expected<NpyHeader> header = parseNpyHeader(head, status.getSize(), path);
  if (!header)
    return header.takeError();
  Expected<Array> array = Array::create(header->type, header->shape);
  if (!array)
    return makeError(path, 0, llvm::toString(array.takeError()));
  if (!readExactly(file, {array->data(), array->getByteSize()},
                   header->dataOffset))
    return truncated();
  if (Error error = checkBooleans(*array, header->dataOffset, path))
    return error;
  return array;
}

Expected<Array> mlir::mx::readNpy(StringRef path) {
  Expected<llvm::sys::fs::file_t> file =
      llvm::sys::fs::openNativeFileForRead(path);
  if (!file)
    return llvm::createStringError(path + ": " +
                                   llvm::toString(file.takeError()));
  Expected<Array> array = readOpenFile(*file, path);
  llvm::sys::fs::closeFile(*file);
  return array;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static StringRef getDescr(DType type) {
  switch (type) {
  case DType::Bool:
    return "|b1";
  case DType::I8:
    return "|i1";
  case DType::I16:
    return "<i2";
  case DType::I32:
    return "<i4";
  case DType::I64:
    return "<i8";
  case DType::U8:
    return "|u1";
  case DType::U16:
  case DType::BF16:
    return "<u2";
  case DType::U32:
    return "<u4";
  case DType::U64:
    return "<u8";
  case DType::F16:
    return "<f2";
  case DType::F32:
    return "<f4";
  case DType::F64:
    return "<f8";
  }
  llvm_unreachable("every element type is listed");
}

void mlir::mx::writeNpy(const Array &array, llvm::raw_ostream &os) {
  constexpr unsigned fixedBytes = 10, alignment = 64;
  std::string dict;
  llvm::raw_string_ostream text(dict);
  text << "{'descr': '" << getDescr(array.getType())
       << "', 'fortran_order': False, 'shape': (";
  for (int64_t size : array.getShape())
    text << size << ", ";
  text << "), }";
  size_t length = llvm::alignTo(fixedBytes + dict.size() + 1, alignment);
  text.indent(length - fixedBytes - dict.size() - 1) << '\n';
  os << kMagic << '\1' << '\0';
  char lengthBytes[2];
  llvm::support::endian::write16le(lengthBytes, length - fixedBytes);
  os.write(lengthBytes, sizeof(lengthBytes));
  os << dict;
  os.write(array.data(), array.getByteSize());
}

Error mlir::mx::writeNpyFile(const Array &array, StringRef path) {
  return writeWholeFile(path,
                        [&](llvm::raw_ostream &os) { writeNpy(array, os); });
}
