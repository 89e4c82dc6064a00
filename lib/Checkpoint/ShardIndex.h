//===- ShardIndex.h - which file holds which tensor -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The index of a checkpoint that is spread over several safetensors files:
//
//   {"metadata": {"total_size": 1234},
//    "weight_map": {"name": "model-00001-of-00002.safetensors", …}}
//
// Names of files are those of files beside the index, and nothing else.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_SHARDINDEX_H
#define MX_LIB_CHECKPOINT_SHARDINDEX_H

#include "JsonText.h"
#include "mx/Checkpoint/InputFile.h"
#include "llvm/Support/Error.h"
#include <map>
#include <optional>

namespace mlir::mx {

/// The name of the index in a folder.
inline constexpr llvm::StringRef kShardIndexName =
    "model.safetensors.index.json";
/// The most files of a checkpoint.
inline constexpr size_t kMaxShards = 4096;

struct ShardIndex {
  /// The shard of each tensor.
  std::map<std::string, std::string> shards;
  /// The bytes of all tensors, if it says so.
  std::optional<uint64_t> totalSize;
};

/// Parses an index; errors begin with `path`.
llvm::Expected<ShardIndex> parseShardIndex(llvm::StringRef text,
                                           llvm::StringRef path);

/// Reads the index in a file.
llvm::Expected<ShardIndex> readShardIndex(const InputFile &file);

/// Prints the index of these tensors.
std::string printShardIndex(const ShardIndex &index);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_SHARDINDEX_H
