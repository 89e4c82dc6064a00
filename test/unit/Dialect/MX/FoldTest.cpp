//===- FoldTest.cpp - folded constants have the bits of lib/Numerics ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Folds encodings and decodings for every format and rule, and compares the
// attributes byte by byte with direct calls. What lib/Numerics computes is
// tested elsewhere; this is about nothing being lost on the way.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Block.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Quantize.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Three rows of 40: a ragged tail for every block length, and a row each of
/// ties, of special values, and of a wide range.
constexpr int64_t kRows = 3, kColumns = 40;

std::vector<float> makeNumbers() {
  std::vector<float> numbers;
  for (int64_t i = 0; i < kColumns; ++i) // Midpoints of E2M1, both signs.
    numbers.push_back((i % 2 ? -0.25f : 0.25f) * static_cast<float>(i % 25));
  const float special[] = {-0.0f,    0.0f, 1e-45f, -1e-38f, 3e38f,
                           INFINITY, NAN,  -6.0f,  448.0f,  -57344.0f};
  for (int64_t i = 0; i < kColumns; ++i) // Poison at the end of the row.
    numbers.push_back(special[i < 36 ? i % 5 : i - 30]);
  for (int64_t i = 0; i < kColumns; ++i)
    numbers.push_back(std::ldexp(1.0f + static_cast<float>(i) / kColumns,
                                 static_cast<int>(i) - 20));
  return numbers;
}

std::vector<uint8_t> getBytes(ElementsAttr attr) {
  std::vector<uint8_t> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    bytes.assign(data.begin(), data.end());
    return bytes;
  }
  for (int8_t byte : attr.getValues<int8_t>())
    bytes.push_back(static_cast<uint8_t>(byte));
  return bytes;
}

/// The bits of each number of a constant.
std::vector<uint64_t> getPatterns(ElementsAttr attr) {
  std::vector<uint64_t> patterns;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    for (APFloat number : dense.getValues<APFloat>())
      patterns.push_back(number.bitcastToAPInt().getZExtValue());
    return patterns;
  }
  std::vector<uint8_t> bytes = getBytes(attr);
  size_t width = attr.getElementType().getIntOrFloatBitWidth() / 8;
  for (size_t i = 0; i < bytes.size(); i += width) {
    uint64_t pattern = 0; // Little-endian.
    std::memcpy(&pattern, &bytes[i], width);
    patterns.push_back(pattern);
  }
  return patterns;
}

class Fold : public testing::Test {
protected:
  Fold() : builder(&context) {
    context.loadDialect<MXDialect>();
    builder.setInsertionPointToEnd(&block);
  }

  Value argument(Type type) { return block.addArgument(type, loc); }

  /// Folds one operation with constants for its first operands.
  Attribute fold(Operation *op, ArrayRef<Attribute> operands) {
    SmallVector<OpFoldResult> results;
    if (failed(op->fold(operands, results)) || results.size() != 1)
      return {};
    return dyn_cast<Attribute>(results[0]);
  }

  Attribute foldQuantize(Attribute numbers, BlockTensorType type,
                         const mxnum::QuantizeOptions &options) {
    bool isStochastic = options.rounding == mxnum::Rounding::Stochastic;
    Type i64 = builder.getI64Type();
    auto source = cast<ElementsAttr>(numbers).getShapedType();
    SmallVector<Attribute> operands = {numbers};
    Value scale, seed;
    if (options.tensorScale) {
      auto scaleType = type.getTensorScaleType();
      scale = argument(scaleType);
      operands.push_back(
          DenseElementsAttr::get(scaleType, *options.tensorScale));
    }
    if (isStochastic) {
      seed = argument(i64);
      operands.push_back(
          builder.getI64IntegerAttr(static_cast<int64_t>(options.seed)));
    }
    auto op = QuantizeOp::create(
        builder, loc, type, argument(source), scale, seed,
        static_cast<ScaleRule>(options.rule),
        isStochastic ? Rounding::Stochastic : Rounding::NearestEven,
        options.randomBits, /*rotate=*/false, options.satfinite,
        /*kernel=*/StringAttr());
    return fold(op, operands);
  }

