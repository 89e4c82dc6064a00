//===- SafetensorsTest.cpp - the file format of checkpoints ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What is written is read back; each malformed file is refused with a message
// that says where it is wrong; no damage to a file makes the reader crash.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Safetensors.h"
#include "TemporaryFile.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"
#include <sys/stat.h>

using namespace mlir::mx;
using llvm::StringRef;

/// A file with this header and as many zero bytes of data.
static std::string makeFile(StringRef header, size_t dataBytes = 0) {
  char length[8];
  llvm::support::endian::write64le(length, header.size());
  return std::string(length, 8) + header.str() + std::string(dataBytes, '\0');
}

/// The message about a file with these bytes, without its path; empty if it is
/// accepted.
static std::string refuse(StringRef bytes) {
  TemporaryFile file(bytes);
  llvm::Expected<SafetensorsFile> opened =
      SafetensorsFile::open(file.getPath());
  if (opened)
    return "";
  std::string message = llvm::toString(opened.takeError());
  EXPECT_TRUE(StringRef(message).starts_with(file.getPath())) << message;
  return message.substr(file.getPath().size());
}

static std::string refuseHeader(StringRef header, size_t dataBytes = 0) {
  return refuse(makeFile(header, dataBytes));
}

/// A header with one tensor.
static std::string makeHeader(StringRef type, StringRef shape,
                              StringRef place) {
  return ("{\"t\":{\"dtype\":" + type + ",\"shape\":" + shape +
          ",\"data_offsets\":" + place + "}}")
      .str();
}

static std::string failToWrite(StringRef path,
                               const std::map<std::string, TensorSource> &map) {
  return llvm::toString(writeSafetensors(path, map, {}));
}

//===----------------------------------------------------------------------===//
// Round trips
//===----------------------------------------------------------------------===//

TEST(SafetensorsTest, tensorsAndMetadataAreReadBackAsWritten) {
  std::string bytes = "abcdefghijklmnopqrstuvwx";
  TemporaryFile file;
  ASSERT_FALSE(writeSafetensors(
      file.getPath(),
      {{"wide", {"F64", {3}, {bytes.data(), 24}}},
       {"odd", {"U8", {1, 3}, {bytes.data(), 3}}},
       {"half", {"BF16", {2, 2}, {bytes.data() + 1, 8}}},
       {"scalar", {"F32", {}, {bytes.data(), 4}}},
       {"fp4", {"F4", {2, 3}, {bytes.data(), 3}}},
       {"quote \" \\ \n \u00e9", {"I64", {0, 5}, {}}}},
      std::map<std::string, std::string>{{"a", "\t"}, {"b", ""}}));
  auto opened = SafetensorsFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened)) << llvm::toString(opened.takeError());
  EXPECT_EQ(opened->getTensors().size(), 6u);
  EXPECT_EQ(opened->getMetadata().at("a"), "\t");
  const StoredTensor *half = opened->lookup("half");
  ASSERT_NE(half, nullptr);
  EXPECT_EQ(half->type, "BF16");
  EXPECT_EQ(half->shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(StringRef(half->bytes.data(), half->bytes.size()), "bcdefghi");
  EXPECT_EQ(opened->lookup("quote \" \\ \n \u00e9")->shape,
            (std::vector<int64_t>{0, 5}));
  EXPECT_EQ(opened->lookup("other"), nullptr);
}

TEST(SafetensorsTest, dataAreAlignedToTheirElements) {
  TemporaryFile file;
  char bytes[16] = {};
  ASSERT_FALSE(writeSafetensors(
      file.getPath(),
      {{"a", {"U8", {3}, {bytes, 3}}}, {"b", {"F64", {2}, {bytes, 16}}}},
      {{"k", "v"}}));
  auto opened = SafetensorsFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened));
  EXPECT_EQ((file.read().size() - 19) % 8, 0u);
}

TEST(SafetensorsTest, theSameTensorsGiveTheSameBytes) {
  TemporaryFile first, second;
  char bytes[2] = {1, 2};
  std::map<std::string, StoredTensor> tensors = {{"x", {"U8", {2}, bytes}},
                                                 {"y", {"I16", {1}, bytes}}};
  ASSERT_FALSE(writeSafetensors(first.getPath(), tensors, {{"m", "1"}}));
  ASSERT_FALSE(writeSafetensors(second.getPath(), tensors, {{"m", "1"}}));
  EXPECT_EQ(first.read(), second.read());
}

