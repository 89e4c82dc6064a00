//===- ConversionTest.cpp - quantise and convert checkpoints --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What is hard to see from outside: reciprocals of scales, journals, and a run
// that ends in the middle of a file. Names and values are tested with the tool
// (test/Tools/mx-quantize).
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Conversion.h"
#include "TemporaryFile.h"
#include "mx/Checkpoint/ResumableFile.h"
#include "mx/Numerics/FloatBits.h"
#include "mx/Quantization/Gptq.h"
#include "gtest/gtest.h"
#include <cmath>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir::mx;
using llvm::StringRef;

TEST(ConversionTest, N8_6_AStoredReciprocalReadsAsTheSameScale) {
  unsigned found = 0, missing = 0;
  for (uint32_t bits = 0x3F000000; bits < 0x40000000; bits += 4097) {
    float scale = mxnum::fromBits(bits);
    std::optional<float> stored =
        encodeTensorScale(ScaleDirection::Divide, scale);
    stored ? ++found : ++missing;
    if (stored)
      EXPECT_EQ(decodeTensorScale(ScaleDirection::Divide, *stored), scale);
    else
      // None of all numbers near it would do.
      for (int step = -8; step <= 8; ++step)
        EXPECT_NE(1.0f / mxnum::fromBits(mxnum::toBits(1.0f / scale) + step),
                  scale);
  }
  EXPECT_GT(found, missing);
  EXPECT_GT(missing, 0u);
  EXPECT_EQ(encodeTensorScale(ScaleDirection::Multiply, 0.3f), 0.3f);
  EXPECT_EQ(encodeTensorScale(ScaleDirection::Divide, 0x1p-126f), 0x1p126f);
  EXPECT_EQ(encodeTensorScale(ScaleDirection::Divide, 0x1p-149f), std::nullopt);
}

TEST(ConversionTest, everyRowOfTheTableIsDifferent) {
  for (const Convention &row : getConventions()) {
    EXPECT_EQ(lookupConvention(row.name, row.format), &row);
    EXPECT_EQ(lookupStoredFormat(getStoredFormatName(row.format)), row.format);
    EXPECT_EQ(row.direction == ScaleDirection::None,
              row.tensorScale.shape == PartShape::None);
    EXPECT_EQ(row.format.tensorScale, row.tensorScale.shape != PartShape::None);
  }
}

//===----------------------------------------------------------------------===//
// Journals
//===----------------------------------------------------------------------===//

static std::string readText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "<no file>";
}

TEST(ConversionTest, aFileIsGoneOnWithWhereItsJournalEnds) {
  TemporaryFile file;
  std::string path = file.getPath();
  {
    auto out = ResumableFile::open(path, 8, "print");
    ASSERT_TRUE(static_cast<bool>(out));
    EXPECT_EQ(out->getSteps(), 0u);
    ASSERT_FALSE(out->write(0, {"abcd", 4}));
    ASSERT_FALSE(out->record(3));
    ASSERT_FALSE(out->write(4, {"xx", 2}));
  }
  EXPECT_EQ(file.read(), "<no file>");
  EXPECT_FALSE(ResumableFile::isComplete(path, "print", 8, 3));
  auto out = ResumableFile::open(path, 8, "print");
  ASSERT_TRUE(static_cast<bool>(out));
  EXPECT_EQ(out->getSteps(), 3u);
  ASSERT_FALSE(out->write(4, {"efgh", 4}));
  ASSERT_FALSE(out->record(4));
  ASSERT_FALSE(out->commit());
  EXPECT_EQ(file.read(), "abcdefgh");
  EXPECT_TRUE(ResumableFile::isComplete(path, "print", 8, 4));
  EXPECT_FALSE(ResumableFile::isComplete(path, "print", 8, 5));
  EXPECT_FALSE(ResumableFile::isComplete(path, "other", 8, 4));
  EXPECT_FALSE(ResumableFile::isComplete(path, "print", 9, 4));
  ResumableFile::forget(path);
  EXPECT_EQ(file.countFilesInFolder(), 1);
}

TEST(ConversionTest, aPartialFileWithoutAJournalIsBegunAnew) {
  TemporaryFile file;
  std::string partial = file.getPath() + ".partial";
  {
    std::error_code error;
    llvm::raw_fd_ostream(partial, error) << "something longer";
  }
  auto out = ResumableFile::open(file.getPath(), 4, "print");
  ASSERT_TRUE(static_cast<bool>(out));
  EXPECT_EQ(readText(partial), std::string(4, '\0'));
}

TEST(ConversionTest, aPartialFileOfAnotherSizeIsNotTrusted) {
  TemporaryFile file;
  ASSERT_TRUE(
      static_cast<bool>(ResumableFile::open(file.getPath(), 8, "print")));
  ASSERT_EQ(::truncate((file.getPath() + ".partial").c_str(), 4), 0);
  EXPECT_EQ(llvm::toString(
                ResumableFile::open(file.getPath(), 8, "print").takeError()),
            file.getPath() +
                ".journal: expected the journal of this conversion, got that "
                "of another; remove it and '" +
                file.getPath() + ".partial' to begin anew");
}

TEST(ConversionTest, namesThatAreTakenAreNotReplaced) {
  TemporaryFile file("old");
  std::string path = file.getPath();
  EXPECT_EQ(llvm::toString(ResumableFile::open(path, 8, "print").takeError()),
            path + ": expected an output that does not exist yet, got one that "
                   "does");
  EXPECT_EQ(llvm::toString(renameForGood(path + ".x", path)),
            path + ": expected a name that is free, got one that exists");
  EXPECT_EQ(llvm::toString(renameForGood(path + ".x", path + ".y")),
            path + ".y: No such file or directory");
  EXPECT_EQ(llvm::toString(syncFolder(path + ".z")),
            path + ".z: No such file or directory");
  EXPECT_EQ(file.read(), "old");
}

