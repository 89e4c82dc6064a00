//===- CheckRuntimeTest.cpp - wrong results are found ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled programs are right, so here the checker is handed results that are
// not.
//===----------------------------------------------------------------------===//

#include "CheckRuntime.h"
#include "mlir/IR/BuiltinOps.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Quantize.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <cmath>
#include <list>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// One site, and buffers that live as long as the test.
class CheckRuntimeTest : public ::testing::Test {
protected:
  CheckRuntimeTest()
      : module(ModuleOp::create(UnknownLoc::get(&context))),
        runtime(makeRuntime()) {}

  CheckRuntime makeRuntime() {
    Builder builder(&context);
    (*module)->setAttr(kCheckSitesAttr,
                       builder.getArrayAttr(
                           {builder.getStrArrayAttr({"mx.op", "f.mlir:1:2"})}));
    return CheckRuntime(*module);
  }

  /// A contiguous buffer of `values`.
  template <typename T>
  CheckedBuffer makeBuffer(DType type, ArrayRef<int64_t> shape,
                           const std::vector<T> &values) {
    storage.emplace_back(reinterpret_cast<const char *>(values.data()),
                         values.size() * sizeof(T));
    std::vector<int64_t> words = {
        0, reinterpret_cast<int64_t>(storage.back().data()), 0};
    words.insert(words.end(), shape.begin(), shape.end());
    words.resize(3 + 2 * shape.size());
    int64_t stride = 1;
    for (size_t dim = shape.size(); dim-- > 0; stride *= shape[dim])
      words[3 + shape.size() + dim] = stride;
    return CheckedBuffer(type, shape.size(), words.data());
  }
  CheckedBuffer makeFloats(ArrayRef<int64_t> shape,
                           const std::vector<float> &values) {
    return makeBuffer(DType::F32, shape, values);
  }
  CheckedBuffer makeBytes(ArrayRef<int64_t> shape,
                          const std::vector<uint8_t> &values) {
    return makeBuffer(DType::U8, shape, values);
  }

  /// Runs a check and returns the number of mismatches so far.
  int64_t run(std::initializer_list<CheckedBuffer> buffers,
              std::initializer_list<int64_t> numbers,
              void (CheckRuntime::*check)(CheckSite &)) {
    for (const CheckedBuffer &buffer : buffers)
      runtime.pushBuffer(buffer);
    for (int64_t number : numbers)
      runtime.pushNumber(number);
    runtime.run(0, check);
    return runtime.countMismatches();
  }

  /// A 1x1 product of plain numbers; returns whether `got` is accepted.
  bool acceptsDot(const std::vector<float> &a, const std::vector<float> &b,
                  float init, double got, DType type = DType::F32) {
    auto k = static_cast<int64_t>(a.size());
    auto makeResult = [&](double value) {
      if (type == DType::F32)
        return makeFloats({1, 1}, {static_cast<float>(value)});
      uint16_t bits = type == DType::BF16 ? mxnum::f64ToBF16(value)
                                          : mxnum::f64ToF16(value);
      return makeBuffer<uint16_t>(type, {1, 1}, {bits});
    };
    int64_t before = runtime.countMismatches();
    runtime.pushSaved(makeResult(init));
    return run({makeFloats({1, k}, a), makeFloats({1, k}, b), makeResult(got)},
               {k, 1, 1, kPlainFormat, kPlainFormat, 0},
               &CheckRuntime::checkMatmul) == before;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  CheckRuntime runtime;
  std::list<std::string> storage;
};

constexpr mxnum::BlockFormat mxfp4 = {mxnum::ElementType::E2M1,
                                      mxnum::ScaleType::E8M0, 32, false};
constexpr float infinity = INFINITY;

} // namespace

TEST_F(CheckRuntimeTest, formatsAreReadBack) {
  for (const mxnum::NamedFormat &named : mxnum::kNamedFormats)
    EXPECT_EQ(decodeFormat(encodeFormat(named.format)), named.format);
}

//===----------------------------------------------------------------------===//
// Encoding and decoding
//===----------------------------------------------------------------------===//

