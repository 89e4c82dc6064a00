//===- FastQuantizerTest.cpp - the quick way gives the same bits ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// quantizeBlock, which takes several values at a time and leaves out scales
// that cannot win, against quantizeBlockByDefinition, which does neither: every
// format with every rule that rounds to nearest, on every bf16 number in every
// lane, and on blocks made to be awkward. Several blocks at a time, with the
// instructions of this machine and with those of any, are compared likewise.
//===----------------------------------------------------------------------===//

#include "FastQuantizer.h"
#include "Samples.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Quantize.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

constexpr float kLargest = 0x1.fffffep127f;

/// Calls either function on one block; the last byte is the scale.
std::vector<uint8_t> encode(decltype(quantizeBlock) &function,
                            const BlockFormat &format,
                            const QuantizeOptions &options, float tensorScale,
                            const std::vector<float> &x) {
  std::vector<uint8_t> bytes(x.size() + 1, 0xEE);
  bytes.back() = function(format, options, tensorScale, x.data(),
                          int64_t(x.size()), 1000, 1, bytes.data());
  return bytes;
}

/// Whether a block gives `expected` in every lane, beside its mirror image.
bool isSameInGroups(const BlockFormat &format, const QuantizeOptions &options,
                    float tensorScale, const std::vector<float> &x,
                    const std::vector<uint8_t> &expected) {
  constexpr size_t blocks = 9; // One more than the most lanes.
  std::vector<float> mirror(x.rbegin(), x.rend()), values;
  for (size_t block = 0; block < blocks; ++block) {
    const std::vector<float> &source = block % 2 == 0 ? x : mirror;
    values.insert(values.end(), source.begin(), source.end());
  }
  std::vector<uint8_t> mirrored =
      encode(quantizeBlockByDefinition, format, options, tensorScale, mirror);
  for (auto instructions : {Instructions::Baseline, Instructions::Native}) {
    std::vector<uint8_t> codes(values.size()), scales(blocks);
    quantizeRun(format, options, tensorScale,
                {values.data(), int64_t(values.size()), int64_t(x.size()), 1000,
                 1, 0, codes.data(), scales.data()},
                instructions);
    for (size_t block = 0; block < blocks; ++block) {
      auto begin = codes.begin() + ptrdiff_t(block * x.size());
      std::vector<uint8_t> actual(begin, begin + ptrdiff_t(x.size()));
      actual.push_back(scales[block]);
      if (actual != (block % 2 == 0 ? expected : mirrored))
        return false;
    }
  }
  return true;
}

testing::AssertionResult isAsDefined(const BlockFormat &format,
                                     const QuantizeOptions &options,
                                     float tensorScale,
                                     const std::vector<float> &x) {
  std::vector<uint8_t> expected =
      encode(quantizeBlockByDefinition, format, options, tensorScale, x);
  std::vector<uint8_t> actual =
      encode(quantizeBlock, format, options, tensorScale, x);
  if (expected == actual &&
      isSameInGroups(format, options, tensorScale, x, expected))
    return testing::AssertionSuccess();
  auto failure = testing::AssertionFailure();
  failure << getElementInfo(format.element).name << ", tensor scale "
          << oracle::bitsOf(tensorScale) << ", expected scale "
          << int(expected.back()) << ", got " << int(actual.back());
  for (size_t i = 0; i < x.size(); ++i)
    if (expected[i] != actual[i] || expected.back() != actual.back())
      failure << "\n  " << i << ": bits " << oracle::bitsOf(x[i])
              << ", expected code " << int(expected[i]) << ", got "
              << int(actual[i]);
  return failure;
}

class Rules : public testing::TestWithParam<ScaleRule> {
protected:
  Rules() { options.rule = GetParam(); }

  /// Every format that the rule fits.
  std::vector<BlockFormat> getFormats(int64_t block) const {
    std::vector<BlockFormat> formats;
    for (ElementType element : kElementTypes)
      for (ScaleType scale : {ScaleType::E8M0, ScaleType::UE4M3})
        for (bool tensorScale : {false, true}) {
          BlockFormat format{element, scale, block, tensorScale};
          if (!explainInvalidRule(format, options.rule, options.rounding))
            formats.push_back(format);
        }
    return formats;
  }

  /// The definition of `sweep` is slow.
  int scaleTrials(int count) const {
    return options.rule == ScaleRule::Sweep ? count / 20 : count;
  }

  QuantizeOptions options;
};

INSTANTIATE_TEST_SUITE_P(FastQuantizer, Rules, testing::ValuesIn(kScaleRules),
                         [](const testing::TestParamInfo<ScaleRule> &param) {
                           return getScaleRuleName(param.param);
                         });

