//===- CalibrationFileTest.cpp - statistics of activations ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each message names the file and the site.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/CalibrationFile.h"
#include "TemporaryFile.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir::mx;
using llvm::StringRef;

using Tensors = std::map<std::string, TensorSource>;
using Metadata = std::map<std::string, std::string>;

static const Metadata kMetadata = {{"format", "mx-calibration"},
                                   {"version", "1"}};

template <typename T>
static TensorSource makeTensor(StringRef type, std::vector<int64_t> shape,
                               std::vector<T> values) {
  return {type.str(), std::move(shape), [values](llvm::raw_ostream &os) {
            for (T value : values) {
              char bytes[sizeof(T)];
              llvm::support::endian::write<T, llvm::endianness::little>(bytes,
                                                                        value);
              os.write(bytes, sizeof(bytes));
            }
          }};
}

static TensorSource makeSamples(int64_t count) {
  return makeTensor<int64_t>("I64", {1}, {count});
}

static TensorSource makeMatrix(int64_t rows, int64_t columns,
                               std::vector<float> values) {
  return makeTensor<float>("F32", {rows, columns}, std::move(values));
}

/// The message about a file with these tensors; empty if it is accepted.
static std::string refuse(const Tensors &tensors,
                          const Metadata &metadata = kMetadata) {
  TemporaryFile file;
  llvm::cantFail(writeSafetensors(file.getPath(), tensors, metadata));
  auto opened = CalibrationFile::open(file.getPath());
  if (opened)
    return "";
  std::string message = llvm::toString(opened.takeError());
  EXPECT_TRUE(StringRef(message).starts_with(file.getPath() + ": ")) << message;
  return message.substr(file.getPath().size() + 2);
}

/// The message about reading site `site`.
static std::string refuseToRead(const Tensors &tensors, StringRef site,
                                int64_t columns) {
  TemporaryFile file;
  llvm::cantFail(writeSafetensors(file.getPath(), tensors, kMetadata));
  auto opened = CalibrationFile::open(file.getPath());
  if (!opened)
    return llvm::toString(opened.takeError());
  auto statistics = opened->read(site, columns);
  if (statistics)
    return "";
  std::string message = llvm::toString(statistics.takeError());
  return message.substr(file.getPath().size() + 2);
}

//===----------------------------------------------------------------------===//
// Round trips
//===----------------------------------------------------------------------===//

TEST(CalibrationFileTest, groupsAreReadBackUnderEachName) {
  TemporaryFile file;
  SiteGroup projections{{"f.q", "f.k"}, {}};
  projections.statistics = {2, 5, {4, 1, 1, 9}, {}};
  SiteGroup output{{"f.out"}, {}};
  output.statistics = {3, 7, {}, {1, 2, 3, 4, 5, 6}};
  ASSERT_FALSE(writeCalibration(file.getPath(), {projections, output}));
  auto opened = CalibrationFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened)) << llvm::toString(opened.takeError());
  EXPECT_EQ(opened->getSites(),
            (std::vector<std::string>{"f.k", "f.out", "f.q"}));
  EXPECT_EQ(opened->getStoredSite("f.k"), "f.q");
  EXPECT_EQ(opened->getStoredSite("f.out"), "f.out");
  EXPECT_EQ(opened->getColumns("f.k"), 2);
  for (const char *site : {"f.q", "f.k"}) {
    auto statistics = opened->read(site, 2);
    ASSERT_TRUE(static_cast<bool>(statistics));
    EXPECT_EQ(statistics->samples, 5);
    EXPECT_EQ(statistics->hessian, (std::vector<double>{4, 1, 1, 9}));
  }
  auto rows = opened->read("f.out", 3);
  ASSERT_TRUE(static_cast<bool>(rows));
  EXPECT_EQ(rows->samples, 7);
  EXPECT_EQ(rows->rows, output.statistics.rows);
  EXPECT_EQ(rows->getHessian(mxquant::runSerially),
            (std::vector<double>{17, 22, 27, 22, 29, 36, 27, 36, 45}));
}