TEST_F(CheckRuntimeTest, oneWrongCodeOrScaleIsFound) {
  std::vector<float> values(64);
  for (int i = 0; i < 64; ++i)
    values[i] = 0.25f * static_cast<float>(i);
  mxnum::BlockTensor right =
      mxnum::quantize(mxfp4, {}, values.data(), {2, 32}, 1);
  auto check = [&](const std::vector<uint8_t> &payload,
                   const std::vector<uint8_t> &scales) {
    return run({makeFloats({2, 32}, values), makeBytes({2, 16}, payload),
                makeBytes({2, 1}, scales)},
               {encodeFormat(mxfp4), 0, 0, 0, 16, 1, 0, 0, 0, 0, 0, 0, 0},
               &CheckRuntime::checkQuantize);
  };
  EXPECT_EQ(check(right.payload, right.scales), 0);
  std::vector<uint8_t> payload = right.payload, scales = right.scales;
  payload[31] ^= 0x10;
  EXPECT_EQ(check(payload, right.scales), 1);
  ++scales[0];
  EXPECT_EQ(check(right.payload, scales), 2);
  EXPECT_EQ(runtime.getSites()[0].checked, 3 * 34);
}

TEST_F(CheckRuntimeTest, n5_1_stochasticRoundingFollowsTheLogicalIndex) {
  // Logically [3, 32, 2] blocked along 1; the source has that axis last.
  mxnum::QuantizeOptions options;
  options.rule = mxnum::ScaleRule::RCeil;
  options.rounding = mxnum::Rounding::Stochastic;
  options.seed = 99;
  std::vector<float> logical(192), moved(192);
  for (int64_t i = 0; i < 192; ++i) {
    logical[i] = std::sin(static_cast<float>(i));
    int64_t outer = i / 64, k = i / 2 % 32, inner = i % 2;
    moved[(outer * 2 + inner) * 32 + k] = logical[i];
  }
  mxnum::BlockTensor right =
      mxnum::quantize(mxfp4, options, logical.data(), {3, 32, 2}, 1);
  // Payload [3, 32, 1 byte of two columns] to [3, 2, 16].
  std::vector<uint8_t> payload(96);
  for (int64_t outer = 0; outer < 3; ++outer)
    for (int64_t k = 0; k < 32; ++k)
      for (int64_t inner = 0; inner < 2; ++inner)
        mxnum::writeCode(
            payload.data() + (outer * 2 + inner) * 16, k, 4,
            mxnum::readCode(right.payload.data() + outer * 32 + k, inner, 4));
  EXPECT_EQ(run({makeFloats({3, 2, 32}, moved), makeBytes({3, 2, 16}, payload),
                 makeBytes({3, 2, 1}, right.scales)},
                {encodeFormat(mxfp4), static_cast<int64_t>(options.rule), 1, 0,
                 16, 1, 0, 99, 0, 0, 0, 0, 0},
                &CheckRuntime::checkQuantize),
            0);
}

TEST_F(CheckRuntimeTest, n6_1_rotationComesBeforeTheEncoding) {
  std::vector<float> values(32), rotated(32);
  for (int64_t i = 0; i < 32; ++i)
    rotated[i] = values[i] = std::sin(static_cast<float>(i));
  // The signs of a group of 4 are + - + -, bits 1 and 3.
  const int8_t signs[] = {1, -1, 1, -1};
  for (int64_t start = 0; start < 32; start += 4)
    mxnum::rotateGroup(&rotated[start], 4, signs, /*inverse=*/false);
  auto check = [&](const std::vector<float> &encoded) {
    mxnum::BlockTensor got =
        mxnum::quantize(mxfp4, {}, encoded.data(), {1, 32}, 1);
    return run({makeFloats({1, 32}, values), makeBytes({1, 16}, got.payload),
                makeBytes({1, 1}, got.scales)},
               {encodeFormat(mxfp4), 0, 0, 0, 16, 1, 0, 0, 4, 0b1010, 0, 0, 0},
               &CheckRuntime::checkQuantize);
  };
  EXPECT_EQ(check(rotated), 0);
  EXPECT_GT(check(values), 0);
}