TEST(SafetensorsTest, unalignedAndSpacedHeadersAreRead) {
  EXPECT_EQ(refuseHeader(makeHeader("\"F32\"", "[1]", "[0,4]"), 4), "");
  EXPECT_EQ(refuseHeader("{ \"t\" :\n{\"shape\": [ ] ,\t\"data_offsets\":[0, 1]"
                         ",\"dtype\":\"U8\"} }   ",
                         1),
            "");
  EXPECT_EQ(refuseHeader("{}"), "");
  EXPECT_EQ(refuseHeader("{\"__metadata__\":{}}"), "");
}

//===----------------------------------------------------------------------===//
// Malformed files
//===----------------------------------------------------------------------===//

TEST(SafetensorsTest, filesWithoutAHeaderAreRefused) {
  EXPECT_EQ(refuse(""),
            ":0: expected 8 bytes with the length of the header, got 0");
  EXPECT_EQ(refuse("1234567"),
            ":0: expected 8 bytes with the length of the header, got 7");
  EXPECT_EQ(refuse(StringRef("\x10\0\0\0\0\0\0\0{}", 10)),
            ":0: expected a header of at most 2 bytes, got 16");
  EXPECT_EQ(refuse("\xff\xff\xff\xff\xff\xff\xff\xff{}"),
            ":0: expected a header of at most 2 bytes, got "
            "18446744073709551615");
  EXPECT_EQ(refuseHeader(""),
            ":8: expected a header that begins with '{', got an empty one");
}

TEST(SafetensorsTest, aHeaderBeyondTheLimitIsRefused) {
  // A file with a hole, so that nothing is written.
  TemporaryFile file(makeFile("{}"));
  ASSERT_EQ(::truncate(file.getPath().c_str(), 200'000'000), 0);
  int descriptor;
  ASSERT_FALSE(llvm::sys::fs::openFileForReadWrite(
      file.getPath(), descriptor, llvm::sys::fs::CD_OpenExisting,
      llvm::sys::fs::OF_None));
  char length[8];
  llvm::support::endian::write64le(length, kMaxSafetensorsHeader + 1);
  llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true).write(length, 8);
  auto opened = SafetensorsFile::open(file.getPath());
  ASSERT_FALSE(static_cast<bool>(opened));
  EXPECT_TRUE(StringRef(llvm::toString(opened.takeError()))
                  .ends_with("expected a header of at most 33554432 bytes, "
                             "got 33554433"));
}

TEST(SafetensorsTest, otherThingsThanFilesAreRefused) {
  TemporaryFile file;
  auto message = [](StringRef path) {
    return llvm::toString(SafetensorsFile::open(path).takeError());
  };
  std::string folder = file.getFolder().str();
  EXPECT_EQ(message(folder),
            folder + ": expected a regular file, got something else");
  EXPECT_EQ(message(file.getPath()),
            file.getPath() + ": No such file or directory");
  ASSERT_EQ(::mkfifo(file.getPath().c_str(), 0600), 0);
  EXPECT_EQ(message(file.getPath()),
            file.getPath() + ": expected a regular file, got something else");
}

namespace {
struct BadHeader {
  const char *header;
  size_t dataBytes;
  const char *message;
};
} // namespace

