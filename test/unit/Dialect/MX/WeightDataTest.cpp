//===- WeightDataTest.cpp - expressions over constants as numbers ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each test writes an expression as IR and computes it again, number by number,
// from its definition. Sizes are larger than a tile and no multiple of it.
//===----------------------------------------------------------------------===//

#include "Weights/WeightData.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/IR/MappedPages.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Small integers, which every element type holds and no product rounds.
std::vector<float> makeNumbers(int64_t count) {
  std::vector<float> numbers(count);
  for (int64_t i = 0; i < count; ++i)
    numbers[i] = static_cast<float>((i * 37) % 251 - 125);
  return numbers;
}

/// The numbers with dimension i of the result being permutation[i] of `shape`.
std::vector<float> transpose(ArrayRef<float> values, ArrayRef<int64_t> shape,
                             ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> strides = computeSuffixProduct(shape);
  SmallVector<int64_t> sizes = applyPermutation(shape, permutation);
  SmallVector<int64_t> basis = computeSuffixProduct(sizes);
  std::vector<float> result(values.size());
  for (size_t i = 0; i < result.size(); ++i) {
    SmallVector<int64_t> index = delinearize(i, basis);
    int64_t offset = 0;
    for (auto [dim, position] : llvm::enumerate(index))
      offset += position * strides[permutation[dim]];
    result[i] = values[offset];
  }
  return result;
}

std::vector<float> rotate(std::vector<float> values, ArrayRef<int64_t> shape,
                          int64_t axis, int64_t size, const int8_t *signs,
                          bool inverse) {
  int64_t stride = computeProduct(shape.drop_front(axis + 1));
  for (size_t i = 0; i < values.size(); ++i) {
    if (i / stride % shape[axis] % size != 0)
      continue;
    std::vector<float> group(size);
    for (int64_t j = 0; j < size; ++j)
      group[j] = values[i + j * stride];
    mxnum::rotateGroup(group.data(), size, signs, inverse);
    for (int64_t j = 0; j < size; ++j)
      values[i + j * stride] = group[j];
  }
  return values;
}

std::string print(ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

class WeightDataTest : public testing::Test {
protected:
  WeightDataTest() {
    context
        .loadDialect<arith::ArithDialect, func::FuncDialect,
                     linalg::LinalgDialect, tensor::TensorDialect, MXDialect>();
  }

  /// The value that `text` returns: a function of `weight`, its first argument.
  Value parse(StringRef text, Attribute weight) {
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return {};
    auto function = cast<func::FuncOp>(module->getBody()->front());
    Block &body = function.getBody().front();
    if (weight) {
      auto builder = OpBuilder::atBlockBegin(&body);
      body.getArgument(0).replaceAllUsesWith(arith::ConstantOp::create(
          builder, function.getLoc(), cast<TypedAttr>(weight)));
    }
    return body.getTerminator()->getOperand(0);
  }

  /// A constant of f32 numbers.
  Attribute makeConstant(ArrayRef<int64_t> shape, ArrayRef<float> numbers) {
    auto type = RankedTensorType::get(shape, Float32Type::get(&context));
    return DenseElementsAttr::get(type, numbers);
  }

  /// A resource that refers to `bytes`.
  Attribute makeResource(RankedTensorType type, ArrayRef<char> bytes) {
    auto &interface =
        DenseResourceElementsHandle::getManagerInterface(&context);
    return DenseResourceElementsAttr::get(
        type,
        interface.insert(
            "weight", UnmanagedAsmResourceBlob::allocateWithAlign(bytes, 1)));
  }

  /// The numbers of the expression; none if it failed.
  std::vector<float> evaluate(StringRef text, Attribute weight) {
    Value value = parse(text, weight);
    if (!value)
      return {};
    EXPECT_TRUE(isWeight(value));
    FailureOr<Weights> weights =
        evaluateWeights(value, getParallelFor(&context));
    if (failed(weights))
      return {};
    EXPECT_EQ(weights->type, value.getType());
    return std::move(weights->values);
  }

  /// The message of the error that evaluating gives.
  std::string getError(Attribute weight) {
    std::string error;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      error = diagnostic.str();
      return success();
    });
    std::string type;
    llvm::raw_string_ostream(type) << cast<TypedAttr>(weight).getType();
    EXPECT_TRUE(evaluate("func.func @f(%w: " + type + ") -> " + type +
                             " { return %w : " + type + " }",
                         weight)
                    .empty());
    return error;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

} // namespace

