//===- QuantizeTest.cpp - blocks and tensors
//--------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every rule against the literal reading in Oracle.h, special values, and the
// way blocks lie in tensors (N1.4 to N1.7, N3, N4, N5.1).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Quantize.h"
#include "Samples.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Philox.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

constexpr float kLargest = 0x1.fffffep127f;

QuantizeOptions withRule(ScaleRule rule) {
  QuantizeOptions options;
  options.rule = rule;
  return options;
}

/// Calls the library on one block.
oracle::Block quantizeOne(const BlockFormat &format,
                          const QuantizeOptions &options,
                          const std::vector<float> &x, float tensorScale) {
  std::vector<uint8_t> codes(x.size(), 0xEE);
  uint8_t scale = quantizeBlock(format, options, tensorScale, x.data(),
                                int64_t(x.size()), 0, 1, codes.data());
  return {scale, {codes.begin(), codes.end()}};
}

std::string print(const std::vector<float> &x) {
  std::string text;
  for (float value : x)
    text += std::to_string(oracle::bitsOf(value)) + " ";
  return text;
}

/// Blocks of several kinds: bell curves at any scale, wild exponents, ties,
/// sparse blocks and subnormals.
std::vector<float> drawBlock(Random &random, ElementType element) {
  std::vector<float> x(1 + random.below(32));
  uint64_t kind = random.below(5);
  double scale =
      std::ldexp(1.0 + random.uniform(), int(random.below(230)) - 118);
  double largest = oracle::getFormat(element).largest;
  for (float &value : x) {
    if (kind == 0)
      value = float(scale * random.normal());
    if (kind == 1)
      value = random.anyFloat();
    if (kind == 2) // Multiples of a quarter of the smallest steps.
      value =
          float(std::ldexp(double(random.below(65)) - 32, -3) * largest / 6);
    if (kind == 3)
      value = random.below(4) ? -0.0f : float(scale);
    if (kind == 4)
      value = random.anyFloat(0, 3);
  }
  return x;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

TEST(Quantize, N1_4_EveryCodeWithEveryScale) {
  const float tensorScales[] = {1.0f, 1.0f / 3.0f, 0x1.fffffep-126f, 2.5e30f};
  for (ElementType element : kElementTypes)
    for (ScaleType scaleType : {ScaleType::E8M0, ScaleType::UE4M3})
      for (float t : tensorScales)
        for (unsigned scale = 0; scale < 256; ++scale)
          for (unsigned code = 0; code < 1u << getElementInfo(element).bits;
               ++code) {
            BlockFormat format{element, scaleType, 32, true};
            double expected = oracle::decodeElement(element, code) *
                              oracle::decodeScale(scaleType, scale) * t;
            ASSERT_TRUE(
                oracle::isSame(expected, decodeValue(format, uint8_t(code),
                                                     uint8_t(scale), t)))
                << getElementInfo(element).name << " " << code << " " << scale;
          }
}

TEST(Quantize, N1_4_NoTensorScaleMeansOne) {
  BlockFormat mx = *lookupFormat("mxfp4");
  EXPECT_EQ(6.0, decodeValue(mx, 7, 0x7F, 5.0f));
  BlockTensor tensor{mx, {2}, 0, {0x27}, {0x7F}, 5.0f};
  EXPECT_EQ((std::vector<float>{6.0f, 1.0f}), dequantize(tensor));
}

TEST(Quantize, N1_7_RoundsOnceToF32) {
  // 1.5 · 2^-127 · 2^-22 is a tie between subnormals.
  BlockFormat format{ElementType::E2M1, ScaleType::E8M0, 2, true};
  BlockTensor tensor{format, {2}, 0, {0x31}, {0x00}, 0x1p-22f};
  EXPECT_EQ((std::vector<double>{0x1p-150, 0x1.8p-149}), decodeAll(tensor));
  EXPECT_EQ((std::vector<float>{0.0f, 0x1p-148f}), dequantize(tensor));
  tensor = {format, {2}, 0, {0xF7}, {0xFE}, 1.0f};
  EXPECT_EQ((std::vector<float>{HUGE_VALF, -HUGE_VALF}), dequantize(tensor));
}

TEST(Quantize, N1_7_BF16AndF16RoundTheExactValue) {
  BlockFormat format = *lookupFormat("nvfp4");
  Random random(2);
  for (int i = 0; i < 100000; ++i) {
    auto code = uint8_t(random.below(16)), scale = uint8_t(random.below(127));
    float t = std::fabs(random.anyFloat(100, 130));
    double exact = decodeValue(format, code, scale, t);
    double product = oracle::decodeElement(ElementType::E2M1, code) *
                     oracle::decodeScale(ScaleType::UE4M3, scale) * t;
    ASSERT_EQ(f64ToBF16(product), f64ToBF16(exact));
    ASSERT_EQ(f64ToF16(product), f64ToF16(exact));
  }
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

class E8M0Rules : public testing::TestWithParam<ScaleRule> {};

std::string getName(const testing::TestParamInfo<ScaleRule> &param) {
  return getScaleRuleName(param.param);
}

INSTANTIATE_TEST_SUITE_P(Quantize, E8M0Rules,
                         testing::Values(ScaleRule::Floor, ScaleRule::Ceil,
                                         ScaleRule::RCeil, ScaleRule::Even,
                                         ScaleRule::Mse, ScaleRule::Abs3),
                         getName);

TEST_P(E8M0Rules, N3_8_AgreesWithTheOracle) {
  ScaleRule rule = GetParam();
  Random random(10);
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::E8M0, 32, rule == ScaleRule::Abs3};
    for (int trial = 0; trial < 4000; ++trial) {
      std::vector<float> x = drawBlock(random, element);
      oracle::Block expected = oracle::quantizeE8M0(element, rule, x);
      oracle::Block actual = quantizeOne(format, withRule(rule), x, 1.0f);
      ASSERT_EQ(expected.scale, actual.scale) << print(x);
      ASSERT_EQ(expected.codes, actual.codes) << print(x);
    }
  }
}