  /// Folds an encoding and the decodings of its result.
  void compare(Attribute attr, const std::vector<float> &numbers,
               const mxnum::BlockFormat &format, int64_t axis,
               const mxnum::QuantizeOptions &options) {
    auto type = BlockTensorType::get({kRows, kColumns},
                                     FormatAttr::get(&context, format), axis);
    mxnum::BlockTensor expected = mxnum::quantize(
        format, options, numbers.data(), {kRows, kColumns}, axis);
    auto folded =
        dyn_cast_or_null<BlockElementsAttr>(foldQuantize(attr, type, options));
    ASSERT_TRUE(folded);
    EXPECT_EQ(expected.payload, getBytes(folded.getPayload()));
    EXPECT_EQ(expected.scales, getBytes(folded.getScales()));
    EXPECT_EQ(format.tensorScale, bool(folded.getTensorScale()));
    if (format.tensorScale)
      EXPECT_TRUE(folded.getTensorScale().getValue().bitwiseIsEqual(
          APFloat(expected.tensorScale)));
    compareDecoded(folded, type, expected);
  }

  void compareDecoded(BlockElementsAttr value, BlockTensorType type,
                      const mxnum::BlockTensor &tensor) {
    Value source = argument(type);
    std::vector<double> exact = mxnum::decodeAll(tensor);
    for (Type element :
         {Type(builder.getF32Type()), Type(builder.getBF16Type()),
          Type(builder.getF16Type())}) {
      auto op = DequantizeOp::create(
          builder, loc, RankedTensorType::get(type.getShape(), element), source,
          StringAttr());
      auto folded = dyn_cast_or_null<ElementsAttr>(fold(op, {value}));
      ASSERT_TRUE(folded);
      std::vector<uint64_t> patterns = getPatterns(folded);
      ASSERT_EQ(exact.size(), patterns.size());
      for (size_t i = 0; i < exact.size(); ++i)
        ASSERT_EQ(round(exact[i], element), patterns[i])
            << "element " << i << " = " << exact[i];
    }
  }

  /// N1.7: the bits of an exact value in a result type.
  uint64_t round(double value, Type element) {
    if (element.isBF16())
      return mxnum::f64ToBF16(value);
    if (element.isF16())
      return mxnum::f64ToF16(value);
    float rounded = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &rounded, sizeof(bits));
    return bits;
  }

  MLIRContext context;
  Block block;
  OpBuilder builder;
  Location loc = UnknownLoc::get(&context);
};

/// The named formats, and one for which only abs3 is valid.
std::vector<mxnum::BlockFormat> getFormats() {
  std::vector<mxnum::BlockFormat> formats = {
      {mxnum::ElementType::E2M1, mxnum::ScaleType::E8M0, 32, true}};
  for (const mxnum::NamedFormat &named : mxnum::kNamedFormats)
    formats.push_back(named.format);
  return formats;
}

TEST_F(Fold, EveryFormatRuleAndRounding) {
  std::vector<float> numbers = makeNumbers();
  auto attr = DenseElementsAttr::get(
      RankedTensorType::get({kRows, kColumns}, builder.getF32Type()),
      ArrayRef<float>(numbers));
  int count = 0;
  for (const mxnum::BlockFormat &format : getFormats())
    for (mxnum::ScaleRule rule : mxnum::kScaleRules)
      for (mxnum::Rounding rounding :
           {mxnum::Rounding::NearestEven, mxnum::Rounding::Stochastic}) {
        if (mxnum::explainInvalidRule(format, rule, rounding))
          continue;
        SCOPED_TRACE(mxnum::getScaleRuleName(rule));
        mxnum::QuantizeOptions options;
        options.rule = rule;
        options.rounding = rounding;
        options.seed = 0xFEDCBA9876543210;
        for (int64_t axis : {0, 1})
          for (bool satfinite : {false, true}) {
            options.satfinite = satfinite;
            compare(attr, numbers, format, axis, options);
            ++count;
          }
      }
  EXPECT_GE(count, 4 * (5 * 7 + 5 + 2));
}

