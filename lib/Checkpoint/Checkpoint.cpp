//===- Checkpoint.cpp - the tensors of a model, in files ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An index is believed in nothing: what it says of each tensor is compared with
// the files, and what it leaves out is an error as well.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Checkpoint.h"
#include "SafetensorsHeader.h"
#include "ShardIndex.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

static Error makeFileError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

static std::string join(StringRef folder, StringRef name) {
  return folder.empty() ? name.str() : (folder + "/" + name).str();
}

/// The file to open for `path`: itself, or what a folder holds.
static Expected<std::string> chooseFile(StringRef path) {
  if (!fs::is_directory(path))
    return path.str();
  for (StringRef name : {kShardIndexName, StringRef("model.safetensors")})
    if (std::string file = join(path, name); fs::exists(file))
      return file;
  return makeFileError(path, "expected a folder with '" + kShardIndexName +
                                 "' or 'model.safetensors', got neither");
}

Expected<Checkpoint> Checkpoint::open(StringRef path, LinkPolicy links) {
  Expected<std::string> file = chooseFile(path);
  if (!file)
    return file.takeError();
  Checkpoint result;
  result.folder = llvm::sys::path::parent_path(*file).str();
  StringRef name = *file;
  Error error = name.ends_with(".json") ? result.openIndex(name, links)
                : name.ends_with(".gguf")
                    ? result.openGguf(name)
                    : result.addSafetensors(name, LinkPolicy::Follow);
  if (error)
    return error;
  return result;
}

Error Checkpoint::openGguf(StringRef path) {
  Expected<InputFile> file = InputFile::open(path);
  if (!file)
    return file.takeError();
  Expected<GgufTable> table = readGgufHeader(*file);
  if (!table)
    return table.takeError();
  gguf = std::move(*table);
  for (auto &[name, place] : gguf.tensors)
    tensors[name] = {place, 0};
  format = FileFormat::Gguf;
  files.push_back(std::move(*file));
  return Error::success();
}

Error Checkpoint::addSafetensors(StringRef path, LinkPolicy links) {
  Expected<InputFile> file = InputFile::open(path, links);
  if (!file)
    return file.takeError();
  Expected<SafetensorsTable> table = readSafetensorsHeader(*file);
  if (!table)
    return table.takeError();
  unsigned number = files.size();
  for (auto &[name, place] : table->tensors) {
    auto [known, isNew] = tensors.try_emplace(name);
    if (!isNew)
      return makeFileError(path, "expected tensor " + quoteText(name) +
                                     " in one file, got it in '" +
                                     files[known->second.file].getPath() +
                                     "' too");
    known->second = {place, number};
  }
  metadata.insert(table->metadata.begin(), table->metadata.end());
  files.push_back(std::move(*file));
  return Error::success();
}

Error Checkpoint::openIndex(StringRef path, LinkPolicy links) {
  Expected<InputFile> file = InputFile::open(path);
  if (!file)
    return file.takeError();
  Expected<ShardIndex> index = readShardIndex(*file);
  if (!index)
    return index.takeError();
  sharded = true;
  std::set<std::string> names;
  for (auto &[tensor, shard] : index->shards)
    names.insert(shard);
  for (const std::string &name : names)
    if (Error error = addSafetensors(join(folder, name), links))
      return error;
  uint64_t total = 0;
  for (auto &[name, tensor] : tensors) {
    auto listed = index->shards.find(name);
    StringRef actual = llvm::sys::path::filename(files[tensor.file].getPath());
    if (listed == index->shards.end() || listed->second != actual)
      return makeFileError(path, "expected tensor " + quoteText(name) +
                                     " of '" + actual +
                                     "' to be listed there, got " +
                                     (listed == index->shards.end()
                                          ? "no entry"
                                          : quoteText(listed->second)));
    total += tensor.bytes;
  }
  for (auto &[name, shard] : index->shards)
    if (!lookup(name))
      return makeFileError(path, "expected tensor " + quoteText(name) + " in " +
                                     quoteText(shard) +
                                     ", got a file without it");
  if (index->totalSize.value_or(total) != total)
    return makeFileError(path, "expected a 'total_size' of " + Twine(total) +
                                   ", got " + Twine(*index->totalSize));
  return Error::success();
}

const CheckpointTensor *Checkpoint::lookup(StringRef name) const {
  auto found = tensors.find(name.str());
  return found == tensors.end() ? nullptr : &found->second;
}

Error Checkpoint::read(const CheckpointTensor &tensor, uint64_t offset,
                       llvm::MutableArrayRef<char> bytes) const {
  return files[tensor.file].read(tensor.begin + offset, bytes);
}

Error Checkpoint::makeError(StringRef name, const Twine &text) const {
  const CheckpointTensor *tensor = lookup(name);
  std::string place = tensor ? files[tensor->file].getPath() + ":" +
                                   std::to_string(tensor->begin) + ": "
                             : std::string();
  return llvm::createStringError(place + "tensor " + quoteText(name) + ": " +
                                 text);
}