class UE4M3Rules : public testing::TestWithParam<ScaleRule> {};

INSTANTIATE_TEST_SUITE_P(Quantize, UE4M3Rules,
                         testing::Values(ScaleRule::Amax,
                                         ScaleRule::FourOverSixMse,
                                         ScaleRule::FourOverSixMae,
                                         ScaleRule::Sweep),
                         getName);

TEST_P(UE4M3Rules, N4_5_AgreesWithTheOracle) {
  ScaleRule rule = GetParam();
  Random random(20);
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::UE4M3, 32, true};
    if (explainInvalidRule(format, rule, Rounding::NearestEven))
      continue;
    for (int trial = 0; trial < (rule == ScaleRule::Sweep ? 200 : 4000);
         ++trial) {
      std::vector<float> x = drawBlock(random, element);
      // From the rule, from nearby, or from anywhere.
      float t = computeTensorScale(format, withRule(rule), x.data(), x.size());
      if (trial % 3 == 1)
        t = std::fmin(t * float(1 << random.below(20)), kLargest);
      if (trial % 3 == 2)
        t = std::fmax(std::fabs(random.anyFloat()), 0x1p-149f);
      oracle::Block expected = oracle::quantizeUE4M3(element, rule, x, t);
      oracle::Block actual = quantizeOne(format, withRule(rule), x, t);
      ASSERT_EQ(expected.scale, actual.scale) << t << " on " << print(x);
      ASSERT_EQ(expected.codes, actual.codes) << t << " on " << print(x);
    }
  }
}

TEST(Quantize, N3_3_MseIsNeverWorseThanRCeil) {
  BlockFormat format = *lookupFormat("mxfp4");
  Random random(30);
  auto measure = [&](ScaleRule rule, const std::vector<float> &x) {
    oracle::Block block = quantizeOne(format, withRule(rule), x, 1.0f);
    double error = 0.0;
    for (size_t i = 0; i < x.size(); ++i) {
      double d = x[i] - decodeValue(format, uint8_t(block.codes[i]),
                                    uint8_t(block.scale), 1.0f);
      error += d * d;
    }
    return error;
  };
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<float> x(32);
    for (float &value : x)
      value = float(random.normal());
    EXPECT_LE(measure(ScaleRule::Mse, x),
              measure(ScaleRule::RCeil, x) * (1 + 1e-5));
  }
}

TEST(Quantize, N3_3_PrefersTheFirstOfEqualErrors) {
  // A lone power of two is exact under four of the five candidates.
  BlockFormat format = *lookupFormat("mxfp4");
  oracle::Block block =
      quantizeOne(format, withRule(ScaleRule::Mse), {4.0f}, 1.0f);
  EXPECT_EQ(0x7Fu, block.scale);
}

