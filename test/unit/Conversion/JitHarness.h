//===- JitHarness.h - compile and call packed operations --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Tests of the loop lowerings write a module of `mx.packed` operations on
// memrefs as text; this compiles it through `convert-mx-to-loops` and LLVM and
// calls its functions with buffers of the test.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_CONVERSION_JITHARNESS_H
#define MX_TEST_UNIT_CONVERSION_JITHARNESS_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class ExecutionEngine;
class MLIRContext;
} // namespace mlir

namespace mxtest {

/// One argument of a compiled function: a memref descriptor or a scalar.
class Argument {
public:
  /// A memref over `data`, row-major without gaps unless `strides` (in
  /// elements) are given.
  template <typename T>
  Argument(std::vector<T> &data, std::vector<int64_t> shape,
           std::vector<int64_t> strides = {}, int64_t offset = 0)
      : Argument(static_cast<void *>(data.data()), std::move(shape),
                 std::move(strides), offset) {}
  Argument(void *data, std::vector<int64_t> shape,
           std::vector<int64_t> strides = {}, int64_t offset = 0);
  /// An index or i64.
  Argument(int64_t value) : words{value}, isScalar(true) {}

private:
  friend class JitModule;
  /// Allocated pointer, aligned pointer, offset, sizes, strides; or the value.
  std::vector<int64_t> words;
  bool isScalar = false;
};

/// How to compile.
struct JitOptions {
  /// LLVM's optimisation level.
  unsigned level = 2;
  /// LLVM's processor name; "native" is the machine that runs the test.
  std::string chip = "native";
  /// LLVM features on top of the processor's, e.g. "-fma".
  std::string features;
  /// Whether conversions of GPUs are simulated.
  bool simulatesConversions = false;
};

/// A compiled module.
class JitModule {
public:
  /// Parses `text`, runs `convert-mx-to-loops` and the lowering to LLVM, and
  /// compiles. On failure prints why and returns null.
  static std::unique_ptr<JitModule> compile(llvm::StringRef text,
                                            const JitOptions &options = {});
  ~JitModule();

  /// Calls `@name`. Returns false if there is no such function.
  bool call(llvm::StringRef name, std::vector<Argument> arguments) const;

private:
  JitModule();
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<mlir::ExecutionEngine> engine;
};

} // namespace mxtest

#endif // MX_TEST_UNIT_CONVERSION_JITHARNESS_H
