//===- Gguf.h - the file format of ggml -------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A header of typed keys and values, a list of tensors, and their bytes, each
// at a multiple of the alignment. Blocks of a quantised type hold scale and
// codes together (N8.3, N8.4). Values are of no interest here but one: they are
// kept as bytes, to be written again.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_GGUF_H
#define MX_CHECKPOINT_GGUF_H

#include "mx/Checkpoint/InputFile.h"
#include "mx/Checkpoint/Safetensors.h"
#include <map>

namespace mlir::mx {

/// What a file holds, and where.
struct GgufTable {
  /// Types have ggml's names, shapes the slowest dimension first.
  std::map<std::string, TensorPlace> tensors;
  /// Keys and values as they stand in the file, and how many there are.
  std::string values;
  uint64_t valueCount = 0;
  uint64_t alignment = 0;
};

/// Bytes of a tensor of a type of ggml, or nothing if the type is unknown, the
/// last dimension is no whole number of blocks, or there are 2^61 bytes or
/// more.
std::optional<uint64_t> countGgufBytes(llvm::StringRef type,
                                       llvm::ArrayRef<int64_t> shape);

/// Reads what stands before the data. As strict as the reader of safetensors:
/// tensors lie one after another, and the file ends with the last one.
llvm::Expected<GgufTable> readGgufHeader(const InputFile &file);

/// Prints what stands before the data of these tensors, sets where each begins
/// in the file, and returns it. `table` needs types, shapes and values.
llvm::Expected<std::string> printGgufHeader(llvm::StringRef path,
                                            GgufTable &table);

/// The keys and values of a file that has nothing to say of a model.
void setGgufValues(GgufTable &table);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_GGUF_H
