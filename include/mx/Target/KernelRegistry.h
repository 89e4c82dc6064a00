//===- KernelRegistry.h - the kernels as data -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rows of Kernels.def, to be searched. Std-only: verifiers and tools below
// MLIR may ask too.
//===----------------------------------------------------------------------===//

#ifndef MX_TARGET_KERNELREGISTRY_H
#define MX_TARGET_KERNELREGISTRY_H

#include <string_view>
#include <vector>

namespace mlir::mx {

/// How a kernel's results relate to lib/Numerics.
enum class Accuracy {
  /// The same bits.
  Exact,
  /// Within the bound of N7.2.
  Bound,
};

/// One row of Kernels.def.
struct KernelRow {
  std::string_view name;
  std::string_view operation;
  /// Required LLVM target features, separated by commas.
  std::string_view features;
  bool emulated;
  Accuracy accuracy;
};

/// All rows, in the order of the list.
const std::vector<KernelRow> &getKernels();

/// The row called `name`, or null.
const KernelRow *lookupKernel(std::string_view name);

/// The first row for `operation` whose features are all in `features` (an LLVM
/// feature string such as "+avx2,+fma"), or null if the operation has none.
const KernelRow *selectKernel(std::string_view operation,
                              std::string_view features);

} // namespace mlir::mx

#endif // MX_TARGET_KERNELREGISTRY_H
