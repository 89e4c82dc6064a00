//===- Dispatch.h - one library for several processors ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_DISPATCH_H
#define MX_LIB_DRIVER_DISPATCH_H

#include "CodeGen.h"

namespace mlir::mx {

/// A processor that a part of a library is for, and what is put behind the
/// names of that part.
struct DispatchCase {
  Processor processor;
  std::string suffix;
};

/// Returns null if a library can choose `processor` when it is loaded, else
/// what is expected instead: it must be of x86-64.
std::optional<std::string> explainNoDispatch(const Processor &processor);

/// Generates an object with all that a program exports (Signature.h). A name
/// becomes the one of the first case whose features the machine has, decided
/// when the library is loaded (ELF's indirect functions); the last case needs
/// nothing. It takes what compilers link for __builtin_cpu_supports.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
createDispatch(const ProgramSignature &signatures,
               ArrayRef<DispatchCase> cases);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_DISPATCH_H