TEST_F(CheckRuntimeTest, decodedNumbersAreComparedBitForBit) {
  std::vector<uint8_t> payload(16, 0x08), scales = {127};
  std::vector<float> right(32, 0.0f);
  for (int i = 0; i < 32; i += 2)
    right[i] = -0.0f;
  auto check = [&](const std::vector<float> &result) {
    return run({makeBytes({1, 16}, payload), makeBytes({1, 1}, scales),
                makeFloats({1, 32}, result)},
               {encodeFormat(mxfp4), 0}, &CheckRuntime::checkDequantize);
  };
  EXPECT_EQ(check(right), 0);
  EXPECT_EQ(check(std::vector<float>(32, 0.0f)), 16); // The sign of zero.
}

TEST_F(CheckRuntimeTest, anyNaNIsNaN) {
  std::vector<uint8_t> payload(16), scales = {255};
  EXPECT_EQ(run({makeBytes({1, 16}, payload), makeBytes({1, 1}, scales),
                 makeFloats({1, 32}, std::vector<float>(32, -NAN))},
                {encodeFormat(mxfp4), 0}, &CheckRuntime::checkDequantize),
            0);
}

TEST_F(CheckRuntimeTest, theLastResultOfALargeTensorIsInTheSample) {
  int64_t rows = 100000;
  std::vector<uint8_t> payload(rows * 16), scales(rows, 127);
  std::vector<float> result(rows * 32);
  result.back() = 1;
  EXPECT_EQ(run({makeBytes({rows, 16}, payload), makeBytes({rows, 1}, scales),
                 makeFloats({rows, 32}, result)},
                {encodeFormat(mxfp4), 0}, &CheckRuntime::checkDequantize),
            1);
  const CheckSite &site = runtime.getSites()[0];
  EXPECT_LT(site.checked, site.total);
  EXPECT_EQ(site.firstMismatch,
            "row 99999, column 31: expected 0.00, got 1.00");
}