TEST(Quantize, N3_3_SkipsBytesOutOfRange) {
  BlockFormat format = *lookupFormat("mxfp4");
  for (float amax : {0x1p-149f, 0x1.8p-126f, kLargest}) {
    std::vector<float> x(32, amax * 0.59f);
    x[0] = amax;
    int rceil = oracle::chooseE8M0(ScaleRule::RCeil, ElementType::E2M1, amax);
    EXPECT_EQ(oracle::chooseMse(ElementType::E2M1, x, rceil),
              int(quantizeOne(format, withRule(ScaleRule::Mse), x, 1).scale));
  }
}

TEST(Quantize, N3_4_Abs3) {
  BlockFormat format{ElementType::E2M1, ScaleType::E8M0, 32, true};
  QuantizeOptions options = withRule(ScaleRule::Abs3);
  std::vector<float> x = {0.0625f, 0.375f, 0.078125f, 0.25f};
  options.tensorScale = 5.0f; // N3.4 leaves no choice.
  float t = computeTensorScale(format, options, x.data(), x.size());
  EXPECT_EQ(float(1.0 / 3.0), t);
  oracle::Block block = quantizeOne(format, options, x, t);
  EXPECT_EQ(0x7Du, block.scale);
  EXPECT_EQ((std::vector<unsigned>{2, 6, 2, 5}), block.codes);
  // 3·x overflows and saturates.
  block = quantizeOne(format, options, {kLargest, -kLargest / 2, 1.0f}, t);
  EXPECT_EQ((std::vector<unsigned>{7, 0xF, 0}), block.codes);
  EXPECT_EQ(0xFEu, block.scale);
}

//===----------------------------------------------------------------------===//
// Special values
//===----------------------------------------------------------------------===//

/// A format and a rule for each way to choose scales.
struct Encoding {
  BlockFormat format;
  ScaleRule rule;
};

std::vector<Encoding> getEncodings() {
  std::vector<Encoding> encodings;
  for (ElementType element : kElementTypes)
    for (ScaleType scale : {ScaleType::E8M0, ScaleType::UE4M3})
      for (bool tensorScale : {false, true})
        for (ScaleRule rule : kScaleRules) {
          BlockFormat format{element, scale, 16, tensorScale};
          if (!explainInvalidRule(format, rule, Rounding::NearestEven))
            encodings.push_back({format, rule});
        }
  return encodings;
}

TEST(Quantize, N3_5_ZeroBlocks) {
  for (const auto &[format, rule] : getEncodings()) {
    unsigned minus = 1u << (getElementInfo(format.element).bits - 1);
    oracle::Block block =
        quantizeOne(format, withRule(rule), {0.0f, -0.0f, 0.0f}, 1.0f);
    EXPECT_EQ(0u, block.scale) << getScaleRuleName(rule);
    EXPECT_EQ((std::vector<unsigned>{0, minus, 0}), block.codes);
  }
}

TEST(Quantize, N3_6_Poison) {
  for (const auto &[format, rule] : getEncodings())
    for (float bad : {NAN, -NAN, HUGE_VALF, -HUGE_VALF}) {
      oracle::Block block =
          quantizeOne(format, withRule(rule), {1.0f, bad, -3.0f}, 1.0f);
      EXPECT_EQ(getPoisonScale(format.scale), block.scale);
      EXPECT_EQ((std::vector<unsigned>{0, 0, 0}), block.codes);
    }
}

TEST(Quantize, N3_7_Satfinite) {
  for (const auto &[format, rule] : getEncodings()) {
    QuantizeOptions options = withRule(rule);
    float t = 0x1p100f;
    oracle::Block expected =
        quantizeOne(format, options, {1.0f, kLargest, -kLargest}, t);
    options.satfinite = true;
    std::vector<float> infinite = {1.0f, HUGE_VALF, -HUGE_VALF};
    oracle::Block block = quantizeOne(format, options, infinite, t);
    EXPECT_EQ(expected.scale, block.scale);
    EXPECT_EQ(expected.codes, block.codes);
    block = quantizeOne(format, options, {NAN, HUGE_VALF}, t);
    EXPECT_EQ(getPoisonScale(format.scale), block.scale);
  }
}