TEST(SafetensorsTest, wrongSyntaxIsRefused) {
  const BadHeader cases[] = {
      {" {}", 0, ":8: expected a header that begins with '{', got ' {}'"},
      {"[]", 0, ":8: expected a header that begins with '{', got '[]'"},
      {"{} x", 0, ":11: expected the end of the header, got 'x'"},
      {"{}{}", 0, ":10: expected the end of the header, got '{}'"},
      {"{", 0, ":9: expected a name in quotes, got the end of the header"},
      {"{\"a\"", 0, ":12: expected ':', got the end of the header"},
      {"{\"a", 0,
       ":9: expected the end of a string, got the end of the header"},
      {"{\"a\\", 0,
       ":9: expected the end of a string, got the end of the header"},
      {"{\"a\":{}", 0,
       ":13: expected 'dtype', 'shape' and 'data_offsets', each once, got "
       "'{}'"},
      {"{\"\\x\":{}}", 0, ":9: expected a JSON string, got '\"\\x\"'"},
      {"{\"\xff\":{}}", 0, ":9: expected a JSON string, got '\"\\FF\"'"},
      {"{\"a\n\":{}}", 0, ":9: expected a JSON string, got '\"a\\0A\"'"},
      {"{\"a\":null}", 0, ":13: expected '{', got 'null}'"},
      {"{,}", 0, ":9: expected a name in quotes, got ',}'"},
      {"{\"__metadata__\":{\"a\":1}}", 0, ":29: expected a string, got '1}}'"},
      {"{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0,
       ":32: expected each name in the metadata once, got 'a' twice"},
      {"{\"__metadata__\":{},\"__metadata__\":{}}", 0,
       ":27: expected '__metadata__' once, got it twice"},
      {"{\"__metadata__\":{\"a\":\"\"", 0,
       ":31: expected ',' or '}', got the end of the header"},
  };
  for (const BadHeader &bad : cases)
    EXPECT_EQ(refuseHeader(bad.header, bad.dataBytes), bad.message)
        << bad.header;
}

TEST(SafetensorsTest, wrongMembersAreRefused) {
  const char *members =
      "expected 'dtype', 'shape' and 'data_offsets', each once, got ";
  EXPECT_EQ(refuseHeader("{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"),
            std::string(":28: ") + members + "'\"dtype\":\"F32\"}}'");
  EXPECT_EQ(refuseHeader("{\"t\":{\"strides\":[]}}"),
            std::string(":14: ") + members + "'\"strides\":[]}}'");
  EXPECT_EQ(refuseHeader("{\"t\":{\"dtype\":\"F32\",\"shape\":[]}}"),
            std::string(":13: ") + members +
                "'{\"dtype\":\"F32\",\"shape\":[]}'");
  EXPECT_EQ(
      refuseHeader(makeHeader("4", "[]", "[0,4]"), 4),
      ":22: expected the name of a type, got '4,\"shape\":[],\"data_offse'");
  std::string entry = "\"t\":{\"dtype\":\"U8\",\"shape\":[0],"
                      "\"data_offsets\":[0,0]}";
  // The escape is another spelling of the same name.
  EXPECT_EQ(refuseHeader("{" + entry + ",\"\\u0074\"" + entry.substr(3) + "}"),
            ":61: expected each tensor once, got 't' twice");
}

TEST(SafetensorsTest, wrongNumbersAreRefused) {
  const char *shapes[] = {"[-1]",
                          "[1.0]",
                          "[1e0]",
                          "[1E0]",
                          "[NaN]",
                          "[null]",
                          "[01]",
                          "[4611686018427387904]",
                          "[\"1\"]",
                          "[[1]]",
                          "[99999999999999999999999]"};
  for (const char *shape : shapes) {
    std::string message = refuseHeader(makeHeader("\"U8\"", shape, "[0,1]"), 1);
    EXPECT_TRUE(StringRef(message).starts_with(
        ":36: expected a dimension below 2^62, got '"))
        << shape << message;
  }
  for (const char *place :
       {"[-1,1]", "[0.0,1]", "[Infinity,1]", "[18446744073709551616,1]"}) {
    std::string message = refuseHeader(makeHeader("\"U8\"", "[1]", place), 1);
    EXPECT_TRUE(StringRef(message).starts_with(
        ":55: expected an offset below 2^64, got '"))
        << place << message;
  }
  EXPECT_NE(refuseHeader(makeHeader("\"U8\"", "[1]", "[0]"), 1), "");
  EXPECT_NE(refuseHeader(makeHeader("\"U8\"", "[1]", "[0,1,2]"), 1), "");
  EXPECT_NE(refuseHeader(makeHeader("\"U8\"", "[1,]", "[0,1]"), 1), "");
  EXPECT_NE(refuseHeader(makeHeader("\"U8\"", "1", "[0,1]"), 1), "");
}

