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
