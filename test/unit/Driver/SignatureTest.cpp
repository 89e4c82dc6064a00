//===- SignatureTest.cpp - how a compiled function is called --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Signature.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mx;

static ProgramSignature record(StringRef text) {
  MLIRContext context;
  context.loadDialect<func::FuncDialect, MXDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(static_cast<bool>(module));
  FailureOr<ProgramSignature> program = recordSignatures(*module);
  EXPECT_TRUE(succeeded(program));
  return succeeded(program) ? *program : ProgramSignature();
}

static std::string describe(const ValueSignature &value) {
  return formatShape(value.shape, value.type) +
         (value.isBuffer ? " buffer" : "");
}

static std::vector<std::string>
describeAll(const std::vector<ValueSignature> &values) {
  std::vector<std::string> all;
  for (const ValueSignature &value : values)
    all.push_back(describe(value));
  return all;
}

TEST(SignatureTest, narrowTypesAreBytesPackedAlongTheLastDimension) {
  ProgramSignature program = record(R"(
    func.func @f(%0: tensor<4x5xf4E2M1FN>, %1: tensor<4x?xf4E2M1FN>,
                 %2: tensor<2x5xf6E3M2FN>, %3: tensor<2x5xf8E8M0FNU>,
                 %4: tensor<3xbf16>, %5: tensor<3xi1>, %6: i64, %7: index) {
      return
    }
    func.func private @g(%0: f32) {
      return
    })");
  ASSERT_EQ(program.size(), 1u);
  EXPECT_EQ(
      describeAll(program[0].arguments),
      (std::vector<std::string>{"4x3xu8 buffer", "4x?xu8 buffer",
                                "2x4xu8 buffer", "2x5xu8 buffer",
                                "3xbf16 buffer", "3xi1 buffer", "i64", "i64"}));
}

TEST(SignatureTest, blockScaledTensorsAreTheirParts) {
  ProgramSignature program = record(R"(
    func.func @f(%0: f32, %1: !mx.tensor<?x64, nvfp4, axis = 1>)
        -> !mx.tensor<?x64, nvfp4, axis = 1> {
      return %1 : !mx.tensor<?x64, nvfp4, axis = 1>
    })");
  ASSERT_EQ(program.size(), 1u);
  std::vector<std::string> parts = {"?x32xu8 buffer", "?x4xu8 buffer",
                                    "f32 buffer"};
  EXPECT_EQ(describeAll(program[0].results), parts);
  EXPECT_EQ(program[0].arguments.size(), 4u);
  ASSERT_EQ(program[0].blockedArguments.size(), 1u);
  EXPECT_EQ(program[0].blockedArguments[0].payload, 1u);
  EXPECT_EQ(program[0].blockedArguments[0].block, 16);
}

TEST(SignatureTest, jsonIsReadBack) {
  ProgramSignature program = record(R"(
    func.func @f(%0: !mx.tensor<?x64, mxfp4, axis = 0>, %1: i1)
        -> tensor<2x?xf16> {
      %2 = builtin.unrealized_conversion_cast to tensor<2x?xf16>
      return %2 : tensor<2x?xf16>
    })");
  std::string text = printSignatures(program);
  llvm::Expected<ProgramSignature> parsed = parseSignatures(text);
  ASSERT_TRUE(static_cast<bool>(parsed));
  EXPECT_EQ(printSignatures(*parsed), text);
}

TEST(SignatureTest, foreignJsonIsRefused) {
  for (StringRef text :
       {"", "[]", "{}", R"({"version": 2, "functions": []})",
        R"({"version": 1})", R"({"version": 1, "functions": [{"name": "f"}]})",
        R"({"version": 1, "functions": [{"name": "f", "results": [],
            "blocked": [], "arguments": [{"description": "", "type": "f9",
            "buffer": true, "shape": []}]}]})"}) {
    llvm::Expected<ProgramSignature> parsed = parseSignatures(text);
    EXPECT_FALSE(static_cast<bool>(parsed)) << text.str();
    llvm::consumeError(parsed.takeError());
  }
}

static bool areConsistent(StringRef type, ArrayRef<int64_t> payload,
                          ArrayRef<int64_t> scales) {
  ProgramSignature program =
      record(("func.func @f(%0: " + type + ") { return }").str());
  return program.size() == 1 &&
         !explainInconsistentParts(program[0], {payload, scales});
}

TEST(SignatureTest, partsOfOneTensorMustAgree) {
  StringRef dynamic = "!mx.tensor<?x?, mxfp4, axis = 1>";
  EXPECT_TRUE(areConsistent(dynamic, {4, 32}, {4, 2}));
  // 65 or 66 codes, or 64.
  EXPECT_TRUE(areConsistent(dynamic, {4, 33}, {4, 3}));
  EXPECT_FALSE(areConsistent(dynamic, {4, 33}, {4, 2}));
  EXPECT_FALSE(areConsistent(dynamic, {4, 32}, {5, 2}));
  EXPECT_FALSE(areConsistent(dynamic, {4, 32}, {4, 1}));
  EXPECT_TRUE(areConsistent(dynamic, {4, 0}, {4, 0}));
  StringRef transposed = "!mx.tensor<?x?, mxfp4, axis = 0>";
  EXPECT_TRUE(areConsistent(transposed, {33, 4}, {2, 8}));
  EXPECT_TRUE(areConsistent(transposed, {33, 4}, {2, 7}));
  EXPECT_FALSE(areConsistent(transposed, {33, 4}, {1, 8}));
  EXPECT_FALSE(areConsistent(transposed, {33, 4}, {2, 9}));
}
