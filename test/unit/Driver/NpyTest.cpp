//===- NpyTest.cpp - NumPy's file format ----------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every malformed file must be refused with its byte offset; every written one
// must be read back.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Npy.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir::mx;
using llvm::StringRef;

/// A file of version 1 with the dictionary `dict` and `dataBytes` of data.
static std::string makeFile(StringRef dict, size_t dataBytes) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dict.size() & 0xFF);
  file += static_cast<char>(dict.size() >> 8);
  return file + dict.str() + std::string(dataBytes, '\0');
}

/// The message of a refused file; empty if it is accepted.
static std::string refuse(const std::string &file) {
  llvm::Expected<NpyHeader> header = parseNpyHeader(file, file.size(), "x.npy");
  return header ? "" : llvm::toString(header.takeError());
}

static std::string refuseDict(StringRef dict, size_t dataBytes = 0) {
  return refuse(makeFile(dict, dataBytes));
}

static std::string makeDict(StringRef descr, StringRef shape,
                            StringRef order = "False") {
  return ("{'descr': " + descr + ", 'fortran_order': " + order +
          ", 'shape': " + shape + ", }\n")
      .str();
}

//===----------------------------------------------------------------------===//
// Round trips
//===----------------------------------------------------------------------===//

TEST(NpyTest, everyTypeIsReadBackAsWritten) {
  for (DType type : kDTypes) {
    llvm::Expected<Array> array = Array::create(type, {2, 3});
    ASSERT_TRUE(static_cast<bool>(array));
    std::string file;
    llvm::raw_string_ostream os(file);
    writeNpy(*array, os);
    auto header = parseNpyHeader(file, file.size(), "x.npy");
    ASSERT_TRUE(static_cast<bool>(header)) << getDTypeName(type).str();
    // bf16 travels as its bits.
    EXPECT_EQ(header->type, type == DType::BF16 ? DType::U16 : type);
    EXPECT_EQ(header->shape, (llvm::SmallVector<int64_t, 4>{2, 3}));
    EXPECT_EQ(header->dataOffset % 64, 0u);
  }
}

TEST(NpyTest, ranksZeroAndOneAndEmptyArraysAreReadBack) {
  for (llvm::SmallVector<int64_t> shape :
       {llvm::SmallVector<int64_t>{}, llvm::SmallVector<int64_t>{5},
        llvm::SmallVector<int64_t>{0, 7}}) {
    llvm::Expected<Array> array = Array::create(DType::F32, shape);
    ASSERT_TRUE(static_cast<bool>(array));
    std::string file;
    llvm::raw_string_ostream os(file);
    writeNpy(*array, os);
    auto header = parseNpyHeader(file, file.size(), "x.npy");
    ASSERT_TRUE(static_cast<bool>(header));
    EXPECT_EQ(llvm::ArrayRef<int64_t>(header->shape),
              llvm::ArrayRef<int64_t>(shape));
  }
}

TEST(NpyTest, versionsTwoAndThreeHaveALongerLengthField) {
  std::string dict = makeDict("'<f4'", "(3,)");
  for (char version : {2, 3}) {
    std::string file("\x93NUMPY", 6);
    file += {version, 0, static_cast<char>(dict.size()), 0, 0, 0};
    file += dict + std::string(12, '\0');
    EXPECT_EQ(refuse(file), "");
  }
}

TEST(NpyTest, keysComeInAnyOrderAndQuotes) {
  EXPECT_EQ(refuseDict("{\"shape\":(2,),\"fortran_order\":False,"
                       "\"descr\":\"|u1\"}   \n",
                       2),
            "");
}

TEST(NpyTest, raw16BitElementsAreBF16) {
  std::string file = makeFile(makeDict("'<V2'", "(1,)"), 2);
  auto header = parseNpyHeader(file, file.size(), "x.npy");
  ASSERT_TRUE(static_cast<bool>(header));
  EXPECT_EQ(header->type, DType::BF16);
}

//===----------------------------------------------------------------------===//
// Refusals
//===----------------------------------------------------------------------===//

TEST(NpyTest, fixedFieldsAreChecked) {
  EXPECT_EQ(refuse(""), "x.npy:0: expected '\\93NUMPY', got ''");
  EXPECT_EQ(refuse("PK\x03\x04"), "x.npy:0: expected '\\93NUMPY', got "
                                  "'PK\\03\\04'");
  EXPECT_EQ(refuse("\x93NUMPY"), "x.npy:6: expected format version 1, 2 or 3, "
                                 "got 0");
  EXPECT_EQ(refuse("\x93NUMPY\x04"),
            "x.npy:6: expected format version 1, 2 or 3, got 4");
  EXPECT_EQ(refuse("\x93NUMPY\x01"), "x.npy:8: expected the length of the "
                                     "header, got the end of the file");
}

