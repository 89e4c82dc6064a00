//===- Signature.h - how a compiled function is called ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled code no longer knows its element types, so the signature of every
// public function is recorded before lowering and travels in the object as
// the text `mx_signatures` (JSON). Beside it stands, for each function, the
// entry `mx_call_<name>(void **values)`: pointers to the arguments, then to
// the storage of the results; buffers by memref descriptor.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_SIGNATURE_H
#define MX_DRIVER_SIGNATURE_H

#include "mlir/Support/LLVM.h"
#include "mx/Driver/Array.h"
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace mlir::mx {

/// The symbol that holds the signatures, and the prefix of the entries.
inline constexpr const char *kSignaturesSymbol = "mx_signatures";
inline constexpr const char *kEntryPrefix = "mx_call_";

/// What a program for a GPU has besides: the text about its kernels (JSON), and
/// for each function the entry `int32_t mx_gpu_call_<name>(void **values, void
/// *stream)`, which returns a status of mx/Runtime/GpuRuntime.h. Its buffers
/// are memory of the device, those of results to be freed by `mx_gpu_free`.
inline constexpr const char *kGpuKernelsSymbol = "mx_gpu_kernels";
inline constexpr const char *kGpuEntryPrefix = "mx_gpu_call_";
/// All names of that kind, and of the runtime, begin so.
inline constexpr const char *kGpuPrefix = "mx_gpu_";

/// One argument or result.
struct ValueSignature {
  /// What the source calls it, e.g. "tensor<4x64xf4E2M1FN>" or "scales of
  /// '!mx.tensor<…>'"; for messages.
  std::string description;
  DType type;
  /// Passed by descriptor; otherwise a scalar, passed by value.
  bool isBuffer;
  /// Negative sizes are dynamic.
  SmallVector<int64_t, 4> shape;
};

/// Arguments that are the parts of one block-scaled tensor.
struct BlockedArgument {
  /// Index of the payload among the arguments; the scales follow.
  unsigned payload;
  unsigned elementBits;
  int64_t block;
  int64_t axis;
};

/// One public function.
struct FunctionSignature {
  std::string name;
  std::vector<ValueSignature> arguments;
  std::vector<ValueSignature> results;
  std::vector<BlockedArgument> blockedArguments;
};

using ProgramSignature = std::vector<FunctionSignature>;

/// Records the public functions of a module that has not been lowered. Emits
/// an error at a function whose types cannot cross the boundary.
FailureOr<ProgramSignature> recordSignatures(ModuleOp module);

/// Writes and reads the JSON form.
std::string printSignatures(const ProgramSignature &program);
llvm::Expected<ProgramSignature> parseSignatures(StringRef json);

/// Returns null if the shapes of arguments that form a block-scaled tensor
/// agree, else a message about the first that do not. `shapes` has one entry
/// for each argument.
std::optional<std::string>
explainInconsistentParts(const FunctionSignature &function,
                         ArrayRef<ArrayRef<int64_t>> shapes);

} // namespace mlir::mx

#endif // MX_DRIVER_SIGNATURE_H
