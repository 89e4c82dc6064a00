//===- Gguf.cpp - the file format of ggml ---------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   "GGUF" version u32, tensors u64, values u64
//   for each value   name, type u32, bytes
//   for each tensor  name, rank u32, sizes u64 (fastest first), type u32,
//                    offset u64 (from the begin of the data)
//   padding, then the data, each at a multiple of `general.alignment`
//
// A string is a u64 length and its bytes; everything is little-endian.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Gguf.h"
#include "JsonText.h"
#include "SafetensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static constexpr StringRef kMagic = "GGUF";
static constexpr uint32_t kVersion = 3;
static constexpr uint64_t kDefaultAlignment = 32;
static constexpr StringRef kAlignmentKey = "general.alignment";
/// The most dimensions of a tensor.
static constexpr uint32_t kMaxGgufRank = 4;

namespace {

/// A type of tensors: `block` elements take `bytes`.
struct GgufType {
  const char *name;
  uint32_t number;
  uint32_t block, bytes;
};

/// Types of values.
enum class ValueType : uint32_t { UInt32 = 4, String = 8, Array = 9 };

} // namespace

static constexpr GgufType kTypes[] = {
    {"F32", 0, 1, 4},         {"F16", 1, 1, 2},
    {"Q4_0", 2, 32, 18},      {"Q4_1", 3, 32, 20},
    {"Q5_0", 6, 32, 22},      {"Q5_1", 7, 32, 24},
    {"Q8_0", 8, 32, 34},      {"Q8_1", 9, 32, 36},
    {"Q2_K", 10, 256, 84},    {"Q3_K", 11, 256, 110},
    {"Q4_K", 12, 256, 144},   {"Q5_K", 13, 256, 176},
    {"Q6_K", 14, 256, 210},   {"Q8_K", 15, 256, 292},
    {"IQ2_XXS", 16, 256, 66}, {"IQ2_XS", 17, 256, 74},
    {"IQ3_XXS", 18, 256, 98}, {"IQ1_S", 19, 256, 50},
    {"IQ4_NL", 20, 32, 18},   {"IQ3_S", 21, 256, 110},
    {"IQ2_S", 22, 256, 82},   {"IQ4_XS", 23, 256, 136},
    {"I8", 24, 1, 1},         {"I16", 25, 1, 2},
    {"I32", 26, 1, 4},        {"I64", 27, 1, 8},
    {"F64", 28, 1, 8},        {"IQ1_M", 29, 256, 56},
    {"BF16", 30, 1, 2},       {"TQ1_0", 34, 256, 54},
    {"TQ2_0", 35, 256, 66},   {"MXFP4", 39, 32, 17},
    {"NVFP4", 40, 64, 36},
};

/// Bytes of a value of each type that has a size; 0 for strings and arrays.
static constexpr uint8_t kValueBytes[] = {1, 1, 2, 2, 4, 4, 4,
                                          1, 0, 0, 8, 8, 8};

static const GgufType *lookupType(StringRef name) {
  for (const GgufType &type : kTypes)
    if (name == type.name)
      return &type;
  return nullptr;
}

std::optional<uint64_t> mlir::mx::countGgufBytes(StringRef name,
                                                 ArrayRef<int64_t> shape) {
  const GgufType *type = lookupType(name);
  if (!type || shape.empty() || shape.back() % type->block != 0)
    return std::nullopt;
  uint64_t count = type->bytes;
  bool overflow = false, isEmpty = false;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    isEmpty |= size == 0;
    uint64_t blocks = axis + 1 == shape.size() ? size / type->block : size;
    bool tooMany = false;
    count = llvm::SaturatingMultiply<uint64_t>(
        count, std::max<uint64_t>(blocks, 1), &tooMany);
    overflow |= size < 0 || tooMany;
  }
  if (overflow || count >> 61 != 0)
    return std::nullopt;
  return isEmpty ? 0 : count;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

