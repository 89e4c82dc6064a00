//===- ModelFolder.h - what stands beside the tensors -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A model is a folder: an index, config.json, tokenizers. A conversion writes
// the first, says in the second how weights are stored, and copies the rest.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_MODELFOLDER_H
#define MX_LIB_CHECKPOINT_MODELFOLDER_H

#include "mx/Checkpoint/Conversion.h"

namespace mlir::mx {

/// Writes the index, config.json and copies of other files into `folder`.
llvm::Error completeFolder(const Checkpoint &checkpoint,
                           const ConversionPlan &plan, llvm::StringRef folder);

/// A config.json with another `quantization_config`; `plainLayers` are listed
/// where the convention lists them. Errors begin with `path`.
llvm::Expected<std::string>
updateConfig(llvm::StringRef text, llvm::StringRef config,
             llvm::ArrayRef<std::string> plainLayers, llvm::StringRef path);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_MODELFOLDER_H
