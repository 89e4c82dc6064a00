//===- Invocation.h - one call of a compiled function -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_INVOCATION_H
#define MX_LIB_DRIVER_INVOCATION_H

#include "Program.h"
#include <vector>

namespace mlir::mx {

/// What memref.get_global puts in the place of an allocated pointer.
inline constexpr int64_t kNotAllocated = 0xDEADBEEF;

/// The descriptor of a row-major buffer: allocated pointer, aligned pointer,
/// offset, sizes, strides (in elements).
std::vector<int64_t> makeDescriptor(void *data, ArrayRef<int64_t> shape);

/// Copies the elements of a strided buffer in row-major order to `to`, which is
/// moved behind them.
void copyStrided(const char *from, ArrayRef<int64_t> shape,
                 ArrayRef<int64_t> strides, int64_t elementBytes, char *&to);

/// Arguments and results in the form that an entry takes. The inputs must
/// outlive it and are visible to the callee as they are, not as copies.
class Invocation {
public:
  Invocation(const FunctionSignature &signature, MutableArrayRef<Array> inputs);
  /// Frees the results of the last call.
  ~Invocation();

  /// Calls `entry` once, having freed the results of the call before.
  void call(Program::Entry entry);
  /// Returns the results of the last call: their own memory where they are
  /// whole arrays of the program, else copies. To be called once after each
  /// call.
  llvm::Expected<std::vector<Array>> takeResults();

private:
  void freeResults();
  bool belongsToInput(const void *address) const;
  bool ownsWholeArray(unsigned index) const;
  llvm::Expected<Array> takeResult(unsigned index);
  llvm::Expected<Array> copyResult(unsigned index) const;

  const FunctionSignature &signature;
  MutableArrayRef<Array> inputs;
  /// A descriptor (or the value of a scalar) for each argument and result.
  std::vector<std::vector<int64_t>> storage;
  std::vector<void *> values;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_INVOCATION_H
