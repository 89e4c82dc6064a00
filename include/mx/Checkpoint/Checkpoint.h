//===- Checkpoint.h - the tensors of a model, in files ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One safetensors file, several with an index, or one GGUF file: for whoever
// reads, names with types, shapes and bytes. Headers are read when a
// checkpoint is opened, bytes when they are asked for; nothing is mapped.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_CHECKPOINT_H
#define MX_CHECKPOINT_CHECKPOINT_H

#include "mx/Checkpoint/Gguf.h"

namespace mlir::mx {

enum class FileFormat { Safetensors, Gguf };

struct CheckpointTensor : TensorPlace {
  /// The number of its file.
  unsigned file = 0;
};

class Checkpoint {
public:
  /// Opens a .safetensors or .gguf file, an index (.index.json), or a folder
  /// with an index or with one model.safetensors. The index and the files must
  /// say the same. `links` is for the files that an index names.
  static llvm::Expected<Checkpoint> open(llvm::StringRef path,
                                         LinkPolicy links = LinkPolicy::Refuse);

  FileFormat getFormat() const { return format; }
  /// Whether the tensors are spread over files by an index.
  bool isSharded() const { return sharded; }
  /// The folder it is in.
  const std::string &getFolder() const { return folder; }
  llvm::ArrayRef<InputFile> getFiles() const { return files; }
  const std::map<std::string, CheckpointTensor> &getTensors() const {
    return tensors;
  }
  /// The tensor called `name`, or null.
  const CheckpointTensor *lookup(llvm::StringRef name) const;
  /// The metadata of all its safetensors files; of two values of one name, that
  /// of the first file.
  const std::map<std::string, std::string> &getMetadata() const {
    return metadata;
  }
  /// Keys and values of a GGUF file.
  const GgufTable &getGgufValues() const { return gguf; }

  /// Reads bytes of a tensor, from `offset` on. May be called from several
  /// threads.
  llvm::Error read(const CheckpointTensor &tensor, uint64_t offset,
                   llvm::MutableArrayRef<char> bytes) const;
  /// An error that names a tensor's file, its name, and where its data begin.
  llvm::Error makeError(llvm::StringRef name, const llvm::Twine &text) const;

private:
  Checkpoint() = default;
  llvm::Error addSafetensors(llvm::StringRef path, LinkPolicy links);
  llvm::Error openIndex(llvm::StringRef path, LinkPolicy links);
  llvm::Error openGguf(llvm::StringRef path);

  FileFormat format = FileFormat::Safetensors;
  bool sharded = false;
  std::string folder;
  std::vector<InputFile> files;
  std::map<std::string, CheckpointTensor> tensors;
  std::map<std::string, std::string> metadata;
  GgufTable gguf;
};

} // namespace mlir::mx

#endif // MX_CHECKPOINT_CHECKPOINT_H
