//===- GpuInvocation.h - calls of a function on a GPU -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_GPUINVOCATION_H
#define MX_LIB_DRIVER_GPUINVOCATION_H

#include "Program.h"
#include <vector>

namespace mlir::mx {

/// As Invocation, for a program whose buffers are device memory: it has copies
/// of the inputs there, which may be overwritten.
class GpuInvocation {
public:
  /// `inputs` must outlive it.
  GpuInvocation(const FunctionSignature &signature,
                MutableArrayRef<Array> inputs)
      : signature(signature), inputs(inputs) {}
  GpuInvocation(const GpuInvocation &) = delete;
  ~GpuInvocation();

  /// Finds the entry of `program` and copies the inputs to the device.
  llvm::Error prepare(Program &program);
  /// Calls the function once, having freed the results of the call before. What
  /// it asks of the GPU may go on.
  llvm::Error call();
  /// Waits for the results of the last call and copies them.
  llvm::Expected<std::vector<Array>> takeResults();
  /// Milliseconds on the GPU of each of `runs` calls, all with the inputs.
  llvm::Expected<std::vector<double>> measure(unsigned runs);

private:
  llvm::Error upload();
  llvm::Expected<bool> haveInputsChanged();
  void freeResults();
  llvm::Expected<Array> copyResult(unsigned index);

  const FunctionSignature &signature;
  MutableArrayRef<Array> inputs;
  Program::GpuEntry entry = nullptr;
  Program::GpuError error = nullptr;
  /// Device memory of each input; null for numbers.
  std::vector<void *> buffers;
  /// A descriptor (or the value of a scalar) for each argument and result.
  std::vector<std::vector<int64_t>> storage;
  std::vector<void *> values;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_GPUINVOCATION_H