TEST(CalibrationFileTest, largestMagnitudesAreReadBackOrFoundInRows) {
  TemporaryFile file;
  SiteGroup stored{{"stored"}, {2, 5, {4, 1, 1, 9}, {}, {2, 3}}};
  SiteGroup all{{"all"}, {2, 2, {}, {1, -4, -2, 3}}};
  SiteGroup some{{"some"}, {2, 3, {}, {1, -4, -2, 3}}};
  ASSERT_FALSE(writeCalibration(file.getPath(), {stored, all, some}));
  auto opened = CalibrationFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened)) << llvm::toString(opened.takeError());
  auto read = [&](StringRef site) {
    auto largest = opened->readLargest(site, 2);
    EXPECT_TRUE(static_cast<bool>(largest));
    return *largest;
  };
  EXPECT_EQ(read("stored"), (std::vector<float>{2, 3}));
  EXPECT_EQ(opened->read("stored", 2)->largest, (std::vector<float>{2, 3}));
  EXPECT_EQ(read("all"), (std::vector<float>{2, 4}));
  EXPECT_EQ(llvm::toString(opened->readLargest("some", 2).takeError()),
            file.getPath() + ": expected the largest magnitudes of site 'some' "
                             "('.amax'), got none");
}

TEST(CalibrationFileTest, f64IsReadAndMadeSymmetric) {
  TemporaryFile file;
  llvm::cantFail(writeSafetensors(
      file.getPath(),
      Tensors{{"a.hessian", makeTensor<double>("F64", {2, 2}, {1, 2, 4, 1})},
              {"a.samples", makeSamples(1)}},
      kMetadata));
  auto opened = CalibrationFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened));
  EXPECT_EQ(opened->read("a", 2)->hessian, (std::vector<double>{1, 3, 3, 1}));
}

TEST(CalibrationFileTest, namesOfSitesMayEndLikeTensors) {
  TemporaryFile file;
  SiteGroup inner{{"a"}, {1, 1, {1}, {}}};
  SiteGroup outer{{"a.hessian"}, {1, 2, {2}, {}}};
  SiteGroup samples{{"a.samples"}, {1, 3, {}, {3}}};
  ASSERT_FALSE(writeCalibration(file.getPath(), {inner, outer, samples}));
  auto opened = CalibrationFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened)) << llvm::toString(opened.takeError());
  EXPECT_EQ(opened->getSites(),
            (std::vector<std::string>{"a", "a.hessian", "a.samples"}));
  EXPECT_EQ(opened->read("a.samples", 1)->rows, std::vector<float>{3});
}

TEST(CalibrationFileTest, numbersBeyondF32AreNotWritten) {
  TemporaryFile file;
  SiteGroup group{{"a"}, {1, 1, {1e39}, {}}};
  EXPECT_EQ(llvm::toString(writeCalibration(file.getPath(), group)),
            file.getPath() + ": expected finite statistics of site 'a' in f32, "
                             "got NaN or infinity");
  EXPECT_EQ(file.countFilesInFolder(), 0);
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

TEST(CalibrationFileTest, groupsOfAFileAreMergedWithOthers) {
  TemporaryFile file;
  SiteGroup projections{{"q", "k"}, {1, 2, {4}, {}}};
  SiteGroup output{{"out"}, {2, 3, {}, {1, 2, 3, 4}}};
  ASSERT_FALSE(writeCalibration(file.getPath(), {projections, output}));
  auto opened = CalibrationFile::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened));
  auto groups = opened->readGroups();
  ASSERT_TRUE(static_cast<bool>(groups));
  groups->push_back(projections);
  groups->push_back(output);
  auto merged = mergeGroups(std::move(*groups), /*maxRows=*/3);
  ASSERT_TRUE(static_cast<bool>(merged));
  ASSERT_EQ(merged->size(), 2u);
  EXPECT_EQ((*merged)[0].sites, std::vector<std::string>{"out"});
  EXPECT_EQ((*merged)[0].statistics.samples, 6);
  EXPECT_EQ((*merged)[0].statistics.rows,
            (std::vector<float>{1, 2, 3, 4, 1, 2}));
  EXPECT_EQ((*merged)[1].sites, (std::vector<std::string>{"k", "q"}));
  EXPECT_EQ((*merged)[1].statistics.hessian, std::vector<double>{8});
}