TEST(SafetensorsTest, wrongSizesAreRefused) {
  const BadHeader cases[] = {
      {"\"F32\"|[3]|[0,8]", 8,
       ":9: expected 12 bytes of 'F32 [3]' for tensor 't', got offsets from 0 "
       "to 8"},
      {"\"F32\"|[2]|[8,0]", 8,
       ":9: expected data that begin at 0, where those before them end, for "
       "tensor 't', got 8"},
      {"\"U8\"|[2]|[2,0]", 2,
       ":9: expected data that begin at 0, where those before them end, for "
       "tensor 't', got 2"},
      {"\"U8\"|[]|[0,18446744073709551615]", 1,
       ":9: expected 1 bytes of 'U8 []' for tensor 't', got offsets from 0 to "
       "18446744073709551615"},
      {"\"X\"|[2]|[0,2]", 2,
       ":9: expected a type of the format ('F32', 'BF16', 'U8', …) for tensor "
       "'t', got 'X'"},
      {"\"F4\"|[3]|[0,2]", 2,
       ":9: expected a shape of whole bytes, less than 2^61, for tensor 't', "
       "got 'F4 [3]'"},
      {"\"F32\"|[4294967296,4294967296,4]|[0,0]", 0,
       ":9: expected a shape of whole bytes, less than 2^61, for tensor 't', "
       "got 'F32 [4294967296, 4294967296, 4]'"},
      {"\"U8\"|[0,4611686018427387903,4611686018427387903]|[0,0]", 0,
       ":9: expected a shape of whole bytes, less than 2^61, for tensor 't', "
       "got 'U8 [0, 4611686018427387903, 4611686018427387903]'"},
      {"\"U8\"|[4]|[0,4]", 3, ":61: expected 4 bytes of data, got 3"},
      {"\"U8\"|[4]|[0,4]", 5, ":61: expected 4 bytes of data, got 5"},
  };
  for (const BadHeader &bad : cases) {
    llvm::SmallVector<StringRef> parts;
    StringRef(bad.header).split(parts, '|');
    std::string header = makeHeader(parts[0], parts[1], parts[2]);
    EXPECT_EQ(refuseHeader(header, bad.dataBytes), bad.message) << bad.header;
  }
}

/// A header with two tensors of bytes.
static std::string makePair(StringRef first, StringRef second, int64_t sizes) {
  std::string shape = ",\"shape\":[" + std::to_string(sizes) + "],";
  return "{\"a\":{\"dtype\":\"U8\"" + shape +
         "\"data_offsets\":" + first.str() + "},\"b\":{\"dtype\":\"U8\"" +
         shape + "\"data_offsets\":" + second.str() + "}}";
}

TEST(SafetensorsTest, gapsAndOverlapsAreRefused) {
  EXPECT_EQ(refuseHeader(makePair("[0,2]", "[2,4]", 2), 4), "");
  EXPECT_EQ(refuseHeader(makePair("[2,4]", "[0,2]", 2), 4), "");
  EXPECT_EQ(refuseHeader(makePair("[0,0]", "[0,0]", 0), 0), "");
  std::string begins = ": expected data that begin at ";
  std::string end = ", where those before them end, for tensor 'b', got ";
  EXPECT_EQ(refuseHeader(makePair("[0,2]", "[1,3]", 2), 3),
            ":61" + begins + "2" + end + "1");
  EXPECT_EQ(refuseHeader(makePair("[0,2]", "[0,2]", 2), 2),
            ":61" + begins + "2" + end + "0");
  EXPECT_EQ(refuseHeader(makePair("[0,2]", "[3,5]", 2), 5),
            ":61" + begins + "2" + end + "3");
  EXPECT_EQ(refuseHeader(makePair("[0,2]", "[3,5]", 2), 2),
            ":61" + begins + "2" + end + "3");
}