TEST_F(WeightDataTest, ReadsEveryTypeAtAnyAddress) {
  constexpr int64_t count = 3 * 70001;
  std::vector<float> numbers = makeNumbers(count);
  std::vector<char> bytes(4 * count + 1);
  for (Type element :
       {Type(Float32Type::get(&context)), Type(BFloat16Type::get(&context)),
        Type(Float16Type::get(&context))}) {
    size_t width = element.isF32() ? 4 : 2;
    for (int64_t i = 0; i < count; ++i) {
      uint16_t half = element.isBF16() ? mxnum::f32ToBF16(numbers[i])
                                       : mxnum::f32ToF16(numbers[i]);
      const void *source = element.isF32() ? static_cast<void *>(&numbers[i])
                                           : static_cast<void *>(&half);
      std::memcpy(&bytes[1 + i * width], source, width);
    }
    auto type = RankedTensorType::get({3, count / 3}, element);
    std::string name;
    llvm::raw_string_ostream(name) << type;
    EXPECT_EQ(
        evaluate("func.func @f(%w: " + name + ") -> " + name +
                     " { return %w : " + name + " }",
                 makeResource(type, ArrayRef(bytes).slice(1, count * width))),
        numbers);
  }
}

TEST_F(WeightDataTest, ReadsSplatsAndNothing) {
  auto type = RankedTensorType::get({2, 3}, Float32Type::get(&context));
  EXPECT_EQ(evaluate("func.func @f(%w: tensor<2x3xf32>) -> tensor<2x3xf32> { "
                     "return %w : tensor<2x3xf32> }",
                     DenseElementsAttr::get(type, 1.5f)),
            std::vector<float>(6, 1.5f));
  EXPECT_EQ(evaluate("func.func @f(%w: tensor<0x3xf32>, %e: tensor<3x0xf32>) "
                     "-> tensor<3x0xf32> { %0 = linalg.transpose ins(%w : "
                     "tensor<0x3xf32>) outs(%e : tensor<3x0xf32>) permutation "
                     "= [1, 0] return %0 : tensor<3x0xf32> }",
                     makeConstant({0, 3}, {})),
            std::vector<float>());
}

TEST_F(WeightDataTest, TransposesEveryOrder) {
  for (SmallVector<int64_t> shape : {SmallVector<int64_t>{70, 3, 130, 2},
                                     SmallVector<int64_t>{1, 65, 1, 129}}) {
    std::vector<float> numbers = makeNumbers(computeProduct(shape));
    SmallVector<int64_t> permutation = {0, 1, 2, 3};
    do {
      std::string order = llvm::join(
          llvm::map_range(permutation,
                          [](int64_t dim) { return std::to_string(dim); }),
          ", ");
      std::string from = print(shape);
      std::string to = print(applyPermutation(shape, permutation));
      EXPECT_EQ(evaluate("func.func @f(%w: " + from + ", %e: " + to + ") -> " +
                             to + " { %0 = linalg.transpose ins(%w : " + from +
                             ") outs(%e : " + to + ") permutation = [" + order +
                             "] return %0 : " + to + " }",
                         makeConstant(shape, numbers)),
                transpose(numbers, shape, permutation))
          << order;
    } while (std::next_permutation(permutation.begin(), permutation.end()));
  }
}

