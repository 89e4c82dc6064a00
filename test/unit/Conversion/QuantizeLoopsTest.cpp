//===- QuantizeLoopsTest.cpp - quantisation loops against Numerics --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every rule and rounding on every format it fits is compiled and compared with
// lib/Numerics byte by byte, on rows that end in every kind of tail. Rows hold
// normal numbers, all exponents, ties, zeros, subnormals, infinities and NaN.
//===----------------------------------------------------------------------===//

#include "../Numerics/Samples.h"
#include "JitHarness.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Quantize.h"
#include "llvm/ADT/ArrayRef.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>

using namespace mxtest;
using namespace mxnum;

namespace {

//===----------------------------------------------------------------------===//
// The operation as text
//===----------------------------------------------------------------------===//

struct Case {
  BlockFormat format;
  QuantizeOptions options = {};
  std::string type = "f32";
  /// Static shape of the source; empty for two dynamic dimensions.
  std::vector<int64_t> shape = {};
  int64_t indexAxis = -1;
  /// Whether conversions of a GPU, which are simulated, encode.
  bool byHardware = false;
};

std::string spellElement(ElementType type) {
  std::string name = getElementInfo(type).name;
  bool hasInfinity = getElementInfo(type).hasInfinity;
  return "f" + std::to_string(getElementInfo(type).bits) + name +
         (hasInfinity ? "" : "FN");
}

std::string spellFormat(const BlockFormat &format) {
  return "#mx.format<element = " + spellElement(format.element) + ", scale = " +
         (format.scale == ScaleType::E8M0 ? "f8E8M0FNU" : "f8E4M3FN") +
         ", block = " + std::to_string(format.block) +
         (format.tensorScale ? ", tensor_scale>" : ">");
}

std::string spellBuffer(const std::vector<int64_t> &shape, std::string type) {
  std::string text = "memref<";
  for (int64_t size : shape)
    text += (size < 0 ? "?" : std::to_string(size)) + "x";
  return text + type + ">";
}

std::string spellAttributes(const Case &test) {
  const QuantizeOptions &options = test.options;
  bool isStochastic = options.rounding == Rounding::Stochastic;
  return std::string("format = ") + spellFormat(test.format) +
         ", scale_rule = #mx.scale_rule<" + getScaleRuleName(options.rule) +
         ">, rounding = #mx.rounding<" +
         (isStochastic ? "stochastic" : "nearest_even") + ">" +
         (options.satfinite ? ", satfinite" : "");
}

/// The kernel of a case that does not use the one of every machine.
std::string spellKernel(const Case &test) {
  return test.byHardware ? ", kernel = \"quantize_convert\"" : "";
}

/// A function @f0 that quantises and one @t0 that computes a tensor scale.
std::string spellFunction(const Case &test, size_t number) {
  std::vector<int64_t> shape = test.shape;
  if (shape.empty())
    shape = {-1, -1};
  std::vector<int64_t> bytes = shape, blocks = shape;
  int64_t length = shape.back();
  unsigned bits = getElementInfo(test.format.element).bits;
  if (length >= 0) {
    bytes.back() = getPackedBytes(length, bits);
    blocks.back() = (length + test.format.block - 1) / test.format.block;
  }
  std::string source = spellBuffer(shape, test.type);
  std::string payload = spellBuffer(bytes, "i8");
  std::string scales = spellBuffer(blocks, "i8");
  bool isStochastic = test.options.rounding == Rounding::Stochastic;
  int64_t axis =
      test.indexAxis < 0 ? int64_t(shape.size()) - 1 : test.indexAxis;
  std::string suffix = std::to_string(number);
  std::string text =
      "func.func @f" + suffix + "(%x: " + source + ", %t: memref<f32>, " +
      "%seed: i64, %p: " + payload + ", %s: " + scales + ") {\n" +
      "  mx.packed.quantize ins(%x : " + source + ")" +
      (test.format.tensorScale ? " tensor_scale(%t : memref<f32>)" : "") +
      (isStochastic ? " seed(%seed)" : "") + " outs(%p, %s : " + payload +
      ", " + scales + ") {" + spellAttributes(test) +
      ", random_bits = " + std::to_string(test.options.randomBits) +
      " : i32, index_axis = " + std::to_string(axis) + " : i64" +
      spellKernel(test) + "}\n  return\n}\n";
  if (!test.format.tensorScale)
    return text;
  return text + "func.func @t" + suffix + "(%x: " + source +
         ", %t: memref<f32>) {\n  mx.packed.tensor_scale ins(%x : " + source +
         ") outs(%t : memref<f32>) {" + spellAttributes(test) +
         "}\n  return\n}\n";
}

std::unique_ptr<JitModule> compileCases(const std::vector<Case> &cases) {
  std::string text;
  JitOptions options;
  for (size_t i = 0; i < cases.size(); ++i) {
    text += spellFunction(cases[i], i);
    options.simulatesConversions |= cases[i].byHardware;
  }
  return JitModule::compile(text, options);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// One number for the row of kind `kind`.
float drawNumber(Random &random, const BlockFormat &format, uint64_t kind) {
  constexpr float specials[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-130f, 0x1p-126f};
  switch (kind % 8) {
  case 0:
  case 1:
    return float(random.normal());
  case 2: // Every binade.
    return random.anyFloat();
  case 3: { // Ties of the element grid, and grid points.
    uint8_t codes = getElementInfo(format.element).bits - 1;
    uint8_t code = random.below(1u << codes);
    float value = decodeElement(format.element, code) +
                  decodeElement(format.element, code ? code - 1 : 0);
    value = std::isfinite(value) ? value : 1.0f;
    return random.below(2) ? value : -value / 2;
  }
  case 4: // Next to overflow.
    return random.anyFloat(240, 254);
  case 5: // Subnormals.
    return random.anyFloat(0, 2);
  case 6: // Zeros, with or without something tiny.
    return specials[random.below(5)];
  default: { // Infinities and NaN here and there.
    uint64_t pick = random.below(40);
    return pick == 0   ? INFINITY
           : pick == 1 ? -INFINITY
           : pick == 2 ? NAN
                       : float(random.laplace());
  }
  }
}

/// Numbers as the source type stores them, and as f32.
struct Source {
  std::vector<float> values;
  std::vector<uint16_t> halves;
};

Source drawSource(const Case &test, int64_t rows, int64_t length) {
  Random random(rows * 1000 + length);
  Source source;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < length; ++i)
      source.values.push_back(drawNumber(random, test.format, row));
  if (test.type == "f32")
    return source;
  bool isBF16 = test.type == "bf16";
  for (float &value : source.values) {
    uint16_t half = isBF16 ? f32ToBF16(value) : f32ToF16(value);
    source.halves.push_back(half);
    value = isBF16 ? bf16ToF32(half) : f16ToF32(half);
  }
  return source;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

Argument makeSource(Source &source, std::vector<int64_t> shape) {
  return source.halves.empty() ? Argument(source.values, shape)
                               : Argument(source.halves, shape);
}

/// Runs @f`number` and @t`number` on `source` of shape [rows, length] and
/// compares with mxnum::quantize.
void expectSame(const JitModule &module, const Case &test, size_t number,
                Source &source, int64_t rows, int64_t length) {
  std::vector<int64_t> shape = {rows, length};
  std::string suffix = std::to_string(number);
  BlockTensor expected =
      quantize(test.format, test.options, source.values.data(), shape, 1);
  std::vector<float> tensorScale = {expected.tensorScale};
  std::string label = spellAttributes(test) + " on " + std::to_string(rows) +
                      "x" + std::to_string(length) + "x" + test.type;
  if (test.format.tensorScale && !test.options.tensorScale) {
    std::vector<float> computed = {-1.0f};
    ASSERT_TRUE(module.call(
        "t" + suffix, {makeSource(source, shape), Argument(computed, {})}));
    ASSERT_EQ(computed, tensorScale) << label;
  }
  // A guard behind each buffer must survive.
  constexpr uint8_t guard = 0xA5;
  size_t payloadSize = expected.payload.size();
  size_t scalesSize = expected.scales.size();
  std::vector<uint8_t> payload(payloadSize + 1, guard);
  std::vector<uint8_t> scales(scalesSize + 1, guard);
  int64_t bytes =
      getPackedBytes(length, getElementInfo(test.format.element).bits);
  int64_t blocks = (length + test.format.block - 1) / test.format.block;
  ASSERT_TRUE(module.call("f" + suffix,
                          {makeSource(source, shape), Argument(tensorScale, {}),
                           Argument(int64_t(test.options.seed)),
                           Argument(payload, {rows, bytes}),
                           Argument(scales, {rows, blocks})}));
  expected.payload.push_back(guard);
  expected.scales.push_back(guard);
  ASSERT_EQ(scales, expected.scales) << label;
  ASSERT_EQ(payload, expected.payload) << label;
}

/// The same on numbers of all kinds.
void expectSame(const JitModule &module, const Case &test, size_t number,
                int64_t rows, int64_t length) {
  Source source = drawSource(test, rows, length);
  expectSame(module, test, number, source, rows, length);
}

/// Compiles the cases together and runs each on rows of several lengths.
void expectSame(const std::vector<Case> &cases) {
  auto module = compileCases(cases);
  ASSERT_TRUE(module);
  for (size_t i = 0; i < cases.size(); ++i) {
    int64_t block = cases[i].format.block;
    std::vector<int64_t> lengths = {0,
                                    1,
                                    block - 1,
                                    block,
                                    block + 1,
                                    3 * block,
                                    2 * block + block / 2 + 1};
    if (!cases[i].shape.empty())
      lengths = {cases[i].shape.back()};
    int64_t rows = cases[i].shape.empty() ? 16 : cases[i].shape[0];
    for (int64_t length : lengths)
      if (length >= 0)
        expectSame(*module, cases[i], i, rows, length);
  }
}

/// Rules that between them reach every piece of code: one for each scale type,
/// the searches, and stochastic rounding.
constexpr ScaleRule kFewRules[] = {ScaleRule::RCeil, ScaleRule::Mse,
                                   ScaleRule::Abs3, ScaleRule::Amax,
                                   ScaleRule::Sweep};

/// Adds the case with each of `rules`, and each rounding, that fits the format.
void addRules(std::vector<Case> &cases, const Case &base,
              llvm::ArrayRef<ScaleRule> rules) {
  for (ScaleRule rule : rules)
    for (Rounding rounding : {Rounding::NearestEven, Rounding::Stochastic})
      if (!explainInvalidRule(base.format, rule, rounding)) {
        Case test = base;
        test.options.rule = rule;
        test.options.rounding = rounding;
        test.options.seed = 0x123456789ABCDEF0;
        cases.push_back(test);
      }
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

TEST(QuantizeLoops, N3_EveryRuleForE8M0) {
  for (ElementType element : kElementTypes) {
    std::vector<Case> cases;
    addRules(cases, {{element, ScaleType::E8M0, 32, false}}, kScaleRules);
    addRules(cases, {{element, ScaleType::E8M0, 32, true}}, kScaleRules);
    expectSame(cases);
  }
}

TEST(QuantizeLoops, N4_EveryRuleForUE4M3) {
  for (ElementType element : kElementTypes) {
    std::vector<Case> cases;
    addRules(cases, {{element, ScaleType::UE4M3, 16, true}}, kScaleRules);
    expectSame(cases);
  }
  std::vector<Case> cases;
  addRules(cases, {{ElementType::E2M1, ScaleType::UE4M3, 16, false}},
           kScaleRules);
  expectSame(cases);
}

/// Adds the cases with each rule that fits the format and rounds to nearest.
void addNearestRules(std::vector<Case> &cases, const Case &base,
                     llvm::ArrayRef<ScaleRule> rules) {
  size_t first = cases.size();
  addRules(cases, base, rules);
  cases.erase(std::remove_if(cases.begin() + std::ptrdiff_t(first), cases.end(),
                             [](const Case &test) {
                               return test.options.rounding !=
                                      Rounding::NearestEven;
                             }),
              cases.end());
}

/// Blocks whose chunks are of one number have no pairs.
TEST(QuantizeLoops, N2_EveryRuleByConversions) {
  std::vector<Case> cases;
  auto add = [&](Case test, llvm::ArrayRef<ScaleRule> rules) {
    test.byHardware = true;
    addNearestRules(cases, test, rules);
  };
  for (const NamedFormat &named : kNamedFormats)
    add({named.format}, kScaleRules);
  QuantizeOptions satfinite;
  satfinite.satfinite = true;
  for (int64_t block : {2, 12, 64})
    add({{ElementType::E2M1, ScaleType::E8M0, block, true}, satfinite, "bf16"},
        kFewRules);
  add({{ElementType::E2M3, ScaleType::UE4M3, 20, true}}, kFewRules);
  add({{ElementType::E4M3, ScaleType::E8M0, 3, false}}, kFewRules);
  expectSame(cases);
}

/// Blocks of a power of two and 31 numbers of bf16 below it, so that every
/// scale meets every number of the 36 binades that the widest format has.
Source spanBinades(int power) {
  constexpr int binades = 36, mantissas = 128;
  std::vector<float> numbers;
  for (int binade = 0; binade < binades; ++binade)
    for (int mantissa = 0; mantissa < mantissas; ++mantissa)
      for (float sign : {1.0f, -1.0f})
        numbers.push_back(
            std::ldexp(sign * float(mantissas + mantissa), power - binade - 8));
  Source source;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i % 31 == 0)
      source.values.push_back(std::ldexp(1.0f, power));
    source.values.push_back(numbers[i]);
  }
  source.values.resize((source.values.size() + 31) / 32 * 32);
  return source;
}

TEST(QuantizeLoops, N2_AllScalesAndNumbersByConversions) {
  std::vector<Case> cases;
  for (const NamedFormat &named : kNamedFormats) {
    Case test{named.format};
    test.options.rule = named.format.scale == ScaleType::E8M0 ? ScaleRule::RCeil
                                                              : ScaleRule::Amax;
    test.options.tensorScale = 1.0f;
    test.byHardware = true;
    cases.push_back(test);
  }
  auto module = compileCases(cases);
  ASSERT_TRUE(module);
  for (int power = -126; power <= 127; ++power) {
    Source source = spanBinades(power);
    int64_t rows = int64_t(source.values.size()) / 32;
    for (size_t i = 0; i < cases.size(); ++i)
      expectSame(*module, cases[i], i, source, rows, 32);
  }
}

TEST(QuantizeLoops, N1_5_BlocksOfManyLengths) {
  std::vector<Case> cases;
  for (int64_t block : {2, 12, 64, 256})
    addRules(cases, {{ElementType::E2M1, ScaleType::E8M0, block, false}},
             kFewRules);
  for (int64_t block : {4, 20, 128})
    addRules(cases, {{ElementType::E3M2, ScaleType::UE4M3, block, true}},
             kFewRules);
  for (int64_t block : {1, 3, 34})
    addRules(cases, {{ElementType::E4M3, ScaleType::E8M0, block, false}},
             kFewRules);
  expectSame(cases);
}

TEST(QuantizeLoops, HalfSources) {
  std::vector<Case> cases;
  for (const char *type : {"bf16", "f16"})
    for (const NamedFormat &named : kNamedFormats)
      addRules(cases, {named.format, {}, type},
               {ScaleRule::Even, ScaleRule::Amax});
  expectSame(cases);
}

TEST(QuantizeLoops, N3_7_InfinitiesCountAsLargest) {
  QuantizeOptions options;
  options.satfinite = true;
  std::vector<Case> cases;
  for (int64_t block : {32, 64})
    for (ScaleType scale : {ScaleType::E8M0, ScaleType::UE4M3})
      addRules(cases, {{ElementType::E2M1, scale, block, true}, options},
               kFewRules);
  addRules(cases, {{ElementType::E5M2, ScaleType::E8M0, 32, false}, options},
           kFewRules);
  expectSame(cases);
}

TEST(QuantizeLoops, N4_1_GivenTensorScale) {
  BlockFormat format = {ElementType::E2M1, ScaleType::UE4M3, 16, true};
  std::vector<Case> cases;
  addRules(cases, {format}, kScaleRules);
  auto module = compileCases(cases);
  ASSERT_TRUE(module);
  for (float scale : {1.0f, 0.37f, 1e-38f, 3e38f, 1e-45f, 0.0f, -1.0f, INFINITY,
                      -INFINITY, NAN})
    for (size_t i = 0; i < cases.size(); ++i) {
      cases[i].options.tensorScale = scale;
      expectSame(*module, cases[i], i, 16, 40);
    }
}

TEST(QuantizeLoops, StaticShapes) {
  std::vector<Case> cases;
  for (const NamedFormat &named : kNamedFormats)
    for (int64_t length : {0, 5, 64, 77})
      addRules(cases, {named.format, {}, "f32", {16, length}},
               {ScaleRule::Even, ScaleRule::FourOverSixMae});
  expectSame(cases);
}

TEST(QuantizeLoops, N5_1_RandomBits) {
  std::vector<Case> cases;
  for (unsigned bits : {1u, 7u, 23u}) {
    QuantizeOptions options;
    options.randomBits = bits;
    options.rule = ScaleRule::Ceil;
    options.rounding = Rounding::Stochastic;
    cases.push_back({{ElementType::E2M1, ScaleType::E8M0, 32, false}, options});
  }
  expectSame(cases);
}

/// The blocked axis of a logical [outer, length, inner] was brought last.
TEST(QuantizeLoops, N5_1_IndicesOfATransposedSource) {
  constexpr int64_t outer = 3, inner = 5, length = 70;
  Case test{{ElementType::E2M1, ScaleType::E8M0, 32, false},
            {},
            "f32",
            {-1, -1, -1},
            1};
  test.options.rule = ScaleRule::RCeil;
  test.options.rounding = Rounding::Stochastic;
  test.options.seed = 99;
  auto module = compileCases({test});
  ASSERT_TRUE(module);
  Source source = drawSource(test, outer * inner, length);
  std::vector<float> unused = {1.0f};
  std::vector<uint8_t> payload(outer * inner * 35), scales(outer * inner * 3);
  ASSERT_TRUE(
      module->call("f0", {Argument(source.values, {outer, inner, length}),
                          Argument(unused, {}), Argument(99),
                          Argument(payload, {outer, inner, 35}),
                          Argument(scales, {outer, inner, 3})}));
  for (int64_t row = 0; row < outer * inner; ++row)
    for (int64_t block = 0; block < 3; ++block) {
      int64_t start = block * 32, count = std::min<int64_t>(32, length - start);
      uint64_t index = (row / inner * length + start) * inner + row % inner;
      uint8_t codes[32], packed[16];
      uint8_t scale = quantizeBlock(test.format, test.options, 1.0f,
                                    &source.values[row * length + start], count,
                                    index, inner, codes);
      packRow(codes, count, 4, packed);
      ASSERT_EQ(scales[row * 3 + block], scale);
      for (int64_t i = 0; i < count / 2; ++i)
        ASSERT_EQ(payload[row * 35 + block * 16 + i], packed[i]);
    }
}

/// Buffers with gaps, backwards included, and one of rank 1.
TEST(QuantizeLoops, StridedBuffers) {
  const char *text = R"(
    func.func @f(%x: memref<?x?xf32, strided<[?, ?], offset: ?>>,
                 %p: memref<?x?xi8, strided<[?, ?], offset: ?>>,
                 %s: memref<?x?xi8, strided<[?, ?], offset: ?>>) {
      mx.packed.quantize
        ins(%x : memref<?x?xf32, strided<[?, ?], offset: ?>>)
        outs(%p, %s : memref<?x?xi8, strided<[?, ?], offset: ?>>,
                      memref<?x?xi8, strided<[?, ?], offset: ?>>)
        {format = #mx.format<mxfp6_e2m3>, scale_rule = #mx.scale_rule<even>,
         index_axis = 1 : i64}
      return
    })";
  auto module = JitModule::compile(text);
  ASSERT_TRUE(module);
  constexpr int64_t rows = 16, length = 77, bytes = 58, blocks = 3;
  BlockFormat format = *lookupFormat("mxfp6_e2m3");
  QuantizeOptions options;
  options.rule = ScaleRule::Even;
  Source source = drawSource({format, options}, rows, length);
  BlockTensor expected =
      quantize(format, options, source.values.data(), {rows, length}, 1);
  // The source transposed, the payload with every third byte used.
  std::vector<float> transposed(rows * length);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < length; ++i)
      transposed[i * rows + row] = source.values[row * length + i];
  std::vector<uint8_t> payload(rows * bytes * 3), scales(rows * blocks);
  ASSERT_TRUE(module->call(
      "f",
      {Argument(transposed, {rows, length}, {1, rows}),
       Argument(payload, {rows, bytes}, {bytes * 3, 3}, 1),
       Argument(scales, {rows, blocks}, {-blocks, 1}, (rows - 1) * blocks)}));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < bytes; ++i)
      ASSERT_EQ(payload[(row * bytes + i) * 3 + 1],
                expected.payload[row * bytes + i]);
    for (int64_t i = 0; i < blocks; ++i)
      ASSERT_EQ(scales[(rows - 1 - row) * blocks + i],
                expected.scales[row * blocks + i]);
  }
}

} // namespace