//===----------------------------------------------------------------------===//
// A run that ends in the middle of a file
//===----------------------------------------------------------------------===//

/// A checkpoint of some weights, and a plan to quantise them that records each
/// step.
static void makeInput(const std::string &path, int weights) {
  std::vector<float> values(4 * 64);
  std::map<std::string, TensorSource> tensors;
  for (int i = 0; i < weights; ++i)
    tensors["w" + std::to_string(i) + ".weight"] = {
        "F32", {4, 64}, [i](llvm::raw_ostream &os) {
          for (int k = 0; k < 4 * 64; ++k) {
            float value = std::sin(static_cast<float>(k + 100 * i));
            os.write(reinterpret_cast<const char *>(&value), sizeof(value));
          }
        }};
  ASSERT_FALSE(writeSafetensors(path, tensors, {}));
}

/// The bytes of a tensor of a file.
static std::vector<uint8_t> readTensor(const std::string &path,
                                       const std::string &name) {
  auto file = SafetensorsFile::open(path);
  llvm::ArrayRef<char> bytes = file->lookup(name)->bytes;
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

TEST(ConversionTest, gptqGivesWhatTheLibraryGives) {
  TemporaryFile input, statistics, output;
  makeInput(input.getPath(), 1);
  SiteStatistics seen;
  seen.columns = 64;
  seen.samples = 96;
  for (int i = 0; i < 96 * 64; ++i)
    seen.rows.push_back(std::cos(0.37f * static_cast<float>(i % 977)));
  ASSERT_FALSE(writeCalibration(statistics.getPath(), {{{"w0"}, seen}}));
  ConversionOptions options;
  options.convention = "modelopt";
  options.method = WeightMethod::Gptq;
  options.calibration = statistics.getPath();
  auto checkpoint = Checkpoint::open(input.getPath());
  auto plan = planConversion(*checkpoint, options, /*singleFile=*/true);
  ASSERT_TRUE(static_cast<bool>(plan)) << llvm::toString(plan.takeError());
  std::string note;
  ASSERT_FALSE(runConversion(*checkpoint, *plan, output.getPath(),
                             /*isFolder=*/false, mxquant::runSerially,
                             [&](const PlannedFile &, const ConversionStep &,
                                 StringRef text) { note = text.str(); }));
  std::vector<float> values(4 * 64);
  for (int k = 0; k < 4 * 64; ++k)
    values[k] = std::sin(static_cast<float>(k));
  mxquant::GptqOptions wanted;
  wanted.format = *mxnum::lookupFormat("nvfp4");
  wanted.quantize.rule = mxnum::ScaleRule::Amax;
  auto hessian = seen.getHessian(mxquant::runSerially);
  auto result = mxquant::quantizeGptq(values.data(), 4, 64, hessian, wanted,
                                      mxquant::runSerially);
  EXPECT_EQ(readTensor(output.getPath(), "w0.weight"), result.tensor.payload);
  EXPECT_EQ(readTensor(output.getPath(), "w0.weight_scale"),
            result.tensor.scales);
  auto nearest = mxnum::quantize(wanted.format, wanted.quantize, values.data(),
                                 {4, 64}, 1);
  EXPECT_NE(result.tensor.payload, nearest.payload);
  EXPECT_EQ(note, "");
}

/// Converts and ends the process after some steps.
static int convert(const std::string &input, const std::string &output,
                   int most) {
  auto checkpoint = Checkpoint::open(input);
  if (!checkpoint)
    return 1;
  auto plan = planConversion(*checkpoint, {}, /*singleFile=*/true);
  if (!plan)
    return 1;
  plan->recordBytes = 1;
  int steps = 0;
  llvm::Error error = runConversion(
      *checkpoint, *plan, output, /*isFolder=*/false, mxquant::runSerially,
      [&](const PlannedFile &, const ConversionStep &, StringRef) {
        if (++steps == most)
          ::_exit(3);
      });
  return error ? (llvm::consumeError(std::move(error)), 1) : 0;
}

static int convertInChild(const std::string &input, const std::string &output,
                          int most) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(convert(input, output, most));
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(ConversionTest, aRunGoesOnInTheMiddleOfAFile) {
  TemporaryFile input, whole, parts;
  makeInput(input.getPath(), 5);
  ASSERT_EQ(convertInChild(input.getPath(), whole.getPath(), 100), 0);
  for (int step = 1; step <= 5; ++step) {
    EXPECT_EQ(convertInChild(input.getPath(), parts.getPath(), step), 3);
    EXPECT_EQ(parts.read(), "<no file>");
    std::string journal = readText(parts.getPath() + ".journal");
    EXPECT_TRUE(StringRef(journal).ends_with(" " + std::to_string(step) + "\n"))
        << journal;
  }
  EXPECT_EQ(convertInChild(input.getPath(), parts.getPath(), 100), 0);
  EXPECT_EQ(parts.read(), whole.read());
  EXPECT_EQ(parts.countFilesInFolder(), 1);
}

TEST(ConversionTest, anInputThatChangedIsAnotherConversion) {
  TemporaryFile input, output;
  makeInput(input.getPath(), 2);
  EXPECT_EQ(convertInChild(input.getPath(), output.getPath(), 1), 3);
  makeInput(input.getPath(), 2);
  EXPECT_EQ(convertInChild(input.getPath(), output.getPath(), 100), 1);
  EXPECT_EQ(output.read(), "<no file>");
}