TEST(CalibrationFileTest, groupsThatDoNotFitAreNotMerged) {
  SiteGroup hessian{{"a"}, {1, 2, {4}, {}}};
  SiteGroup wide{{"a"}, {2, 1, {1, 0, 0, 1}, {}}};
  SiteGroup rows{{"a"}, {1, 1, {}, {3}}};
  auto refuse = [](const SiteGroup &first, const SiteGroup &second) {
    return llvm::toString(mergeGroups({first, second}, 1).takeError());
  };
  EXPECT_EQ(refuse(hessian, wide),
            "expected statistics of site 'a' with 1 columns, as there were "
            "before, got 2");
  EXPECT_EQ(refuse(hessian, rows),
            "expected statistics of site 'a' with a Hessian, as there were "
            "before, got rows");
  EXPECT_EQ(refuse(rows, hessian),
            "expected statistics of site 'a' with rows, as there were before, "
            "got a Hessian");
}

TEST(CalibrationFileTest, largestMagnitudesAreMergedIfAllAreKnown) {
  SiteGroup first{{"a"}, {2, 1, {1, 0, 0, 1}, {}, {1, 5}}};
  SiteGroup second{{"a"}, {2, 1, {1, 0, 0, 1}, {}, {2, 3}}};
  SiteGroup unknown{{"a"}, {2, 1, {1, 0, 0, 1}, {}}};
  auto merge = [](std::vector<SiteGroup> groups) {
    return llvm::cantFail(mergeGroups(std::move(groups), 1)).front().statistics;
  };
  EXPECT_EQ(merge({first, second}).largest, (std::vector<float>{2, 5}));
  EXPECT_TRUE(merge({first, unknown, second}).largest.empty());
  EXPECT_TRUE(merge({unknown, first}).largest.empty());
}

TEST(CalibrationFileTest, anyLimitOfRowsIsKept) {
  SiteGroup rows{{"a"}, {4, 1, {}, {1, 2, 3, 4}}};
  // In numbers, a limit beyond 2^64.
  auto merged = mergeGroups({rows, rows}, int64_t(1) << 62);
  ASSERT_TRUE(static_cast<bool>(merged));
  EXPECT_EQ(merged->front().statistics.rows.size(), 8u);
}

TEST(CalibrationFileTest, samplesThatCannotBeCountedAreNotMerged) {
  SiteGroup many{{"a"}, {1, INT64_MAX, {4}, {}}};
  SiteGroup one{{"a"}, {1, 1, {4}, {}}};
  EXPECT_EQ(llvm::toString(mergeGroups({many, one}, 1).takeError()),
            "expected fewer than 2^63 samples of site 'a' together, got more");
}

//===----------------------------------------------------------------------===//
// Files that are refused
//===----------------------------------------------------------------------===//

TEST(CalibrationFileTest, otherFilesAreRefused) {
  EXPECT_EQ(refuse({}), "");
  EXPECT_EQ(refuse({}, {}), "expected a calibration file ('format' in its "
                            "metadata to be 'mx-calibration'), got none");
  EXPECT_EQ(refuse({}, {{"format", "pt"}}),
            "expected a calibration file ('format' in its metadata to be "
            "'mx-calibration'), got 'pt'");
  EXPECT_EQ(refuse({}, {{"format", "mx-calibration"}, {"version", "2"}}),
            "expected a calibration file ('version' in its metadata to be "
            "'1'), got '2'");
  EXPECT_EQ(refuse({{"w", makeSamples(1)}}),
            "expected names that end in '.hessian', '.rows', '.samples' or "
            "'.amax', got 'w'");
}

TEST(CalibrationFileTest, incompleteSitesAreRefused) {
  TensorSource one = makeMatrix(1, 1, {1});
  EXPECT_EQ(refuse({{"a.samples", makeSamples(1)}}),
            "expected a Hessian or rows of site 'a', got none");
  EXPECT_EQ(refuse({{"a.hessian", one}}),
            "expected site 'a' to have at least 1 samples, got 0");
  EXPECT_EQ(
      refuse({{"a.rows", makeMatrix(0, 4, {})}, {"a.samples", makeSamples(3)}}),
      "expected site 'a' to have at least one row, got none");
  EXPECT_EQ(refuse({{"a.hessian", one}, {"a.samples", makeSamples(-1)}}),
            "expected site 'a' to have at least 1 samples, got -1");
  EXPECT_EQ(refuse({{"a.rows", makeMatrix(2, 1, {1, 2})},
                    {"a.samples", makeSamples(1)}}),
            "expected site 'a' to have at least 2 samples, got 1");
  EXPECT_EQ(refuse({{"a.hessian", one}, {"a.rows", one}}),
            "expected a Hessian or rows of site 'a', got both");
}