TEST(Quantize, N4_1_TensorScale) {
  BlockFormat format = *lookupFormat("nvfp4");
  auto compute = [&](const QuantizeOptions &options, std::vector<float> x) {
    return computeTensorScale(format, options, x.data(), x.size());
  };
  QuantizeOptions amax = withRule(ScaleRule::Amax);
  EXPECT_EQ(1.0f, compute(amax, {}));
  EXPECT_EQ(1.0f, compute(amax, {0.0f, -0.0f}));
  EXPECT_EQ(1.0f, compute(amax, {5.0f, -2688.0f}));
  EXPECT_EQ(3.0f / 2688.0f, compute(amax, {3.0f, HUGE_VALF, NAN}));
  EXPECT_EQ(3.0f / 1536.0f,
            compute(withRule(ScaleRule::FourOverSixMae), {3.0f}));
  EXPECT_EQ(0x1p-126f, compute(amax, {0x1p-149f}));
  EXPECT_EQ(0x1p-126f, compute(amax, {0x1p-115f}));
  amax.satfinite = true;
  EXPECT_EQ(kLargest / 2688.0f, compute(amax, {3.0f, -HUGE_VALF, NAN}));
  amax.tensorScale = 0.25f;
  EXPECT_EQ(0.25f, compute(amax, {3.0f}));
  format.tensorScale = false;
  EXPECT_EQ(1.0f, compute(amax, {3.0f}));
}

TEST(Quantize, N4_1_BadTensorScalePoisons) {
  BlockFormat format = *lookupFormat("nvfp4");
  for (float t : {0.0f, -0.0f, -1.0f, HUGE_VALF, NAN}) {
    QuantizeOptions options = withRule(ScaleRule::Amax);
    options.tensorScale = t;
    const float x[] = {0.0f, 1.0f};
    BlockTensor tensor = quantize(format, options, x, {2}, 0);
    EXPECT_EQ((std::vector<uint8_t>{0x7F}), tensor.scales);
    EXPECT_EQ((std::vector<uint8_t>{0}), tensor.payload);
    EXPECT_TRUE(oracle::isSame(t, tensor.tensorScale));
  }
}

TEST(Quantize, N4_1_NoTensorScaleMeansOne) {
  BlockFormat format{ElementType::E2M1, ScaleType::UE4M3, 16, false};
  for (float t : {1.0f, 5.0f, 0.0f, NAN}) {
    oracle::Block block =
        quantizeOne(format, withRule(ScaleRule::Amax), {6.0f, -1.0f}, t);
    EXPECT_EQ(0x38u, block.scale);
    EXPECT_EQ((std::vector<unsigned>{7, 0xA}), block.codes);
  }
}

TEST(Quantize, N4_5_ZeroScaleKeepsSigns) {
  BlockFormat format = *lookupFormat("nvfp4");
  QuantizeOptions options = withRule(ScaleRule::Amax);
  // 2^-20 / 6 rounds to a scale of zero.
  oracle::Block block = quantizeOne(format, options, {0x1p-20f, -0x1p-20f}, 1);
  EXPECT_EQ(0u, block.scale);
  EXPECT_EQ((std::vector<unsigned>{0, 8}), block.codes);
}

TEST(Quantize, N4_5_ProductOfScalesMayVanish) {
  // Under the smallest tensor scale, s·t is zero for most codes of a sweep.
  for (ElementType element : kElementTypes) {
    BlockFormat format{element, ScaleType::UE4M3, 16, true};
    std::vector<float> x = {0x1p-149f, -0x1.8p-140f, 0.0f, 0x1p-130f};
    oracle::Block expected =
        oracle::quantizeUE4M3(element, ScaleRule::Sweep, x, 0x1p-149f);
    oracle::Block actual =
        quantizeOne(format, withRule(ScaleRule::Sweep), x, 0x1p-149f);
    EXPECT_EQ(expected.scale, actual.scale);
    EXPECT_EQ(expected.codes, actual.codes);
  }
}