TEST(SafetensorsTest, deepNestingAndLongShapesDoNotExhaustTheStack) {
  std::string deep(1'000'000, '[');
  EXPECT_NE(refuseHeader(deep), "");
  EXPECT_NE(refuseHeader("{\"t\":" + deep), "");
  EXPECT_NE(refuseHeader(makeHeader("\"U8\"", deep, "[0,1]")), "");
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"a\":";
  EXPECT_NE(refuseHeader(objects), "");
  std::string ones = "[1";
  for (int i = 0; i < 64; ++i)
    ones += ",1";
  std::string message =
      refuseHeader(makeHeader("\"U8\"", ones + "]", "[0,1]"), 1);
  EXPECT_NE(message.find("expected at most 64 dimensions, got '1]"),
            std::string::npos)
      << message;
}

TEST(SafetensorsTest, hugeHeadersAreRefusedEarly) {
  std::string blank((1 << 20) + 1, ' ');
  EXPECT_EQ(refuseHeader("{" + blank + "}"),
            ":1048587: expected at most 1048576 spaces in a row, got more");
  EXPECT_EQ(refuseHeader("{\"a\\u0000\":{}}"),
            ":9: expected a name without NUL, got 'a\\00'");
  EXPECT_EQ(refuseHeader("{\"__metadata__\":{\"a\":\"" +
                         std::string((8 << 20) + 1, 'x') + "\"}}"),
            ":29: expected a string of at most 8388608 bytes, got a longer "
            "one");
  EXPECT_EQ(refuseHeader("{\"" + std::string(4097, 'n') + "\":{}}"),
            ":9: expected a name of at most 4096 bytes, got 4097");
  std::string many = "{";
  for (int i = 0; i <= 1 << 16; ++i)
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) +
            "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  std::string message = refuseHeader(many + "}");
  EXPECT_TRUE(
      StringRef(message).ends_with("expected at most 65536 tensors, got more"))
      << message;
}

TEST(SafetensorsTest, noDamageToAFileMakesTheReaderCrash) {
  std::string good = makeFile(makePair("[0,2]", "[2,4]", 2), 4);
  ASSERT_EQ(refuse(good), "");
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(refuse(StringRef(good).take_front(length)), "") << length;
  for (size_t index = 0; index < good.size(); ++index)
    for (char byte : {'\0', '"', '{', '9', '\\', '\xff'}) {
      std::string bad = good;
      bad[index] = byte;
      refuse(bad);
    }
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static TensorSource makeSource(StringRef type, std::vector<int64_t> shape,
                               StringRef bytes) {
  return {type.str(), std::move(shape),
          [bytes](llvm::raw_ostream &os) { os << bytes; }};
}

TEST(SafetensorsTest, whatCannotBeWrittenLeavesTheOldFile) {
  TemporaryFile file("old");
  std::string path = file.getPath();
  EXPECT_EQ(failToWrite(path, {{"t", makeSource("U8", {4}, "abc")}}),
            path + ": expected 4 bytes for tensor 't', got 3");
  EXPECT_EQ(failToWrite(path, {{"t", makeSource("F5", {4}, "")}}),
            path + ": expected a type of the format and a shape of whole bytes "
                   "for tensor 't', got 'F5 [4]'");
  EXPECT_EQ(failToWrite(path, {{"__metadata__", makeSource("U8", {0}, "")}}),
            path + ": expected names of tensors in UTF-8, other than "
                   "'__metadata__', got '__metadata__'");
  EXPECT_EQ(failToWrite(path, {{"\xff", makeSource("U8", {0}, "")}}),
            path + ": expected names of tensors in UTF-8, other than "
                   "'__metadata__', got '\\FF'");
  EXPECT_EQ(llvm::toString(writeSafetensors(
                path, std::map<std::string, TensorSource>(), {{"a", "\xff"}})),
            path + ": expected metadata in UTF-8, got 'a: \\FF'");
  EXPECT_EQ(file.read(), "old");
  EXPECT_EQ(file.countFilesInFolder(), 1);
}

TEST(SafetensorsTest, onlyRegularFilesAreReplaced) {
  TemporaryFile file;
  std::string folder = file.getFolder().str();
  EXPECT_EQ(failToWrite(folder, {}),
            folder + ": expected a regular file, got something else");
  EXPECT_EQ(failToWrite("/dev/null", {}),
            "/dev/null: expected a regular file, got something else");
  std::string nowhere = folder + "/no/x";
  EXPECT_EQ(failToWrite(nowhere, {}), nowhere + ": No such file or directory");
}
