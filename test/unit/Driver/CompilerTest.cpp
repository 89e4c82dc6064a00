//===- CompilerTest.cpp - what a defect of ours leaves behind -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Compiler.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Support/Register.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr StringRef kProgram = "func.func @f() { return }\n";

/// What a compiler that failed without a message prints.
static std::string failSilently(CompilerOptions options) {
  SmallString<64> path;
  int file;
  EXPECT_FALSE(
      llvm::sys::fs::createTemporaryFile("mx-input", "mlir", file, path));
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << kProgram;
  std::string errors;
  llvm::raw_string_ostream os(errors);
  DialectRegistry registry;
  registerAllDialects(registry);
  Compiler compiler(registry, std::move(options), os);
  EXPECT_TRUE(succeeded(compiler.load(path)));
  EXPECT_EQ(compiler.getFailureCode(), ExitCode::Internal);
  llvm::sys::fs::remove(path);
  return errors;
}

TEST(CompilerTest, aFailureWithoutAMessageLeavesAReproducer) {
  CompilerOptions options;
  options.threads = 2;
  options.decisions.objective = "speed";
  options.decisions.sites = "up|down";
  std::string errors = failSilently(options);
  StringRef text = errors;
  EXPECT_TRUE(text.consume_front("error: internal failure; this is a defect of "
                                 "mx\nnote: reproduce with: mx-compile "))
      << errors;
  auto [path, flags] = text.split(' ');
  EXPECT_EQ(flags.trim(), "--stop-after=llvm --threads=2 --quantize=speed "
                          "--quantize-sites=up|down");
  auto reproducer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(static_cast<bool>(reproducer));
  EXPECT_EQ((*reproducer)->getBuffer(), kProgram);
  llvm::sys::fs::remove(path);
}

/// What a compiler says of `text`.
static std::string loadText(StringRef text) {
  std::string errors;
  llvm::raw_string_ostream os(errors);
  DialectRegistry registry;
  registerAllDialects(registry);
  Compiler compiler(registry, CompilerOptions(), os);
  if (succeeded(compiler.load(llvm::MemoryBuffer::getMemBuffer(text, "deep"))))
    return "loaded";
  EXPECT_EQ(compiler.getFailureCode(), ExitCode::UserError);
  return errors;
}

static std::string repeat(StringRef text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i)
    result += text;
  return result;
}

TEST(CompilerTest, textThatIsNestedTooDeepIsRefused) {
  const std::pair<const char *, const char *> openings[] = {
      {"", "module {\n"},
      {"func.func @f() {\n", "scf.execute_region { // \"\n"},
      {"module attributes {a = ", "["},
      {"#m = affine_map<(d0) -> (", "- "},
      {"func.func private @f(", "!x<"}};
  for (auto [before, opening] : openings) {
    std::string errors = loadText(before + repeat(opening, 100000));
    EXPECT_NE(errors.find("error: expected at most 500 brackets or signs "
                          "around each other, got more\n"),
              std::string::npos)
        << errors;
    EXPECT_EQ(errors.find("deep:"), 0u);
  }
}

TEST(CompilerTest, textWithManyBracketsSideBySideIsRead) {
  std::string text = "module attributes {arith.a = [" +
                     repeat("[\"\\\"[[[<\", -1 : i8], ", 2000) +
                     "affine_set<(d0) : (d0 >= 0)>]} {\n" +
                     "func.func private @f() -> (i8)\n// " +
                     repeat("((((", 1000) + "\n}";
  EXPECT_EQ(loadText(text), "loaded");
  std::string nested = repeat("[", 400) + repeat("]", 400);
  EXPECT_EQ(loadText("module attributes {arith.a = " + nested + "} {}"),
            "loaded");
}
