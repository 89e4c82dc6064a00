//===- GgufTest.cpp - the file format of ggml -----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Headers that are printed are read back; malformed ones are refused with a
// message that says where; no damage makes the reader crash.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Gguf.h"
#include "TemporaryFile.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"

using namespace mlir::mx;
using llvm::StringRef;

template <typename T>
static std::string number(T value) {
  char bytes[sizeof(T)];
  llvm::support::endian::write<T, llvm::endianness::little>(bytes, value);
  return std::string(bytes, sizeof(T));
}

static std::string text(StringRef value) {
  return number<uint64_t>(value.size()) + value.str();
}

/// Magic, version, and counts.
static std::string begin(uint64_t tensors, uint64_t values,
                         uint32_t version = 3) {
  return "GGUF" + number(version) + number(tensors) + number(values);
}

static std::string tensor(StringRef name, std::vector<uint64_t> sizes,
                          uint32_t type, uint64_t offset) {
  std::string entry = text(name) + number<uint32_t>(sizes.size());
  for (uint64_t size : sizes)
    entry += number(size);
  return entry + number(type) + number(offset);
}

/// Pads a header to 32 bytes and adds data.
static std::string finish(std::string header, size_t dataBytes) {
  header.resize((header.size() + 31) / 32 * 32 + dataBytes);
  return header;
}

static std::string refuse(StringRef bytes) {
  TemporaryFile file(bytes);
  llvm::Expected<InputFile> input = InputFile::open(file.getPath());
  llvm::Expected<GgufTable> table = readGgufHeader(*input);
  if (table)
    return "";
  std::string message = llvm::toString(table.takeError());
  EXPECT_TRUE(StringRef(message).starts_with(file.getPath() + ":")) << message;
  return message.substr(file.getPath().size());
}