/// Reads a header from front to back. After an error, everything is 0.
class Cursor {
public:
  Cursor(const InputFile &file)
      : file(file),
        end(std::min<uint64_t>(file.getSize(), kMaxSafetensorsHeader)) {}

  uint64_t position = 0;
  std::string message;

  bool fail(const Twine &text) {
    if (message.empty())
      message =
          (Twine(file.getPath()) + ":" + Twine(position) + ": " + text).str();
    return false;
  }
  /// The next `count` bytes, which stay valid until the next call.
  StringRef take(uint64_t count, StringRef what) {
    if (!message.empty() || count > end - position) {
      fail("expected " + what + ", got the end of the header");
      return {};
    }
    if (position + count > start + window.size() && !refill(count))
      return {};
    StringRef bytes = StringRef(window).substr(position - start, count);
    position += count;
    return bytes;
  }
  bool skip(uint64_t count, StringRef what) {
    if (!message.empty() || count > end - position)
      return fail("expected " + what + ", got the end of the header");
    position += count;
    return true;
  }
  uint32_t take32(StringRef what) {
    StringRef bytes = take(4, what);
    return bytes.empty() ? 0 : llvm::support::endian::read32le(bytes.data());
  }
  uint64_t take64(StringRef what) {
    StringRef bytes = take(8, what);
    return bytes.empty() ? 0 : llvm::support::endian::read64le(bytes.data());
  }
  std::string takeName(StringRef what) {
    uint64_t where = position, length = take64(what);
    if (length > kMaxStoredName) {
      position = where;
      fail("expected a name of at most " + Twine(kMaxStoredName) +
           " bytes, got " + Twine(length));
      return "";
    }
    std::string name = take(length, what).str();
    if (!llvm::json::isUTF8(name) || StringRef(name).contains('\0'))
      fail("expected a name in UTF-8 without NUL, got " + quoteText(name));
    return name;
  }

private:
  bool refill(uint64_t count) {
    constexpr uint64_t step = 1 << 18;
    start = position;
    window.resize(std::min(std::max(count, step), end - position));
    if (Error error = file.read(start, {window.data(), window.size()})) {
      message = llvm::toString(std::move(error));
      return false;
    }
    return true;
  }

  const InputFile &file;
  uint64_t end;
  std::string window;
  uint64_t start = 0;
};

} // namespace

static bool skipValue(Cursor &cursor, uint32_t type);

static bool skipArray(Cursor &cursor) {
  uint64_t where = cursor.position;
  uint32_t type = cursor.take32("a type");
  uint64_t count = cursor.take64("a count");
  if (type == static_cast<uint32_t>(ValueType::Array)) {
    cursor.position = where;
    return cursor.fail("expected an array of plain values, got one of arrays");
  }
  if (type < std::size(kValueBytes) && kValueBytes[type] != 0) {
    bool overflow = false;
    uint64_t bytes =
        llvm::SaturatingMultiply<uint64_t>(count, kValueBytes[type], &overflow);
    return cursor.skip(bytes, "an array");
  }
  for (uint64_t i = 0; i < count && cursor.message.empty(); ++i)
    skipValue(cursor, type);
  return cursor.message.empty();
}

static bool skipValue(Cursor &cursor, uint32_t type) {
  if (type == static_cast<uint32_t>(ValueType::String))
    return cursor.skip(cursor.take64("a string"), "a string");
  if (type == static_cast<uint32_t>(ValueType::Array))
    return skipArray(cursor);
  if (type >= std::size(kValueBytes))
    return cursor.fail("expected a type of values from 0 to 12, got " +
                       Twine(type));
  return cursor.skip(kValueBytes[type], "a value");
}

