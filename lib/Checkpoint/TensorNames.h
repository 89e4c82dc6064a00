//===- TensorNames.h - what families call the same tensor -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// gpt-oss comes with two families of names, and torchao says in the metadata of
// a file what each tensor is. Both belong to a whole checkpoint and not to a
// weight, so they are no part of the table of conventions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_TENSORNAMES_H
#define MX_LIB_CHECKPOINT_TENSORNAMES_H

#include "mx/Checkpoint/Conversion.h"

namespace mlir::mx {

/// Whether tensors of experts are renamed between gpt-oss's families.
enum class TensorNames { Keep, FromOriginal, ToOriginal };

/// What a conversion of these weights to `convention` asks for.
TensorNames chooseTensorNames(llvm::ArrayRef<StoredWeight> weights,
                              llvm::StringRef convention);

/// The new name of a tensor, or what its weight's parts begin with.
std::string renameTensor(TensorNames names, llvm::StringRef name);

/// What torchao wants to know of a weight of a format, and of a plain tensor.
std::string describeForTorchao(const mxnum::BlockFormat &format,
                               bool hasInputScale);
std::string describePlainForTorchao();

/// Completes the metadata of a planned file: those of the input, without what
/// an older convention said of its tensors.
void addMetadata(const Checkpoint &checkpoint, llvm::StringRef convention,
                 PlannedFile &file);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_TENSORNAMES_H