TEST_F(CheckRuntimeTest, tensorScaleRotationAndPacking) {
  std::vector<float> values = {448 * 6, 0};
  int64_t nvfp4 = encodeFormat(*mxnum::lookupFormat("nvfp4"));
  auto amax = static_cast<int64_t>(mxnum::ScaleRule::Amax);
  EXPECT_EQ(run({makeFloats({2}, values), makeFloats({}, {1.0f})},
                {nvfp4, amax, 0, 0}, &CheckRuntime::checkTensorScale),
            0);
  EXPECT_EQ(run({makeFloats({2}, values), makeFloats({}, {2.0f})},
                {nvfp4, amax, 0, 0}, &CheckRuntime::checkTensorScale),
            1);
  // The second sign is -1.
  std::vector<float> rotated = values;
  const int8_t signs[] = {1, -1};
  mxnum::rotateGroup(rotated.data(), 2, signs, false);
  EXPECT_EQ(run({makeFloats({1, 2}, values), makeFloats({1, 2}, rotated)},
                {2, 0, 2, 0, 0, 0}, &CheckRuntime::checkRotate),
            1);
  EXPECT_EQ(run({makeFloats({1, 2}, values), makeFloats({1, 2}, values)},
                {2, 0, 2, 0, 0, 0}, &CheckRuntime::checkRotate),
            3);
  EXPECT_EQ(run({makeBytes({1, 3}, {1, 2, 3}), makeBytes({1, 2}, {0x21, 3})},
                {4}, &CheckRuntime::checkPack),
            3);
  EXPECT_EQ(run({makeBytes({1, 2}, {0x21, 3}), makeBytes({1, 3}, {1, 2, 4})},
                {4}, &CheckRuntime::checkUnpack),
            4);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

TEST_F(CheckRuntimeTest, n7_2_errorsUpToTheBoundAreAccepted) {
  std::vector<float> a = {1, 1}, b = {1, 1};
  // (n + 2) · 2^-24 · (|init| + Σ|a·b|), n = k + 1 = 3.
  double bound = 5 * 0x1p-24 * 3;
  EXPECT_TRUE(acceptsDot(a, b, 1, 3));
  EXPECT_TRUE(acceptsDot(a, b, 1, 3 + bound * 0.9));
  EXPECT_FALSE(acceptsDot(a, b, 1, 3 + bound * 1.5));
  EXPECT_FALSE(acceptsDot(a, b, 1, 2));
  EXPECT_FALSE(acceptsDot(a, b, 1, NAN));
  EXPECT_FALSE(acceptsDot(a, b, 1, infinity));
}

TEST_F(CheckRuntimeTest, n7_2_narrowResultsMayBeHalfAUnitOff) {
  // 1 + 2^-9 lies between two bf16 numbers, 1 and 1 + 2^-7.
  std::vector<float> a = {1 + 0x1p-9f}, b = {1};
  EXPECT_TRUE(acceptsDot(a, b, 0, 1, DType::BF16));
  EXPECT_FALSE(acceptsDot(a, b, 0, 1 + 0x1p-7, DType::BF16));
  EXPECT_TRUE(acceptsDot({70000}, b, 0, infinity, DType::F16));
  EXPECT_FALSE(acceptsDot({70000}, b, 0, -infinity, DType::F16));
  EXPECT_FALSE(acceptsDot({70000}, b, 0, 65504, DType::F16));
  EXPECT_FALSE(acceptsDot({6000}, b, 0, infinity, DType::F16));
}

TEST_F(CheckRuntimeTest, n7_1_nonFiniteResultsAreExact) {
  EXPECT_TRUE(acceptsDot({NAN}, {1}, 0, NAN));
  EXPECT_FALSE(acceptsDot({NAN}, {1}, 0, 0));
  EXPECT_TRUE(acceptsDot({infinity}, {1}, 0, infinity));
  EXPECT_FALSE(acceptsDot({infinity}, {1}, 0, 1));
  EXPECT_TRUE(acceptsDot({infinity}, {0}, 0, NAN));
  // An intermediate overflows: nothing is promised.
  float huge = 0x1p127f;
  EXPECT_TRUE(acceptsDot({huge, -huge}, {2, 2}, 0, NAN));
}

TEST_F(CheckRuntimeTest, n7_4_rowsOutsideAllGroupsKeepTheirValue) {
  // Rows 0 and 1 belong to expert 1; ends are clamped.
  std::vector<float> x = {1, 2, 3}, y = {10, 20}, init = {5, 6, 7};
  auto check = [&](const std::vector<float> &result) {
    runtime.pushSaved(makeFloats({3, 1}, init));
    return run({makeFloats({3, 1}, x), makeFloats({2, 1, 1}, y),
                makeBuffer<int32_t>(DType::I32, {2}, {-4, 2}),
                makeFloats({3, 1}, result)},
               {1, 1, 1, kPlainFormat, kPlainFormat, 1},
               &CheckRuntime::checkMatmul);
  };
  EXPECT_EQ(check({25, 46, 7}), 0);
  EXPECT_EQ(check({25, 46, 8}), 1);
}

TEST_F(CheckRuntimeTest, theReportNamesTheFirstMismatch) {
  EXPECT_FALSE(acceptsDot({1}, {1}, 0, 2));
  std::string text;
  llvm::raw_string_ostream os(text);
  runtime.printReport(os);
  EXPECT_NE(text.find("f.mlir:1:2"), std::string::npos);
  EXPECT_NE(text.find("first mismatch: row 0, column 0: expected 1.00, got "
                      "2.00"),
            std::string::npos);
}

TEST_F(CheckRuntimeTest, symbolsAreThoseOfThePass) {
  EXPECT_TRUE(CheckRuntime::isSymbol("mxrt_check_matmul"));
  EXPECT_TRUE(CheckRuntime::isSymbol("_mlir_ciface_mxrt_check_buffer_bf16"));
  EXPECT_FALSE(CheckRuntime::isSymbol("mxrt_check_anything"));
  EXPECT_FALSE(CheckRuntime::isSymbol("matmul"));
}