//===----------------------------------------------------------------------===//
// Every number
//===----------------------------------------------------------------------===//

/// All bf16 numbers in order, 31 in a block with `anchor` at place `place`. The
/// anchor decides the scale until the numbers are larger.
void checkAllBF16(const BlockFormat &format, const QuantizeOptions &options,
                  float anchor, size_t place) {
  constexpr uint32_t numbers = 1 << 16;
  for (uint32_t next = 0; next < numbers;) {
    std::vector<float> x;
    while (x.size() < 32 && next < numbers)
      x.push_back(x.size() == place ? anchor : bf16ToF32(uint16_t(next++)));
    ASSERT_TRUE(isAsDefined(format, options, 1.0f, x));
  }
}

TEST_P(Rules, N2_1_EveryBF16NumberInEveryLane) {
  const float anchors[] = {0.0f,     0x1p-149f, 0x1.8p-126f, 0x1.4p-20f,
                           0x1.8p0f, 0x1.ep5f,  0x1.2p60f,   kLargest};
  for (const BlockFormat &format : getFormats(32))
    if (options.rule == ScaleRule::Sweep)
      checkAllBF16(format, options, 5.0f, 3);
    else
      for (float anchor : anchors)
        for (size_t place : {1, 18})
          checkAllBF16(format, options, anchor, place);
}

/// Elements at all ties and next to them, for a scale of about 1.
TEST_P(Rules, N2_1_TiesAndTheirNeighbours) {
  for (const BlockFormat &format : getFormats(32)) {
    float largest = getElementInfo(format.element).maxFinite;
    std::vector<float> x = {largest};
    auto check = [&](float value) {
      for (float next : {std::nextafter(value, 0.0f), value,
                         std::nextafter(value, kLargest)}) {
        x.push_back(x.size() % 2 ? next : -next);
        if (x.size() < 32)
          continue;
        ASSERT_TRUE(isAsDefined(format, options, 1.0f, x));
        x.resize(1);
      }
    };
    auto last = encodeElement(format.element, largest);
    for (uint8_t code = 0; code < last; ++code) {
      float low = decodeElement(format.element, code);
      float high = decodeElement(format.element, uint8_t(code + 1));
      check(low);
      check((low + high) / 2);
    }
    ASSERT_TRUE(isAsDefined(format, options, 1.0f, x));
  }
}

//===----------------------------------------------------------------------===//
// Awkward blocks
//===----------------------------------------------------------------------===//

float drawAnyBits(Random &random) {
  return oracle::floatFromBits(uint32_t(random.next()));
}

/// Values of one of several kinds; `scale` is about their magnitude.
float drawValue(Random &random, uint64_t kind, double scale) {
  switch (kind) {
  case 0:
    return float(scale * random.normal());
  case 1:
    return random.anyFloat();
  case 2: // Ties are frequent.
    return float(scale * std::ldexp(double(random.below(129)) - 64, -4));
  case 3: // Sparse.
    return random.below(8) ? -0.0f : float(scale * random.normal());
  case 4: // Subnormal.
    return random.anyFloat(0, 3);
  case 5: // One value dwarfs the others.
    return float(random.below(16) ? scale * random.normal() / 64 : scale);
  case 6: // Few different magnitudes.
    return float(
        std::ldexp(random.below(2) ? scale : -scale, -int(random.below(3))));
  default: // Infinity and NaN now and then.
    if (random.below(64))
      return float(scale * random.normal());
    return random.below(4) ? HUGE_VALF : NAN;
  }
}

std::vector<float> drawBlock(Random &random, size_t count) {
  std::vector<float> x(count);
  uint64_t kind = random.below(8);
  double scale =
      std::ldexp(1.0 + random.uniform(), int(random.below(250)) - 125);
  if (random.below(2))
    scale = std::ldexp(random.uniform() + 1.0, int(random.below(24)) - 12);
  for (float &value : x)
    value = drawValue(random, kind, scale);
  return x;
}

/// From the rule, from nearby, or any number at all.
float drawTensorScale(Random &random, const BlockFormat &format,
                      const QuantizeOptions &options,
                      const std::vector<float> &x) {
  float t = computeTensorScale(format, options, x.data(), x.size());
  switch (random.below(4)) {
  case 0:
    return t;
  case 1:
    return t * float(std::ldexp(1.0, int(random.below(30)) - 5));
  case 2:
    return std::fabs(random.anyFloat(0, 254));
  default:
    return random.below(8) ? t * float(random.uniform()) : drawAnyBits(random);
  }
}