TEST(CalibrationFileTest, wrongTypesAndShapesAreRefused) {
  EXPECT_EQ(refuse({{"a.hessian", makeMatrix(1, 2, {1, 2})}}),
            "expected 'a.hessian' to be a matrix of F32 or F64 that is square, "
            "with at least one column, got 'F32 [1, 2]'");
  EXPECT_EQ(refuse({{"a.hessian", makeMatrix(0, 0, {})}}),
            "expected 'a.hessian' to be a matrix of F32 or F64 that is square, "
            "with at least one column, got 'F32 [0, 0]'");
  EXPECT_EQ(refuse({{"a.rows", makeTensor<float>("F32", {1}, {1})}}),
            "expected 'a.rows' to be a matrix of F32 or F64, with at least one "
            "column, got 'F32 [1]'");
  EXPECT_EQ(refuse({{"a.rows", makeTensor<uint16_t>("BF16", {1, 1}, {1})}}),
            "expected 'a.rows' to be a matrix of F32 or F64, with at least one "
            "column, got 'BF16 [1, 1]'");
  EXPECT_EQ(refuse({{"a.amax", makeMatrix(1, 1, {1})}}),
            "expected 'a.amax' to be a vector of F32 or F64, got "
            "'F32 [1, 1]'");
  EXPECT_EQ(refuse({{"a.hessian", makeMatrix(1, 1, {1})},
                    {"a.amax", makeTensor<float>("F32", {2}, {1, 2})},
                    {"a.samples", makeSamples(1)}}),
            "expected the largest magnitudes of site 'a' to be 1, got 2");
  EXPECT_EQ(refuse({{"a.samples", makeTensor<int64_t>("I64", {2}, {1, 1})}}),
            "expected 'a.samples' to be 'I64 [1]', got 'I64 [2]'");
}

TEST(CalibrationFileTest, wrongAliasesAreRefused) {
  Tensors tensors = {{"a.hessian", makeMatrix(1, 1, {1})},
                     {"a.samples", makeSamples(1)}};
  Metadata metadata = kMetadata;
  metadata["alias.b"] = "c";
  EXPECT_EQ(refuse(tensors, metadata),
            "expected site 'b' to be an alias of a site that is stored, got "
            "'c'");
  metadata = kMetadata;
  metadata["alias.a"] = "a";
  EXPECT_EQ(refuse(tensors, metadata),
            "expected site 'a' to be stored or an alias, got both");
}

TEST(CalibrationFileTest, sitesThatDoNotFitAreRefused) {
  float inf = INFINITY;
  Tensors tensors = {{"a.hessian", makeMatrix(2, 2, {1, NAN, NAN, 1})},
                     {"a.samples", makeSamples(1)},
                     {"b.rows", makeMatrix(1, 2, {1, inf})},
                     {"b.samples", makeSamples(1)},
                     {"c.hessian", makeMatrix(1, 1, {-1})},
                     {"c.samples", makeSamples(1)}};
  EXPECT_EQ(refuseToRead(tensors, "d", 2),
            "expected statistics of site 'd', got none");
  EXPECT_EQ(refuseToRead(tensors, "a", 4),
            "expected statistics of site 'a' with 4 columns, got 2");
  EXPECT_EQ(refuseToRead(tensors, "a", 2),
            "expected finite statistics of site 'a', got NaN or infinity");
  EXPECT_EQ(refuseToRead(tensors, "b", 2),
            "expected finite statistics of site 'b', got NaN or infinity");
  EXPECT_EQ(refuseToRead(tensors, "c", 1),
            "expected sums of squares of site 'c', got a negative one");
}