TEST_F(Fold, N4_1_GivenTensorScale) {
  std::vector<float> numbers = makeNumbers();
  auto attr = DenseElementsAttr::get(
      RankedTensorType::get({kRows, kColumns}, builder.getF32Type()),
      ArrayRef<float>(numbers));
  mxnum::QuantizeOptions options;
  options.rule = mxnum::ScaleRule::Amax;
  for (float scale : {1.0f, 0.37f, 1e-40f, 0.0f, -1.0f, INFINITY, NAN}) {
    options.tensorScale = scale;
    compare(attr, numbers, *mxnum::lookupFormat("nvfp4"), 1, options);
  }
}

TEST_F(Fold, SixteenBitSources) {
  std::vector<float> numbers = makeNumbers();
  mxnum::QuantizeOptions options;
  options.rule = mxnum::ScaleRule::Even;
  for (bool isBF16 : {true, false}) {
    std::vector<uint16_t> bits;
    std::vector<float> extended;
    for (float number : numbers) {
      bits.push_back(isBF16 ? mxnum::f32ToBF16(number)
                            : mxnum::f32ToF16(number));
      extended.push_back(isBF16 ? mxnum::bf16ToF32(bits.back())
                                : mxnum::f16ToF32(bits.back()));
    }
    Type element = isBF16 ? Type(builder.getBF16Type()) : builder.getF16Type();
    auto attr = DenseElementsAttr::getFromRawBuffer(
        RankedTensorType::get({kRows, kColumns}, element),
        ArrayRef(reinterpret_cast<const char *>(bits.data()),
                 bits.size() * sizeof(uint16_t)));
    compare(attr, extended, *mxnum::lookupFormat("mxfp4"), 1, options);
  }
}

TEST_F(Fold, Splats) {
  std::vector<float> numbers(kRows * kColumns, -1.3f);
  auto attr = DenseElementsAttr::get(
      RankedTensorType::get({kRows, kColumns}, builder.getF32Type()), -1.3f);
  ASSERT_TRUE(attr.isSplat());
  mxnum::QuantizeOptions options;
  options.rule = mxnum::ScaleRule::RCeil;
  for (const mxnum::NamedFormat &named : mxnum::kNamedFormats)
    if (named.format.scale == mxnum::ScaleType::E8M0)
      compare(attr, numbers, named.format, 0, options);
}

TEST_F(Fold, N1_2_EveryScaleByteAndCode) {
  for (const mxnum::BlockFormat &format : getFormats()) {
    // One block of all codes for each scale byte.
    int64_t codes = int64_t(1) << mxnum::getElementInfo(format.element).bits;
    mxnum::BlockFormat wide = format;
    wide.block = codes;
    mxnum::BlockTensor tensor{wide, {256, codes}, 1, {}, {}, 0.75f};
    auto type =
        BlockTensorType::get({256, codes}, FormatAttr::get(&context, wide), 1);
    auto payloadType = RankedTensorType::get(
        {256, codes}, type.getFormat().getElementFloatType());
    std::vector<uint8_t> raw;
    for (int64_t i = 0; i < 256 * codes; ++i)
      raw.push_back(static_cast<uint8_t>(i % codes));
    for (int64_t byte = 0; byte < 256; ++byte)
      tensor.scales.push_back(static_cast<uint8_t>(byte));
    auto toAttr = [](RankedTensorType type, ArrayRef<uint8_t> bytes) {
      return DenseElementsAttr::getFromRawBuffer(
          type,
          ArrayRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
    };
    // Elements and numbers in, canonical bytes out.
    SmallVector<Attribute> parts = {
        toAttr(payloadType, raw), toAttr(type.getScalesType(), tensor.scales)};
    Value scale;
    if (format.tensorScale) {
      scale = argument(type.getTensorScaleType());
      parts.push_back(DenseElementsAttr::get(type.getTensorScaleType(), 0.75f));
    }
    auto bundle = BundleOp::create(builder, loc, type, argument(payloadType),
                                   argument(type.getScalesType()), scale);
    auto value = dyn_cast_or_null<BlockElementsAttr>(fold(bundle, parts));
    ASSERT_TRUE(value);
    EXPECT_EQ(tensor.scales, getBytes(value.getScales()));
    tensor.payload = getBytes(value.getPayload());
    compareDecoded(value, type, tensor);
  }
}

} // namespace