/// Walks over the values and remembers the alignment.
static void readValues(Cursor &cursor, GgufTable &table) {
  table.alignment = kDefaultAlignment;
  std::map<std::string, bool> seen;
  for (uint64_t i = 0; i < table.valueCount && cursor.message.empty(); ++i) {
    uint64_t where = cursor.position;
    std::string name = cursor.takeName("the name of a value");
    uint32_t type = cursor.take32("a type");
    if (cursor.message.empty() && !seen.emplace(name, true).second) {
      cursor.position = where;
      cursor.fail("expected each name once, got " + quoteText(name) + " twice");
    }
    if (name != kAlignmentKey ||
        type != static_cast<uint32_t>(ValueType::UInt32)) {
      skipValue(cursor, type);
      continue;
    }
    table.alignment = cursor.take32("an alignment");
    constexpr uint64_t most = 1 << 16;
    if (cursor.message.empty() &&
        (!llvm::isPowerOf2_64(table.alignment) || table.alignment > most))
      cursor.fail("expected an alignment that is a power of two, at most " +
                  Twine(most) + ", got " + Twine(table.alignment));
  }
}

/// Reads the shape of a tensor.
static void readShape(Cursor &cursor, TensorPlace &place) {
  uint32_t rank = cursor.take32("a rank");
  if (cursor.message.empty() && (rank == 0 || rank > kMaxGgufRank))
    cursor.fail("expected 1 to " + Twine(kMaxGgufRank) + " dimensions, got " +
                Twine(rank));
  for (uint32_t i = 0; i < rank && cursor.message.empty(); ++i) {
    uint64_t size = cursor.take64("a dimension");
    if (size >> 62 != 0)
      cursor.fail("expected a dimension below 2^62, got " + Twine(size));
    place.shape.insert(place.shape.begin(), static_cast<int64_t>(size));
  }
}

/// Reads the entry of one tensor, which must begin at `end`, and moves `end`
/// behind it.
static void readTensor(Cursor &cursor, GgufTable &table, uint64_t &end) {
  uint64_t where = cursor.position;
  std::string name = cursor.takeName("the name of a tensor");
  TensorPlace place;
  readShape(cursor, place);
  uint32_t number = cursor.take32("a type");
  place.begin = cursor.take64("an offset");
  if (!cursor.message.empty())
    return;
  uint64_t next = std::exchange(cursor.position, where);
  const GgufType *type = llvm::find_if(
      kTypes, [&](const GgufType &each) { return each.number == number; });
  if (type == std::end(kTypes)) {
    cursor.fail("expected a type of ggml for tensor " + quoteText(name) +
                ", got " + Twine(number));
    return;
  }
  place.type = type->name;
  std::optional<uint64_t> bytes = countGgufBytes(place.type, place.shape);
  if (!bytes) {
    cursor.fail("expected a shape of whole blocks, less than 2^61 bytes, for "
                "tensor " +
                quoteText(name) + ", got " +
                quoteText(formatStored(place.type, place.shape)));
    return;
  }
  if (place.begin != end) {
    cursor.fail("expected data that begin at " + Twine(end) +
                ", where those before them end, for tensor " + quoteText(name) +
                ", got " + Twine(place.begin));
    return;
  }
  place.bytes = *bytes;
  // Below 2^63: sizes are below 2^61, and a sum above the file ends the loop.
  end = llvm::alignTo(end + *bytes, table.alignment);
  if (!table.tensors.emplace(name, place).second) {
    cursor.fail("expected each tensor once, got " + quoteText(name) + " twice");
    return;
  }
  cursor.position = next;
}

static void readTensors(Cursor &cursor, GgufTable &table, uint64_t count,
                        uint64_t fileSize) {
  if (count > kMaxStoredTensors) {
    cursor.fail("expected at most " + Twine(kMaxStoredTensors) +
                " tensors, got " + Twine(count));
    return;
  }
  uint64_t end = 0;
  for (uint64_t i = 0; i < count && cursor.message.empty(); ++i) {
    readTensor(cursor, table, end);
    if (cursor.message.empty() && end > llvm::alignTo(fileSize, 1 << 16))
      cursor.fail("expected data within a file of " + Twine(fileSize) +
                  " bytes, got some up to " + Twine(end));
  }
}

