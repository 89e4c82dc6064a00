//===- QuantizeThreadsTest.cpp - one module for any number of threads -----===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mx-quantize on pools of 1, 2 and 8 threads, whatever the machine has: the
// printed module is the same text. (quantize-threads.test compares mx-opt with
// and without its threads.)
//===----------------------------------------------------------------------===//

#include "Checkpoint/TemporaryFile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mx/Checkpoint/CalibrationFile.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/Support/ThreadPool.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Several chunks of rows and tiles of columns, the last ones ragged.
constexpr int64_t kRows = 200, kColumns = 304;

/// Two sites with GPTQ, one of them rotated, and one to nearest.
constexpr StringLiteral kSites = R"(
!x = tensor<4x304xf32>
!w = tensor<200x304xf32>
!y = tensor<4x200xf32>
func.func @f(%w: !w, %x: !x, %init: !y) -> (!y, !y, !y) {
  %r = mx.rotate %w by hadamard<16> along 1 : !w
  %0 = mx.matmul ins(%x, %w : !x, !w) outs(%init : !y) {mx.site = "a",
    mx.plan = #mx.plan<rhs = mxfp4 by even, method = gptq>}
  %1 = mx.matmul ins(%x, %r : !x, !w) outs(%init : !y) {mx.site = "b",
    mx.plan = #mx.plan<rhs = nvfp4 by sweep, method = gptq>,
    mx.rotated = #mx.hadamard<16>}
  %2 = mx.matmul ins(%x, %w : !x, !w) outs(%init : !y) {mx.site = "c",
    mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0, %1, %2 : !y, !y, !y
})";

/// Numbers in (-1, 1), larger in some columns than in others.
std::vector<float> drawNumbers(int64_t rows, uint64_t state) {
  std::vector<float> numbers(rows * kColumns);
  for (size_t i = 0; i < numbers.size(); ++i) {
    // The top 24 bits of Knuth's MMIX generator.
    state = state * 6364136223846793005 + 1442695040888963407;
    float uniform = float(int32_t(state >> 40) - (1 << 23)) * 0x1p-23f;
    numbers[i] = uniform / float(1 + i % kColumns % 32);
  }
  return numbers;
}

/// The module after the pass, printed; empty if anything failed.
std::string quantize(unsigned threads, StringRef calibration) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  EXPECT_EQ(pool.getMaxConcurrency(), threads);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.setThreadPool(pool);
  context.loadDialect<arith::ArithDialect, func::FuncDialect, MXDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kSites, &context);
  if (!module)
    return "";
  Block &body =
      cast<func::FuncOp>(module->getBody()->front()).getBody().front();
  BlockArgument weights = body.getArgument(0);
  auto builder = OpBuilder::atBlockBegin(&body);
  weights.replaceAllUsesWith(arith::ConstantOp::create(
      builder, weights.getLoc(),
      DenseElementsAttr::get(cast<ShapedType>(weights.getType()),
                             ArrayRef<float>(drawNumbers(kRows, 5)))));
  PassManager manager(&context);
  QuantizePassOptions options;
  options.calibration = calibration.str();
  manager.addPass(createQuantizePass(options));
  if (failed(manager.run(*module)))
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << *module;
  return text;
}

} // namespace

TEST(QuantizeThreads, OneModuleForAnyNumber) {
  TemporaryFile file;
  SiteGroup group{{"a", "b"}, {kColumns, 400, {}, drawNumbers(400, 6)}};
  ASSERT_FALSE(static_cast<bool>(writeCalibration(file.getPath(), group)));
  std::string expected = quantize(1, file.getPath());
  EXPECT_NE(expected.find("!mx.tensor<200x304, nvfp4"), std::string::npos)
      << expected.substr(0, 500);
  for (unsigned threads : {2, 8})
    EXPECT_TRUE(expected == quantize(threads, file.getPath())) << threads;
}
