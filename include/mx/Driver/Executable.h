//===- Executable.h - a program that other code calls -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled code for a process that goes on afterwards: it reads the arrays of
// its caller where they are, a fault in it is an error, and several threads may
// call it at once. What it computes is what mx-run computes.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_EXECUTABLE_H
#define MX_DRIVER_EXECUTABLE_H

#include "mx/Driver/Signature.h"
#include <memory>

namespace mlir::mx {

class Compiler;
class Program;

class Executable {
public:
  /// Runs the phases on what `compiler` has loaded and links the result into
  /// this process. What is wrong has been reported by `compiler`.
  static FailureOr<Executable> compile(Compiler &compiler);
  /// Loads a library that mx-compile wrote. Loading runs its code.
  static llvm::Expected<Executable> load(StringRef path);
  Executable(Executable &&);
  Executable &operator=(Executable &&);
  ~Executable();

  const ProgramSignature &getSignatures() const;

  /// Returns the function called `name`, or the only one if `name` is empty.
  llvm::Expected<const FunctionSignature *> lookup(StringRef name) const;

  /// Calls `function`, one of the signatures. Arguments that are buffers in the
  /// source (`memref`) are written to if the program does so, on a CPU; tensors
  /// never are. Results are the caller's.
  llvm::Expected<std::vector<Array>> call(const FunctionSignature &function,
                                          MutableArrayRef<Array> inputs) const;

private:
  explicit Executable(std::unique_ptr<Program> program);

  std::unique_ptr<Program> program;
};

} // namespace mlir::mx

#endif // MX_DRIVER_EXECUTABLE_H