/// Fails unless the file ends with the last tensor, with or without padding.
static void checkEnd(Cursor &cursor, GgufTable &table, uint64_t fileSize) {
  uint64_t start = llvm::alignTo(cursor.position, table.alignment);
  uint64_t end = table.tensors.empty() ? std::min(start, fileSize) : start;
  for (auto &[name, place] : table.tensors) {
    place.begin += start;
    end = std::max(end, place.begin + place.bytes);
  }
  if (end > fileSize || fileSize > llvm::alignTo(end, table.alignment))
    cursor.fail("expected a file of " + Twine(end) + " bytes, got " +
                Twine(fileSize));
}

Expected<GgufTable> mlir::mx::readGgufHeader(const InputFile &file) {
  Cursor cursor(file);
  GgufTable table;
  if (cursor.take(kMagic.size(), "'GGUF'") != kMagic) {
    cursor.position = 0;
    cursor.fail("expected a file that begins with 'GGUF', got another");
  }
  uint32_t version = cursor.take32("a version");
  if (version < 2 || version > kVersion)
    cursor.fail("expected version 2 or 3, got " + Twine(version));
  uint64_t tensors = cursor.take64("a count of tensors");
  table.valueCount = cursor.take64("a count of values");
  uint64_t begin = cursor.position;
  readValues(cursor, table);
  uint64_t end = cursor.position;
  readTensors(cursor, table, tensors, file.getSize());
  if (cursor.message.empty())
    checkEnd(cursor, table, file.getSize());
  if (!cursor.message.empty())
    return llvm::createStringError(cursor.message);
  table.values.resize(end - begin);
  if (Error error = file.read(begin, {table.values.data(), end - begin}))
    return error;
  return table;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

template <typename T>
static void append(std::string &text, T value) {
  char bytes[sizeof(T)];
  llvm::support::endian::write<T, llvm::endianness::little>(bytes, value);
  text.append(bytes, sizeof(T));
}

static void appendString(std::string &text, StringRef string) {
  append<uint64_t>(text, string.size());
  text += string;
}

void mlir::mx::setGgufValues(GgufTable &table) {
  table.alignment = kDefaultAlignment;
  table.values.clear();
  appendString(table.values, "general.architecture");
  append(table.values, static_cast<uint32_t>(ValueType::String));
  appendString(table.values, "mx");
  table.valueCount = 1;
}

Expected<std::string> mlir::mx::printGgufHeader(StringRef path,
                                                GgufTable &table) {
  std::string header = kMagic.str();
  append(header, kVersion);
  append<uint64_t>(header, table.tensors.size());
  append(header, table.valueCount);
  header += table.values;
  uint64_t end = 0;
  for (auto &[name, place] : table.tensors) {
    std::optional<uint64_t> bytes = countGgufBytes(place.type, place.shape);
    if (!bytes || place.shape.size() > kMaxGgufRank)
      return llvm::createStringError(
          path +
          ": expected a type of ggml and at most four dimensions of "
          "whole blocks for tensor " +
          quoteText(name) + ", got " +
          quoteText(formatStored(place.type, place.shape)));
    place.bytes = *bytes;
    place.begin =
        std::exchange(end, llvm::alignTo(end + place.bytes, table.alignment));
    appendString(header, name);
    append<uint32_t>(header, place.shape.size());
    for (int64_t size : llvm::reverse(place.shape))
      append<uint64_t>(header, size);
    append(header, lookupType(place.type)->number);
    append(header, place.begin);
  }
  header.resize(llvm::alignTo(header.size(), table.alignment), '\0');
  for (auto &[name, place] : table.tensors)
    place.begin += header.size();
  return header;
}
