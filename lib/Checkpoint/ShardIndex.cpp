//===- ShardIndex.cpp - which file holds which tensor ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An index is the only part of a checkpoint that names files, so the names are
// checked character by character before anything is opened.
//===----------------------------------------------------------------------===//

#include "ShardIndex.h"
#include "mx/Checkpoint/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// The longest name that file systems have.
static constexpr size_t kMaxFileName = 255;

/// Whether `name` is that of a safetensors file beside the index, of characters
/// that mean the same everywhere.
static bool isShardName(StringRef name) {
  return name.size() <= kMaxFileName && name.ends_with(".safetensors") &&
         !name.starts_with(".") && llvm::all_of(name, [](char character) {
           return llvm::isAlnum(character) ||
                  StringRef("._-+=@ ").contains(character);
         });
}

namespace {

class IndexParser : public JsonText {
public:
  explicit IndexParser(StringRef text) : JsonText(text, "index") {}

  bool parse() {
    if (!text.starts_with("{"))
      return failAt(0, "expected an index that begins with '{', got " +
                           (text.empty() ? "an empty one"
                                         : quoteText(text.take_front(24))));
    bool parsed = parseObject([&](std::string name, size_t where) {
      return parseTop(std::move(name), where);
    });
    if (!parsed || !parseEnd("the end of the index"))
      return false;
    return members.count("weight_map") != 0 ||
           failAt(0, "expected 'weight_map', got none");
  }

  ShardIndex index;

private:
  bool parseTop(std::string name, size_t where) {
    if (!members.insert(name).second)
      return failAt(where, "expected each member once, got " + quoteText(name) +
                               " twice");
    if (name == "weight_map")
      return parseObject([&](std::string tensor, size_t at) {
        return parseShard(std::move(tensor), at);
      });
    if (name == "metadata")
      return parseObject([&](StringRef member, size_t at) {
        if (member != "total_size")
          return skipValue();
        if (index.totalSize)
          return failAt(at, "expected 'total_size' once, got it twice");
        return parseInteger(index.totalSize.emplace(), "a number below 2^64");
      });
    return skipValue();
  }

  bool parseShard(std::string tensor, size_t where) {
    if (!checkName(tensor, where))
      return false;
    std::string shard;
    skipSpace();
    size_t start = position;
    if (!parseString(shard, "the name of a file"))
      return false;
    if (!isShardName(shard))
      return failAt(start, "expected a file beside the index, of letters, "
                           "digits and '._-+=@', that ends in "
                           "'.safetensors', got " +
                               quoteText(shard));
    if (files.insert(shard).second && files.size() > kMaxShards)
      return failAt(start, "expected at most " + Twine(kMaxShards) +
                               " files, got more");
    auto [member, isNew] = index.shards.emplace(std::move(tensor), shard);
    return isNew || failAt(where, "expected each tensor once, got " +
                                      quoteText(member->first) + " twice");
  }

  std::set<std::string> members, files;
};

} // namespace

Expected<ShardIndex> mlir::mx::parseShardIndex(StringRef text, StringRef path) {
  IndexParser parser(text);
  if (!parser.parse())
    return llvm::createStringError(path + ":" + Twine(parser.position) + ": " +
                                   parser.message);
  return std::move(parser.index);
}

Expected<ShardIndex> mlir::mx::readShardIndex(const InputFile &file) {
  if (file.getSize() > kMaxSafetensorsHeader)
    return llvm::createStringError(
        Twine(file.getPath()) + ": expected an index of at most " +
        Twine(kMaxSafetensorsHeader) + " bytes, got " + Twine(file.getSize()));
  std::string text(file.getSize(), '\0');
  if (Error error = file.read(0, {text.data(), text.size()}))
    return error;
  return parseShardIndex(text, file.getPath());
}

std::string mlir::mx::printShardIndex(const ShardIndex &index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attributeObject("metadata", [&] {
      if (index.totalSize)
        json.attribute("total_size", *index.totalSize);
    });
    json.attributeObject("weight_map", [&] {
      for (auto &[tensor, shard] : index.shards)
        json.attribute(tensor, shard);
    });
  });
  os << '\n';
  return text;
}