TEST(GgufTest, headersAreReadBackAsPrinted) {
  GgufTable table;
  setGgufValues(table);
  table.tensors["a.weight"] = {"MXFP4", {3, 64}, 0, 0};
  table.tensors["b.weight"] = {"NVFP4", {2, 2, 128}, 0, 0};
  table.tensors["c"] = {"F32", {1}, 0, 0};
  llvm::Expected<std::string> header = printGgufHeader("x", table);
  ASSERT_TRUE(static_cast<bool>(header));
  const TensorPlace &last = table.tensors["c"];
  std::string bytes = *header;
  bytes.resize(last.begin + last.bytes);
  TemporaryFile file(bytes);
  llvm::Expected<InputFile> input = InputFile::open(file.getPath());
  llvm::Expected<GgufTable> read = readGgufHeader(*input);
  ASSERT_TRUE(static_cast<bool>(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->values, table.values);
  EXPECT_EQ(read->alignment, 32u);
  for (auto &[name, place] : table.tensors) {
    EXPECT_EQ(read->tensors.at(name).type, place.type);
    EXPECT_EQ(read->tensors.at(name).shape, place.shape);
    EXPECT_EQ(read->tensors.at(name).begin, place.begin);
    EXPECT_EQ(read->tensors.at(name).bytes, place.bytes);
    EXPECT_EQ(place.begin % 32, 0u);
  }
  EXPECT_EQ(table.tensors["a.weight"].bytes, 3u * 2 * 17);
  EXPECT_EQ(table.tensors["b.weight"].bytes, 2u * 2 * 2 * 36);
}

TEST(GgufTest, valuesOfEveryTypeAreSkipped) {
  std::string values;
  const unsigned bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  for (uint32_t type = 0; type < 13; ++type)
    if (bytes[type] != 0)
      values += text("k" + std::to_string(type)) + number(type) +
                std::string(bytes[type], 'x');
  values += text("s") + number<uint32_t>(8) + text("value");
  values += text("n") + number<uint32_t>(9) + number<uint32_t>(5) +
            number<uint64_t>(3) + std::string(12, 'x');
  values += text("t") + number<uint32_t>(9) + number<uint32_t>(8) +
            number<uint64_t>(2) + text("one") + text("");
  values +=
      text("general.alignment") + number<uint32_t>(4) + number<uint32_t>(64);
  std::string header = begin(1, 15, 2) + values + tensor("a", {4}, 0, 0);
  header.resize((header.size() + 63) / 64 * 64 + 16);
  EXPECT_EQ(refuse(header), "");
}

TEST(GgufTest, whatCannotBePrintedIsRefused) {
  GgufTable table;
  setGgufValues(table);
  table.tensors["a"] = {"MXFP4", {3, 33}, 0, 0};
  EXPECT_EQ(llvm::toString(printGgufHeader("x", table).takeError()),
            "x: expected a type of ggml and at most four dimensions of whole "
            "blocks for tensor 'a', got 'MXFP4 [3, 33]'");
}

TEST(GgufTest, malformedFilesAreRefused) {
  std::string long32 = number<uint32_t>(9), four = tensor("a", {4}, 0, 0);
  const std::pair<std::string, std::string> cases[] = {
      {"GGU", ":0: expected 'GGUF', got the end of the header"},
      {"XXXX", ":0: expected a file that begins with 'GGUF', got another"},
      {begin(0, 0, 4), ":8: expected version 2 or 3, got 4"},
      {begin(0, 0).substr(0, 20),
       ":16: expected a count of values, got the end of the header"},
      {begin(1 << 17, 0), ":24: expected at most 65536 tensors, got 131072"},
      {begin(0, 1) + number<uint64_t>(5000),
       ":24: expected a name of at most 4096 bytes, got 5000"},
      {begin(0, 1) + text("\xff") + number<uint32_t>(0) + "x",
       ":33: expected a name in UTF-8 without NUL, got '\\FF'"},
      {begin(0, 1) + text("a") + number<uint32_t>(13),
       ":37: expected a type of values from 0 to 12, got 13"},
      {begin(0, 1) + text("a") + long32 + number<uint32_t>(9) +
           number<uint64_t>(1),
       ":37: expected an array of plain values, got one of arrays"},
      {begin(0, 1) + text("a") + long32 + number<uint32_t>(12) +
           number(UINT64_MAX),
       ":49: expected an array, got the end of the header"},
      {begin(0, 2) + text("a") + number<uint32_t>(0) + "x" + text("a") +
           number<uint32_t>(0) + "x",
       ":38: expected each name once, got 'a' twice"},
      {begin(0, 1) + text("general.alignment") + number<uint32_t>(4) +
           number<uint32_t>(48),
       ":57: expected an alignment that is a power of two, at most 65536, got "
       "48"},
      {begin(1, 0) + tensor("a", {}, 0, 0),
       ":37: expected 1 to 4 dimensions, got 0"},
      {begin(1, 0) + tensor("a", {1, 1, 1, 1, 1}, 0, 0),
       ":37: expected 1 to 4 dimensions, got 5"},
      {begin(1, 0) + tensor("a", {UINT64_MAX}, 0, 0),
       ":45: expected a dimension below 2^62, got 18446744073709551615"},
      {begin(1, 0) + tensor("a", {4}, 4, 0),
       ":24: expected a type of ggml for tensor 'a', got 4"},
      {begin(1, 0) + tensor("a", {33}, 39, 0),
       ":24: expected a shape of whole blocks, less than 2^61 bytes, for "
       "tensor 'a', got 'MXFP4 [33]'"},
      {begin(1, 0) + tensor("a", {1ull << 40, 1ull << 40}, 0, 0),
       ":24: expected a shape of whole blocks, less than 2^61 bytes, for "
       "tensor 'a', got 'F32 [1099511627776, 1099511627776]'"},
      {begin(1, 0) + tensor("a", {4}, 0, 32),
       ":24: expected data that begin at 0, where those before them end, for "
       "tensor 'a', got 32"},
      {finish(begin(2, 0) + four + tensor("a", {4}, 0, 32), 48),
       ":57: expected each tensor once, got 'a' twice"},
      {finish(begin(1, 0) + four, 15),
       ":57: expected a file of 80 bytes, got 79"},
      {finish(begin(1, 0) + four, 33),
       ":57: expected a file of 80 bytes, got 97"},
      {finish(begin(1, 0) + tensor("a", {1 << 20}, 0, 0), 15),
       ":57: expected data within a file of 79 bytes, got some up to 4194304"},
  };
  for (auto &[bytes, message] : cases)
    EXPECT_EQ(refuse(bytes), message);
  EXPECT_EQ(refuse(finish(begin(1, 0) + four, 16)), "");
  EXPECT_EQ(refuse(finish(begin(1, 0) + four, 32)), "");
}

TEST(GgufTest, noDamageToAFileMakesTheReaderCrash) {
  std::string good = finish(begin(1, 1) + text("k") + number<uint32_t>(8) +
                                text("v") + tensor("a", {4}, 0, 0),
                            16);
  ASSERT_EQ(refuse(good), "");
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(refuse(StringRef(good).take_front(length)), "") << length;
  for (size_t index = 0; index < good.size(); ++index)
    for (char byte : {'\0', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[index] = byte;
      refuse(bad);
    }
}