TEST_F(WeightDataTest, RotatesAlongAnyAxis) {
  SmallVector<int64_t> shape = {8, 24, 40};
  std::vector<float> numbers = makeNumbers(computeProduct(shape));
  Attribute weight = makeConstant(shape, numbers);
  const int8_t signs[] = {1, -1, -1, 1, 1, 1, -1, 1};
  for (int64_t axis : {0, 1, 2}) {
    for (bool inverse : {false, true}) {
      std::string text =
          "func.func @f(%w: tensor<8x24x40xf32>) -> tensor<8x24x40xf32> { "
          "%0 = mx.rotate %w by hadamard<8, signs = [1, -1, -1, 1, 1, 1, -1, "
          "1]> along " +
          std::to_string(axis) + (inverse ? " inverse" : "") +
          " : tensor<8x24x40xf32> return %0 : tensor<8x24x40xf32> }";
      EXPECT_EQ(evaluate(text, weight),
                rotate(numbers, shape, axis, 8, signs, inverse));
    }
  }
}

TEST_F(WeightDataTest, ScalesByVectorsAndNumbers) {
  SmallVector<int64_t> shape = {3, 5};
  std::vector<float> numbers = makeNumbers(15), columns, rows, doubled;
  for (int64_t i = 0; i < 15; ++i) {
    columns.push_back(numbers[i] * static_cast<float>(i % 5 + 1));
    rows.push_back(numbers[i] * static_cast<float>(i / 5 + 1));
    doubled.push_back(numbers[i] * 2);
  }
  Attribute weight = makeConstant(shape, numbers);
  std::string begin =
      "#id = affine_map<(i, j) -> (i, j)>\n#row = affine_map<(i, j) -> (i)>\n"
      "#column = affine_map<(i, j) -> (j)>\n#one = affine_map<(i, j) -> ()>\n"
      "func.func @f(%w: tensor<3x5xf32>, %e: tensor<3x5xf32>) -> "
      "tensor<3x5xf32> {\n";
  std::string end = "return %0 : tensor<3x5xf32> }";
  std::string body = ", iterator_types = [\"parallel\", \"parallel\"]} ins(";
  std::string outs = ") outs(%e : tensor<3x5xf32>) { ^bb0(%x: f32, %y: f32, "
                     "%o: f32): %p = arith.mulf %x, %y : f32 linalg.yield %p : "
                     "f32 } -> tensor<3x5xf32>\n";
  EXPECT_EQ(evaluate(begin +
                         "%c = arith.constant dense<[1., 2., 3., 4., 5.]> : "
                         "tensor<5xf32>\n%0 = linalg.generic {indexing_maps = "
                         "[#id, #column, #id]" +
                         body + "%w, %c : tensor<3x5xf32>, tensor<5xf32>" +
                         outs + end,
                     weight),
            columns);
  // The factor first, and the rows.
  EXPECT_EQ(evaluate(begin +
                         "%c = arith.constant dense<[1., 2., 3.]> : "
                         "tensor<3xf32>\n%0 = linalg.generic {indexing_maps = "
                         "[#row, #id, #id]" +
                         body + "%c, %w : tensor<3xf32>, tensor<3x5xf32>" +
                         outs + end,
                     weight),
            rows);
  EXPECT_EQ(evaluate(begin +
                         "%c = arith.constant dense<2.0> : tensor<f32>\n%0 = "
                         "linalg.generic {indexing_maps = [#id, #one, #id]" +
                         body + "%w, %c : tensor<3x5xf32>, tensor<f32>" + outs +
                         end,
                     weight),
            doubled);
  EXPECT_EQ(evaluate(begin +
                         "%c = arith.constant dense<[1., 2., 3., 4., 5.]> : "
                         "tensor<5xf32>\n%b = linalg.broadcast ins(%c : "
                         "tensor<5xf32>) outs(%e : tensor<3x5xf32>) dimensions "
                         "= [0]\n%0 = linalg.mul ins(%w, %b : tensor<3x5xf32>, "
                         "tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) -> "
                         "tensor<3x5xf32>\n" +
                         end,
                     weight),
            columns);
  EXPECT_EQ(evaluate(begin +
                         "%c = arith.constant dense<2.0> : tensor<3x5xf32>\n%0 "
                         "= arith.mulf %c, %w : tensor<3x5xf32>\n" +
                         end,
                     weight),
            doubled);
}