TEST_P(Rules, N3_8_AwkwardBlocks) {
  Random random(60);
  for (const BlockFormat &format : getFormats(64))
    for (int trial = 0; trial < scaleTrials(20000); ++trial) {
      options.satfinite = random.below(2);
      std::vector<float> x = drawBlock(random, 1 + random.below(64));
      float t = drawTensorScale(random, format, options, x);
      ASSERT_TRUE(isAsDefined(format, options, t, x)) << "trial " << trial;
    }
}

TEST_P(Rules, N1_6_EveryLength) {
  Random random(61);
  for (const BlockFormat &format : getFormats(96))
    for (size_t count = 1; count <= 96; ++count)
      for (int trial = 0; trial < scaleTrials(20); ++trial) {
        std::vector<float> x = drawBlock(random, count);
        ASSERT_TRUE(isAsDefined(format, options, 1.0f, x)) << count;
      }
}

TEST_P(Rules, N3_6_AnyBits) {
  Random random(62);
  for (const BlockFormat &format : getFormats(16))
    for (int trial = 0; trial < 4000; ++trial) {
      options.satfinite = random.below(2);
      std::vector<float> x(1 + random.below(16));
      for (float &value : x)
        value = drawAnyBits(random);
      float t = drawAnyBits(random);
      ASSERT_TRUE(isAsDefined(format, options, t, x)) << "trial " << trial;
    }
}

//===----------------------------------------------------------------------===//
// Searches
//===----------------------------------------------------------------------===//

/// One large value among so many small ones that it may pay to let it saturate.
std::vector<float> makeCrowd(Random &random, size_t count, double deviation) {
  std::vector<float> x(count);
  for (float &value : x)
    value = float(deviation * random.normal());
  x[count / 3] = -4.0f;
  return x;
}

TEST(FastQuantizer, N3_3_SmallestScaleMayWin) {
  BlockFormat format{ElementType::E2M1, ScaleType::E8M0, 8192, false};
  QuantizeOptions options;
  options.rule = ScaleRule::Mse;
  int rceil = oracle::chooseE8M0(ScaleRule::RCeil, format.element, 4.0);
  Random random(63);
  int smallest = 0;
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<float> x =
        makeCrowd(random, 256u << trial % 6, 0.02 + 0.005 * trial);
    ASSERT_TRUE(isAsDefined(format, options, 1.0f, x));
    smallest +=
        encode(quantizeBlock, format, options, 1.0f, x).back() == rceil - 3;
  }
  EXPECT_GT(smallest, 5);
  EXPECT_LT(smallest, 55);
}

TEST(FastQuantizer, N4_4_SweepFarFromItsStart) {
  QuantizeOptions options;
  options.rule = ScaleRule::Sweep;
  Random random(64);
  int farBelow = 0;
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::UE4M3, 4096, true};
    for (int trial = 0; trial < 40; ++trial) {
      std::vector<float> x =
          makeCrowd(random, trial < 30 ? 4096 : 300, 0.02 + 0.003 * trial);
      float t = float(std::ldexp(1.0, -trial % 8));
      ASSERT_TRUE(isAsDefined(format, options, t, x)) << trial;
      uint8_t start = encodeUE4M3(4 / getElementInfo(element).maxFinite / t);
      // More than a binade.
      farBelow +=
          encode(quantizeBlock, format, options, t, x).back() + 8 < start;
    }
  }
  EXPECT_GT(farBelow, 10);
}

TEST_P(Rules, N4_5_StepsThatVanish) {
  constexpr float tiny = 0x1p-149f;
  Random random(66);
  for (const BlockFormat &format : getFormats(16))
    for (int trial = 0; trial < scaleTrials(4000); ++trial) {
      std::vector<float> x(1 + random.below(4));
      for (float &value : x)
        value = tiny * float(int(random.below(41)) - 20);
      float t = tiny * float(1 + random.below(8));
      ASSERT_TRUE(isAsDefined(format, options, t, x)) << trial;
    }
}

/// A lone value is exact under many scales: the start wins, else the smallest.
TEST(FastQuantizer, N4_4_TiesAmongScales) {
  QuantizeOptions options;
  options.rule = ScaleRule::Sweep;
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::UE4M3, 16, true};
    for (int exponent = -14; exponent <= 14; ++exponent)
      for (float mantissa : {1.0f, 1.125f, 1.25f, 1.5f, 1.75f, 1.3f}) {
        float value = std::ldexp(mantissa, exponent);
        ASSERT_TRUE(isAsDefined(format, options, 1.0f, {value}));
        ASSERT_TRUE(
            isAsDefined(format, options, 1.0f, {value, -value / 2, 0.0f}));
      }
  }
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The scales and then the codes of rows of `length` values, block by block.
std::vector<uint8_t> encodeRows(const BlockFormat &format,
                                const QuantizeOptions &options,
                                const std::vector<float> &x, int64_t length,
                                uint64_t index) {
  std::vector<uint8_t> scales, codes(x.size());
  for (int64_t row = 0; row < int64_t(x.size()); row += length)
    for (int64_t start = 0; start < length; start += format.block)
      scales.push_back(quantizeBlockByDefinition(
          format, options, 1.0f, x.data() + row + start,
          std::min(format.block, length - start), index + uint64_t(row + start),
          1, codes.data() + row + start));
  scales.insert(scales.end(), codes.begin(), codes.end());
  return scales;
}