TEST(Quantize, N4_6_UE4M3SpecialBlocksInATensor) {
  std::vector<float> x(64, 1.0f);
  std::fill(x.begin(), x.begin() + 16, -0.0f);
  x[20] = NAN;
  x[40] = HUGE_VALF;
  BlockTensor tensor = quantize(*lookupFormat("nvfp4"),
                                withRule(ScaleRule::Amax), x.data(), {64}, 0);
  EXPECT_EQ((std::vector<uint8_t>{0x00, 0x7F, 0x7F, 0x7E}), tensor.scales);
  std::vector<float> back = dequantize(tensor);
  for (int i = 0; i < 64; ++i)
    if (i < 16)
      EXPECT_TRUE(oracle::isSame(-0.0, back[i]));
    else
      EXPECT_EQ(i < 48, std::isnan(back[i]));
}

//===----------------------------------------------------------------------===//
// Round trips
//===----------------------------------------------------------------------===//

/// Quantises the decoded values of a block whose first code is the largest,
/// so that the scale is canonical.
void expectRoundTrip(const BlockFormat &format, ScaleRule rule, unsigned scale,
                     Random &random) {
  const ElementInfo &info = getElementInfo(format.element);
  unsigned largest = encodeElement(format.element, info.maxFinite);
  std::vector<unsigned> codes = {largest};
  while (codes.size() < 16) {
    unsigned code = unsigned(random.below(1u << info.bits));
    if (std::isfinite(decodeElement(format.element, uint8_t(code))))
      codes.push_back(code);
  }
  std::vector<float> x;
  for (unsigned code : codes)
    x.push_back(
        float(decodeValue(format, uint8_t(code), uint8_t(scale), 1.0f)));
  oracle::Block block = quantizeOne(format, withRule(rule), x, 1.0f);
  ASSERT_EQ(scale, block.scale) << info.name << " " << getScaleRuleName(rule);
  ASSERT_EQ(codes, block.codes) << info.name << " " << getScaleRuleName(rule);
}

TEST(Quantize, N3_1_RequantisingIsExact) {
  Random random(40);
  for (ElementType element : kElementTypes)
    for (ScaleRule rule :
         {ScaleRule::Floor, ScaleRule::RCeil, ScaleRule::Even, ScaleRule::Mse})
      // Bytes above would overflow f32.
      for (int scale = 0; scale <= 253 - getElementInfo(element).emax; ++scale)
        // N3.1: even rounds 448 up a binade.
        expectRoundTrip({element, ScaleType::E8M0, 16, false}, rule,
                        unsigned(scale), random);
}

TEST(Quantize, N4_2_RequantisingIsExact) {
  Random random(41);
  for (ElementType element : kElementTypes)
    for (unsigned scale = 1; scale <= 0x7E; ++scale)
      expectRoundTrip({element, ScaleType::UE4M3, 16, false}, ScaleRule::Amax,
                      scale, random);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// Row-major index of the element `k` along `axis` of a line.
struct Line {
  int64_t first, stride;
};

std::vector<Line> getLines(const std::vector<int64_t> &shape, int64_t axis) {
  std::vector<Line> lines;
  int64_t outer = 1, inner = 1;
  for (int64_t i = 0; i < int64_t(shape.size()); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i)
      lines.push_back({o * shape[axis] * inner + i, inner});
  return lines;
}

uint8_t readElement(const BlockTensor &tensor, int64_t index) {
  unsigned bits = getElementInfo(tensor.format.element).bits;
  int64_t length = tensor.shape.back();
  int64_t rowBytes = getPackedBytes(length, bits);
  return readCode(tensor.payload.data() + index / length * rowBytes,
                  index % length, bits);
}

/// Checks every block of a tensor against quantizeBlock, and every value
/// against decodeValue.
void expectBlocks(const BlockTensor &tensor, const QuantizeOptions &options,
                  const std::vector<float> &x) {
  const BlockFormat &format = tensor.format;
  int64_t length = tensor.shape[tensor.axis];
  int64_t blocks = (length + format.block - 1) / format.block;
  std::vector<float> values = dequantize(tensor);
  ASSERT_EQ(x.size(), values.size());
  std::vector<Line> lines = getLines(tensor.shape, tensor.axis);
  ASSERT_EQ(lines.size() * size_t(blocks), tensor.scales.size());
  for (auto [first, stride] : lines)
    for (int64_t b = 0; b < blocks; ++b) {
      std::vector<float> block;
      int64_t start = first + b * format.block * stride;
      for (int64_t k = b * format.block;
           k < std::min(length, (b + 1) * format.block); ++k)
        block.push_back(x[first + k * stride]);
      std::vector<uint8_t> codes(block.size());
      uint8_t scale =
          quantizeBlock(format, options, tensor.tensorScale, block.data(),
                        int64_t(block.size()), uint64_t(start),
                        uint64_t(stride), codes.data());
      int64_t outer = first / (length * stride), inner = first % stride;
      ASSERT_EQ(scale, tensor.scales[(outer * blocks + b) * stride + inner]);
      for (size_t i = 0; i < block.size(); ++i) {
        int64_t index = start + int64_t(i) * stride;
        ASSERT_EQ(codes[i], readElement(tensor, index)) << index;
        float value =
            float(decodeValue(format, codes[i], scale, tensor.tensorScale));
        ASSERT_TRUE(oracle::isSame(value, values[index])) << index;
      }
    }
}

TEST(Quantize, N1_6_EveryAxisOfEveryShape) {
  const std::vector<int64_t> shapes[] = {
      {1},     {31},    {32},       {33},       {3, 70},   {70, 3},
      {64, 1}, {1, 64}, {2, 3, 37}, {5, 33, 2}, {34, 1, 3}};
  Random random(50);
  for (const NamedFormat &named : kNamedFormats)
    for (Rounding rounding : {Rounding::NearestEven, Rounding::Stochastic})
      for (const std::vector<int64_t> &shape : shapes)
        for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis) {
          bool isNV = named.format.tensorScale;
          QuantizeOptions options =
              withRule(isNV ? ScaleRule::Amax : ScaleRule::RCeil);
          options.rounding = rounding;
          options.seed = 99;
          int64_t count = 1;
          for (int64_t dimension : shape)
            count *= dimension;
          std::vector<float> x(count);
          for (float &value : x)
            value = float(random.normal());
          BlockTensor tensor =
              quantize(named.format, options, x.data(), shape, axis);
          expectBlocks(tensor, options, x);
        }
}