TEST_F(WeightDataTest, KeepsWhatNarrowOperationsRound) {
  // 1/3 in bf16 times 3 is no bf16 number.
  Value value = parse(
      "#id = affine_map<(i) -> (i)>\n"
      "func.func @f(%e: tensor<1xbf16>) -> tensor<1xbf16> {\n"
      "%w = arith.constant dense<0.333333> : tensor<1xbf16>\n"
      "%c = arith.constant 3.0 : f32\n"
      "%0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = "
      "[\"parallel\"]} ins(%w : tensor<1xbf16>) outs(%e : tensor<1xbf16>) { "
      "^bb0(%x: bf16, %o: bf16): %a = arith.extf %x : bf16 to f32 %p = "
      "arith.mulf %a, %c : f32 %t = arith.truncf %p : f32 to bf16 linalg.yield "
      "%t : bf16 } -> tensor<1xbf16>\nreturn %0 : tensor<1xbf16> }",
      {});
  FailureOr<Weights> weights = evaluateWeights(value, getParallelFor(&context));
  ASSERT_TRUE(succeeded(weights));
  EXPECT_EQ(weights->values.front(),
            3 * mxnum::bf16ToF32(mxnum::f32ToBF16(0.333333f)));
}

TEST_F(WeightDataTest, EvaluatesChains) {
  constexpr StringLiteral text = R"mlir(
    #ji = affine_map<(i, j) -> (j, i)>
    #ij = affine_map<(i, j) -> (i, j)>
    #i = affine_map<(i, j) -> (i)>
    func.func @f(%w: tensor<96x10x16xf32>, %e: tensor<160x96xf32>, %t: tensor<96x160xf32>) -> tensor<96x160xf32> {
      %0 = mx.rotate %w by hadamard<16> along 2 : tensor<96x10x16xf32>
      %1 = tensor.collapse_shape %0 [[0], [1, 2]] : tensor<96x10x16xf32> into tensor<96x160xf32>
      %c = arith.constant dense_resource<c> : tensor<160xf32>
      %2 = linalg.generic {indexing_maps = [#ji, #i, #ij], iterator_types = ["parallel", "parallel"]}
          ins(%1, %c : tensor<96x160xf32>, tensor<160xf32>) outs(%e : tensor<160x96xf32>) {
      ^bb0(%x: f32, %y: f32, %o: f32):
        %p = arith.mulf %x, %y : f32
        linalg.yield %p : f32
      } -> tensor<160x96xf32>
      %3 = mx.rotate %2 by hadamard<32> along 1 inverse : tensor<160x96xf32>
      %4 = linalg.transpose ins(%3 : tensor<160x96xf32>) outs(%t : tensor<96x160xf32>) permutation = [1, 0]
      return %4 : tensor<96x160xf32>
    }
    {-# dialect_resources: { builtin: { c: "0x04000000)mlir";
  std::string source = text.str();
  std::vector<float> factors = makeNumbers(160);
  source += llvm::toHex(ArrayRef(reinterpret_cast<uint8_t *>(factors.data()),
                                 4 * factors.size()));
  source += "\" } } #-}";
  std::vector<float> numbers = makeNumbers(96 * 160);
  std::vector<float> values =
      rotate(numbers, {96, 10, 16}, 2, 16, nullptr, /*inverse=*/false);
  values = transpose(values, {96, 160}, {1, 0});
  for (size_t i = 0; i < values.size(); ++i)
    values[i] *= factors[i / 96];
  values = rotate(values, {160, 96}, 1, 32, nullptr, /*inverse=*/true);
  values = transpose(values, {160, 96}, {1, 0});
  Attribute weight = makeConstant({96, 10, 16}, numbers);
  EXPECT_EQ(evaluate(source, weight), values);
  // A transpose before a reshape.
  EXPECT_EQ(
      evaluate("func.func @f(%w: tensor<96x160xf32>, %e: tensor<160x96xf32>) "
               "-> tensor<10x16x96xf32> { %0 = linalg.transpose ins(%w : "
               "tensor<96x160xf32>) outs(%e : tensor<160x96xf32>) permutation "
               "= [1, 0] %1 = tensor.expand_shape %0 [[0, 1], [2]] "
               "output_shape [10, 16, 96] : tensor<160x96xf32> into "
               "tensor<10x16x96xf32> return %1 : tensor<10x16x96xf32> }",
               makeConstant({96, 160}, numbers)),
      transpose(numbers, {96, 160}, {1, 0}));
  // And after one.
  EXPECT_EQ(
      evaluate("func.func @f(%w: tensor<96x160xf32>, %e: tensor<16x96x10xf32>) "
               "-> tensor<16x96x10xf32> { %0 = tensor.expand_shape %w [[0], "
               "[1, 2]] output_shape [96, 10, 16] : tensor<96x160xf32> into "
               "tensor<96x10x16xf32> %1 = linalg.transpose ins(%0 : "
               "tensor<96x10x16xf32>) outs(%e : tensor<16x96x10xf32>) "
               "permutation = [2, 0, 1] return %1 : tensor<16x96x10xf32> }",
               makeConstant({96, 160}, numbers)),
      transpose(numbers, {96, 10, 16}, {2, 0, 1}));
}

TEST_F(WeightDataTest, DecodesBlocks) {
  EXPECT_EQ(
      evaluate("func.func @f(%e: tensor<4x2xbf16>) -> tensor<4x2xbf16> { %0 = "
               "mx.constant <payload = dense<[[16, 50], [84, 118]]> : "
               "tensor<2x2xi8>, scales = dense<[[127], [128]]> : "
               "tensor<2x1xi8>> : !mx.tensor<2x4, mxfp4, axis = 1> %1 = "
               "mx.dequantize %0 : !mx.tensor<2x4, mxfp4, axis = 1> to "
               "tensor<2x4xbf16> %2 = linalg.transpose ins(%1 : "
               "tensor<2x4xbf16>) outs(%e : tensor<4x2xbf16>) permutation = "
               "[1, 0] return %2 : tensor<4x2xbf16> }",
               {}),
      std::vector<float>({0, 4, 0.5, 6, 1, 8, 1.5, 12}));
}

TEST_F(WeightDataTest, GivesTheSameForAnyNumberOfThreads) {
  SmallVector<int64_t> shape = {512, 384};
  std::vector<float> numbers = makeNumbers(computeProduct(shape));
  for (float &number : numbers)
    number *= 0.3f;
  Attribute weight = makeConstant(shape, numbers);
  constexpr StringLiteral text =
      "func.func @f(%w: tensor<512x384xf32>) -> tensor<512x384xf32> { %0 = "
      "mx.rotate %w by hadamard<128> along 0 : tensor<512x384xf32> return %0 : "
      "tensor<512x384xf32> }";
  std::vector<float> threaded = evaluate(text, weight);
  context.disableMultithreading();
  EXPECT_EQ(evaluate(text, weight), threaded);
}

TEST_F(WeightDataTest, RefusesWhatIsNotMadeFromConstants) {
  Value argument = parse("func.func @f(%w: tensor<4xf32>) -> tensor<4xf32> { "
                         "return %w : tensor<4xf32> }",
                         {});
  EXPECT_FALSE(isWeight(argument));
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    error = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(evaluateWeights(argument, getParallelFor(&context))));
  EXPECT_EQ(error,
            "expected a value made from a constant, got 'tensor<4xf32>'");
  Value integers = parse("func.func @f(%w: tensor<4xi32>) -> tensor<4xi32> { "
                         "%0 = arith.constant dense<1> : tensor<4xi32> return "
                         "%0 : tensor<4xi32> }",
                         {});
  EXPECT_FALSE(isWeight(integers));
  // A constant that no machine could expand.
  Value huge = parse("func.func @f() -> tensor<1048576x1048576xf32> { %0 = "
                     "arith.constant dense<1.0> : tensor<1048576x1048576xf32> "
                     "return %0 : tensor<1048576x1048576xf32> }",
                     {});
  EXPECT_FALSE(isWeight(huge));
  Value blocks = parse(
      "func.func @f() -> tensor<1048576x1048576xf32> { %0 = mx.constant "
      "<payload = dense<34> : tensor<1048576x524288xi8>, scales = dense<127> : "
      "tensor<1048576x32768xi8>> : !mx.tensor<1048576x1048576, mxfp4, axis = "
      "1> %1 = mx.dequantize %0 : !mx.tensor<1048576x1048576, mxfp4, axis = 1> "
      "to tensor<1048576x1048576xf32> return %1 : tensor<1048576x1048576xf32> "
      "}",
      {});
  EXPECT_FALSE(isWeight(blocks));
}

TEST_F(WeightDataTest, SaysWhatIsWrongWithData) {
  auto type = RankedTensorType::get({4, 2}, Float32Type::get(&context));
  std::vector<char> bytes(36);
  EXPECT_EQ(getError(makeResource(type, ArrayRef(bytes).take_front(28))),
            "'arith.constant' op expected data of 32 bytes for "
            "'tensor<4x2xf32>', got 28");
  EXPECT_EQ(getError(makeResource(type, bytes)),
            "'arith.constant' op expected data of 32 bytes for "
            "'tensor<4x2xf32>', got 36");
  auto &interface = DenseResourceElementsHandle::getManagerInterface(&context);
  EXPECT_EQ(getError(DenseResourceElementsAttr::get(
                type, interface.insert("missing"))),
            "'arith.constant' op expected data for the resource 'missing', got "
            "none");
  // The same for a factor, and for the parts of mx.constant.
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    error = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(
      evaluate("#i = affine_map<(i) -> (i)>\nfunc.func @f(%w: tensor<8xf32>, "
               "%e: tensor<8xf32>) -> tensor<8xf32> { %c = arith.constant "
               "dense_resource<none> : tensor<8xf32> %0 = linalg.mul ins(%e, "
               "%c : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) -> "
               "tensor<8xf32> %1 = linalg.mul ins(%w, %c : tensor<8xf32>, "
               "tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32> "
               "return %1 : tensor<8xf32> }",
               makeConstant({8}, makeNumbers(8)))
          .empty());
  EXPECT_EQ(error, "'arith.constant' op expected data for the resource 'none', "
                   "got none");
  EXPECT_TRUE(
      evaluate("func.func @f() -> tensor<2x4xf32> { %0 = mx.constant <payload "
               "= dense_resource<gone> : tensor<2x2xi8>, scales = "
               "dense<[[127], [128]]> : tensor<2x1xi8>> : !mx.tensor<2x4, "
               "mxfp4, axis = 1> %1 = mx.dequantize %0 : !mx.tensor<2x4, "
               "mxfp4, axis = 1> to tensor<2x4xf32> return %1 : "
               "tensor<2x4xf32> }",
               {})
          .empty());
  EXPECT_EQ(error,
            "'mx.constant' op expected data for the resource 'gone', got none");
}

TEST_F(WeightDataTest, CreatesConstants) {
  for (int64_t count : {8, 70000}) {
    Weights weights{RankedTensorType::get({count}, BFloat16Type::get(&context)),
                    std::vector<float>(count, 0.3333333f)};
    ElementsAttr attr = createWeights(weights);
    EXPECT_EQ(isa<DenseResourceElementsAttr>(attr), count == 70000);
    EXPECT_EQ(*getNumbers(attr),
              std::vector<float>(
                  count, mxnum::bf16ToF32(mxnum::f32ToBF16(0.3333333f))));
    EXPECT_EQ(createWeights(weights), attr);
  }
}

TEST_F(WeightDataTest, ReleasesWithoutLosing) {
  std::vector<float> numbers = makeNumbers(1 << 16);
  ArrayRef<char> bytes(reinterpret_cast<char *>(numbers.data()),
                       4 * numbers.size());
  auto type = RankedTensorType::get({1 << 16}, Float32Type::get(&context));
  StringRef text = "func.func @f(%w: tensor<65536xf32>) -> tensor<65536xf32> { "
                   "return %w : tensor<65536xf32> }";
  SmallString<128> path;
  int file;
  ASSERT_FALSE(
      llvm::sys::fs::createTemporaryFile("weights", "bin", file, path));
  llvm::raw_fd_ostream(file, /*shouldClose=*/true)
      << StringRef(bytes.data(), bytes.size());
  auto mapped = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  ASSERT_TRUE(static_cast<bool>(mapped));
  StringRef buffer = (*mapped)->getBuffer();
  for (ArrayRef<char> data : {bytes, ArrayRef(buffer.data(), buffer.size())}) {
    Value value = parse(text, makeResource(type, data));
    releaseWeights(value);
    FailureOr<Weights> weights =
        evaluateWeights(value, getParallelFor(&context));
    ASSERT_TRUE(succeeded(weights));
    releaseWeights(value);
    EXPECT_EQ(weights->values, numbers);
    EXPECT_EQ(ArrayRef(data), bytes);
  }
  EXPECT_FALSE(llvm::sys::fs::remove(path));
}

#if defined(__linux__)
/// Whether `place` is in the memory of a file, by the map of the process.
static bool isInFile(const char *place) {
  auto maps = llvm::MemoryBuffer::getFileAsStream("/proc/self/maps");
  SmallVector<StringRef> lines;
  (*maps)->getBuffer().split(lines, '\n');
  return llvm::any_of(lines, [&](StringRef line) {
    auto [first, rest] = line.split('-');
    uint64_t begin, end;
    return !first.getAsInteger(16, begin) &&
           !rest.split(' ').first.getAsInteger(16, end) &&
           begin <= reinterpret_cast<uintptr_t>(place) &&
           reinterpret_cast<uintptr_t>(place) < end &&
           line.contains("mx-constant");
  });
}

TEST_F(WeightDataTest, LargeConstantsLieInFiles) {
  std::vector<float> numbers = makeNumbers(1 << 19);
  ArrayRef<char> bytes(reinterpret_cast<char *>(numbers.data()),
                       4 * numbers.size());
  const char *place;
  {
    AsmResourceBlob blob = createMappedBlob(bytes, /*alignment=*/4);
    place = blob.getData().data();
    EXPECT_TRUE(isInFile(place));
    EXPECT_EQ(blob.getData(), bytes);
    EXPECT_EQ(blob.getDataAlignment(), 4u);
    releasePages(blob.getData());
    EXPECT_EQ(blob.getData(), bytes);
    // What is written is kept as well.
    blob.getMutableData()[0] ^= 1;
    releasePages(blob.getData());
    EXPECT_EQ(blob.getData()[0], bytes[0] ^ 1);
  }
  EXPECT_FALSE(isInFile(place));
  AsmResourceBlob small = createMappedBlob(bytes.take_front(100), 1);
  EXPECT_FALSE(isInFile(small.getData().data()));
}

TEST_F(WeightDataTest, WithoutRoomForFilesConstantsLieOnTheHeap) {
  std::vector<char> bytes(1 << 21, 'x');
  const char *before = ::getenv("TMPDIR");
  std::string saved = before ? before : "";
  ::setenv("TMPDIR", "/nonexistent", /*overwrite=*/1);
  AsmResourceBlob blob = createMappedBlob(bytes, /*alignment=*/1);
  before ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
  EXPECT_FALSE(isInFile(blob.getData().data()));
  EXPECT_EQ(blob.getData(), ArrayRef<char>(bytes));
}
#endif