/// The same from whole tensors.
std::vector<uint8_t> encodeTensor(const BlockFormat &format,
                                  const QuantizeOptions &options,
                                  const std::vector<float> &x, int64_t length) {
  int64_t rows = int64_t(x.size()) / length;
  unsigned bits = getElementInfo(format.element).bits;
  BlockTensor tensor = quantize(format, options, x.data(), {rows, length}, 1);
  std::vector<uint8_t> bytes = tensor.scales;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < length; ++i)
      bytes.push_back(readCode(
          tensor.payload.data() + row * getPackedBytes(length, bits), i, bits));
  return bytes;
}

class Rows : public testing::TestWithParam<NamedFormat> {};

INSTANTIATE_TEST_SUITE_P(FastQuantizer, Rows, testing::ValuesIn(kNamedFormats),
                         [](const testing::TestParamInfo<NamedFormat> &param) {
                           return param.param.name;
                         });

TEST_P(Rows, N1_6_AreBlocksInOrder) {
  Random random(65);
  for (Rounding rounding : {Rounding::NearestEven, Rounding::Stochastic})
    for (int64_t block : {2, 16, 24, 32, 5000})
      for (int64_t length : {1, 31, 33, 4097, 10007}) {
        BlockFormat format = GetParam().format;
        format.block = block;
        if (explainInvalidFormat(format))
          continue;
        QuantizeOptions options;
        options.rule = format.tensorScale ? ScaleRule::Amax : ScaleRule::RCeil;
        options.rounding = rounding;
        options.tensorScale = 1.0f;
        std::vector<float> x(size_t(2 * length));
        for (float &value : x)
          value = float(random.normal());
        ASSERT_EQ(encodeRows(format, options, x, length, 0),
                  encodeTensor(format, options, x, length));

        x.resize(size_t(length));
        int64_t blocks = (length - 1) / block + 1;
        std::vector<uint8_t> row(size_t(blocks + length));
        quantizeRow(format, options, 1.0f, x.data(), length, 77,
                    row.data() + blocks, row.data());
        ASSERT_EQ(encodeRows(format, options, x, length, 77), row);
      }
}

/// Blocks that have nothing in common: of all magnitudes, poisoned, zero.
std::vector<float> makeUnlikeBlocks(Random &random, int64_t blocks,
                                    int64_t block) {
  std::vector<float> values;
  for (int64_t i = 0; i < blocks; ++i) {
    auto scale = float(std::ldexp(1.0, int(random.next() % 290) - 150));
    bool isZero = random.next() % 16 == 0;
    for (int64_t j = 0; j < block; ++j)
      values.push_back(isZero ? 0.0f : scale * float(random.normal()));
    if (random.next() % 16 == 0)
      values.back() = random.next() % 2 ? NAN : -INFINITY;
  }
  return values;
}

TEST_P(Rules, LanesDoNotDependOnEachOther) {
  Random random(66);
  for (int64_t block : {2, 16, 24, 32})
    for (const BlockFormat &format : getFormats(block))
      for (float tensorScale : {1.0f, 0x1p-140f, 3e-3f, 0x1p100f})
        for (auto instructions :
             {Instructions::Baseline, Instructions::Native}) {
          std::vector<float> x = makeUnlikeBlocks(random, 43, block);
          x.resize(x.size() - 1); // The last block is short.
          std::vector<uint8_t> codes(x.size()), scales(43), expected(x.size());
          quantizeRun(format, options, tensorScale,
                      {x.data(), int64_t(x.size()), block, 0, 1,
                       uint64_t(block), codes.data(), scales.data()},
                      instructions);
          for (int64_t i = 0; i < 43; ++i) {
            int64_t count = std::min(block, int64_t(x.size()) - i * block);
            uint8_t scale = quantizeBlockByDefinition(
                format, options, tensorScale, x.data() + i * block, count, 0, 1,
                expected.data() + i * block);
            ASSERT_EQ(scale, scales[size_t(i)]) << "block " << i;
          }
          ASSERT_EQ(expected, codes);
        }
}

} // namespace