TEST(NpyTest, headerLengthIsBounded) {
  EXPECT_EQ(refuse(std::string("\x93NUMPY\x01\x00\x08\x00{}", 12)),
            "x.npy:8: expected a header of at most 2 bytes, got 8");
  std::string file("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12);
  file.resize(100000);
  EXPECT_EQ(refuse(file),
            "x.npy:8: expected a header of at most 65536 bytes, got "
            "4294967295");
}

TEST(NpyTest, dictionaryMustHaveThreeKeysOnce) {
  const char *keys = "expected 'descr', 'fortran_order' and 'shape', each once";
  for (StringRef dict :
       {"{}\n", "{'descr': '<f4'}\n",
        "{'descr': '<f4', 'descr': '<f4', 'shape': ()}\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}\n",
        "{1: 2}\n", "{'\\x64escr': '<f4'}\n", "{'descr\n"})
    EXPECT_NE(refuseDict(dict).find(keys), std::string::npos) << dict.str();
}

TEST(NpyTest, punctuationIsChecked) {
  EXPECT_EQ(refuseDict(""), "x.npy:10: expected '{', got the end of the "
                            "header");
  EXPECT_EQ(refuseDict("{'descr' '<f4'}\n"),
            "x.npy:19: expected ':', got ''<f4'}\\0A'");
  EXPECT_EQ(refuseDict("{'descr': '<f4' 'shape': ()}\n"),
            "x.npy:26: expected ',' or '}', got ''shape': ()}\\0A'");
  EXPECT_EQ(refuseDict("{'descr': '<f4', 'fortran_order': False, "
                       "'shape': ()}junk\n"),
            "x.npy:63: expected spaces and a newline, got 'junk\\0A'");
  EXPECT_EQ(refuseDict("{'descr': '<f4', 'fortran_order': False, "
                       "'shape': ()}"),
            "x.npy:63: expected spaces and a newline, got the end of the "
            "header");
}

TEST(NpyTest, elementTypesAreListed) {
  for (StringRef descr : {"'>f4'", "'<c8'", "'|O'", "'<f16'", "'<U3'",
                          "[('a', '<f4')]", "'f4'", "4", "''"}) {
    std::string message = refuseDict(makeDict(descr, "(1,)"), 4);
    EXPECT_NE(message.find("x.npy:20: expected a little-endian element type"),
              std::string::npos)
        << message;
  }
}

TEST(NpyTest, fortranOrderIsRefused) {
  for (StringRef order : {"True", "0", "None"})
    EXPECT_NE(refuseDict(makeDict("'<f4'", "(2, 2)", order), 16)
                  .find("expected C order ('fortran_order': False), got '"),
              std::string::npos);
}

TEST(NpyTest, shapesAreTuplesOfSizes) {
  for (StringRef shape :
       {"3", "(3)", "[3]", "(3", "(-1,)", "(1.5,)", "(1e3,)", "(3 4)", "(,)",
        "(3,,4)", "(3L,)", "(99999999999999999999,)", "('3',)"})
    EXPECT_NE(refuseDict(makeDict("'<f4'", shape), 12), "") << shape.str();
}

TEST(NpyTest, rankIsBounded) {
  std::string shape = "(";
  for (unsigned i = 0; i <= kMaxNpyRank; ++i)
    shape += "1, ";
  EXPECT_NE(refuseDict(makeDict("'|u1'", shape + ")"), 1)
                .find("expected at most 64 dimensions"),
            std::string::npos);
}

TEST(NpyTest, productsDoNotWrap) {
  for (StringRef shape :
       {"(4294967296, 4294967296)", "(4611686018427387904, 4)",
        "(9223372036854775807,)", "(3037000500, 3037000500, 0)"})
    EXPECT_NE(refuseDict(makeDict("'<f4'", shape))
                  .find("expected an array of less than 2^62 bytes"),
              std::string::npos)
        << shape.str();
}

TEST(NpyTest, fileSizeIsExact) {
  std::string dict = makeDict("'<f4'", "(3,)");
  std::string offset = std::to_string(10 + dict.size());
  EXPECT_EQ(refuseDict(dict, 11),
            "x.npy:" + offset + ": expected 12 bytes for '3xf32', got 11");
  EXPECT_EQ(refuseDict(dict, 13),
            "x.npy:" + offset + ": expected 12 bytes for '3xf32', got 13");
  EXPECT_EQ(refuseDict(makeDict("'<f4'", "(0, 3)"), 0), "");
}

TEST(NpyTest, everyTruncationIsRefused) {
  std::string file = makeFile(makeDict("'<f4'", "(3,)"), 12);
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(refuse(file.substr(0, size)), "") << size;
  EXPECT_EQ(refuse(file), "");
}

TEST(NpyTest, everySingleByteChangeEndsInAnAnswer) {
  std::string file = makeFile(makeDict("'<f4'", "(3,)"), 12);
  size_t headerSize = file.size() - 12;
  for (size_t i = 0; i < headerSize; ++i)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = file;
      changed[i] = static_cast<char>(byte);
      auto header = parseNpyHeader(changed, changed.size(), "x.npy");
      if (!header) {
        llvm::consumeError(header.takeError());
        continue;
      }
      std::optional<int64_t> elements =
          countElements(header->shape, getDTypeBytes(header->type));
      ASSERT_TRUE(elements.has_value());
      EXPECT_EQ(header->dataOffset + *elements * getDTypeBytes(header->type),
                file.size());
    }
}

TEST(NpyTest, missingFilesAndFoldersAreReported) {
  llvm::Expected<Array> missing = readNpy("/nonexistent/x.npy");
  ASSERT_FALSE(static_cast<bool>(missing));
  EXPECT_NE(llvm::toString(missing.takeError()).find("/nonexistent/x.npy: "),
            std::string::npos);
  llvm::Expected<Array> folder = readNpy("/");
  ASSERT_FALSE(static_cast<bool>(folder));
  llvm::consumeError(folder.takeError());
}