TEST(Quantize, N1_6_UnusedBitsAreZero) {
  std::vector<float> x(3 * 5, -6.0f);
  for (int64_t axis : {0, 1}) {
    BlockTensor tensor =
        quantize(*lookupFormat("mxfp4"), withRule(ScaleRule::Floor), x.data(),
                 {3, 5}, axis);
    ASSERT_EQ(9u, tensor.payload.size());
    for (int row = 0; row < 3; ++row) {
      EXPECT_EQ(0xFF, tensor.payload[3 * row]);
      EXPECT_EQ(0x0F, tensor.payload[3 * row + 2]);
    }
    EXPECT_EQ(axis == 0 ? 5u : 3u, tensor.scales.size());
  }
}

TEST(Quantize, N1_6_EmptyTensors) {
  const std::vector<int64_t> shapes[] = {
      {0}, {0, 32}, {32, 0}, {int64_t(1) << 40, 0, int64_t(1) << 40}};
  for (const std::vector<int64_t> &shape : shapes)
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis) {
      BlockTensor tensor =
          quantize(*lookupFormat("nvfp4"), withRule(ScaleRule::Amax), nullptr,
                   shape, axis);
      EXPECT_TRUE(tensor.payload.empty());
      EXPECT_TRUE(tensor.scales.empty());
      EXPECT_EQ(1.0f, tensor.tensorScale);
      EXPECT_TRUE(dequantize(tensor).empty());
      EXPECT_TRUE(decodeAll(tensor).empty());
    }
}

TEST(Quantize, N5_1_IndexDecidesTheRandomNumber) {
  BlockFormat format = *lookupFormat("mxfp4");
  QuantizeOptions options = withRule(ScaleRule::RCeil);
  options.rounding = Rounding::Stochastic;
  options.seed = 0x1234567890;
  for (unsigned bits : {1u, 8u, 16u, 23u}) {
    options.randomBits = bits;
    std::vector<float> x(32, 1.1f);
    x[0] = 6.0f;
    std::vector<uint8_t> codes(32);
    uint8_t scale = quantizeBlock(format, options, 1.0f, x.data(), 32, 1000, 7,
                                  codes.data());
    ASSERT_EQ(0x7F, scale);
    for (uint64_t i = 0; i < 32; ++i) {
      uint32_t number = getRandomBits(options.seed, 1000 + 7 * i, bits);
      ASSERT_EQ(oracle::encodeStochastic(format.element, x[i], number, bits),
                codes[i]);
    }
  }
}

} // namespace
