//===- CudaToolkit.h - ptxas and fatbinary ----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Programs of a CUDA toolkit turn PTX into machine code. There need be none:
// then PTX is all that can be written.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CUDATOOLKIT_H
#define MX_LIB_DRIVER_CUDATOOLKIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::mx {

/// Where programs are looked for: in `path` if that is given, else in the
/// folders that CUDA_PATH and CUDA_HOME name, in PATH, and in /usr/local/cuda.
struct CudaToolkit {
  std::string path;

  /// The path of a program such as "ptxas".
  llvm::Expected<std::string> find(StringRef program) const;
};

/// What ptxas made.
struct AssembledCode {
  std::string bytes;
  /// What it printed: resources of each kernel, warnings and errors.
  std::string log;
  bool assembled;
};

/// Assembles PTX for `chip`. An error if ptxas could not be run; what is wrong
/// with the PTX stands in the log.
llvm::Expected<AssembledCode> assemblePtx(const CudaToolkit &toolkit,
                                          StringRef ptx, StringRef chip);

/// What ptxas says that a kernel needs.
struct KernelResources {
  std::string kernel;
  unsigned registers, sharedBytes;
};

/// Reads a log of ptxas.
std::vector<KernelResources> readResources(StringRef log);

/// Reports a log of ptxas: errors and warnings on the kernels of `program` that
/// they belong to, resources as remarks. Performance warnings (C75xx) are
/// errors, for the code then is not what was asked for.
LogicalResult reportLog(ModuleOp program, StringRef ptx,
                        const AssembledCode &code);

/// Puts machine code and PTX into one fat binary.
llvm::Expected<std::string> bundleCode(const CudaToolkit &toolkit,
                                       StringRef cubin, StringRef ptx,
                                       StringRef chip);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CUDATOOLKIT_H
