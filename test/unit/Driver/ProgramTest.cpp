//===- ProgramTest.cpp - compiled code in this process --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "mx/Driver/Compiler.h"
#include "mx/Support/Register.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mx;

/// Compiles `text` to an object.
static std::unique_ptr<llvm::MemoryBuffer> compile(StringRef text) {
  llvm::SmallString<64> path;
  int file;
  EXPECT_FALSE(
      llvm::sys::fs::createTemporaryFile("mx-test", "mlir", file, path));
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << text;
  DialectRegistry registry;
  registerAllDialects(registry);
  Compiler compiler(registry, CompilerOptions(), llvm::errs());
  EXPECT_TRUE(succeeded(compiler.load(path)));
  llvm::sys::fs::remove(path);
  EXPECT_TRUE(succeeded(compiler.runPhases()));
  auto object = compiler.compileObject();
  EXPECT_TRUE(succeeded(object));
  return succeeded(object) ? std::move(*object) : nullptr;
}

static constexpr const char *doubling = R"(
  func.func @f(%x: f32) -> f32 {
    %0 = arith.addf %x, %x : f32
    return %0 : f32
  })";

TEST(ProgramTest, entriesAreCalledWithPointersToValues) {
  llvm::Expected<Program> program = Program::link(compile(doubling), {});
  ASSERT_TRUE(static_cast<bool>(program));
  ASSERT_EQ(program->getSignatures().size(), 1u);
  llvm::Expected<Program::Entry> entry = program->lookupEntry("f");
  ASSERT_TRUE(static_cast<bool>(entry));
  float argument = 1.5f, result = 0;
  void *values[] = {&argument, &result};
  (*entry)(values);
  EXPECT_EQ(result, 3.0f);
}

TEST(ProgramTest, missingFunctionsAreErrors) {
  llvm::Expected<Program> program = Program::link(compile(doubling), {});
  ASSERT_TRUE(static_cast<bool>(program));
  llvm::Expected<Program::Entry> entry = program->lookupEntry("g");
  EXPECT_FALSE(static_cast<bool>(entry));
  llvm::consumeError(entry.takeError());
}

TEST(ProgramTest, memoryIsNeverWritableAndExecutable) {
  llvm::Expected<Program> program = Program::link(compile(doubling), {});
  ASSERT_TRUE(static_cast<bool>(program));
  auto maps = llvm::MemoryBuffer::getFileAsStream("/proc/self/maps");
  if (!maps)
    GTEST_SKIP() << "no /proc/self/maps";
  EXPECT_FALSE((*maps)->getBuffer().contains("rwx"));
}

TEST(ProgramTest, symbolsOfThisProcessAreNotOffered) {
  // The checker's context is on the list, but only a checker provides it.
  llvm::Expected<Program> program = Program::link(compile(R"(
    memref.global @mxrt_check_context : memref<i8>
    func.func @f() -> memref<i8> {
      %0 = memref.get_global @mxrt_check_context : memref<i8>
      return %0 : memref<i8>
    })"),
                                                  {});
  ASSERT_FALSE(static_cast<bool>(program));
  EXPECT_NE(llvm::toString(program.takeError()).find("mxrt_check_context"),
            std::string::npos);
}
