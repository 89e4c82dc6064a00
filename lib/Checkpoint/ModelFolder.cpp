//===- ModelFolder.cpp - what stands beside the tensors -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Only regular files of a few kinds are copied: no link is followed, no folder
// entered, and no file is taken that could hold code or other weights.
//===----------------------------------------------------------------------===//

#include "ModelFolder.h"
#include "ShardIndex.h"
#include "mx/Checkpoint/ResumableFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;
namespace json = llvm::json;

static constexpr StringRef kConfigName = "config.json";
/// What ModelOpt writes beside it, with the same contents.
static constexpr StringRef kModelOptName = "hf_quant_config.json";
/// The largest file beside the tensors.
static constexpr uint64_t kMaxCompanion = uint64_t(256) << 20;
/// The largest configuration.
static constexpr uint64_t kMaxConfig = 16 << 20;

namespace {

/// Finds out whether text is JSON that is not nested too deep for a parser that
/// calls itself.
class DepthCheck : public JsonText {
public:
  explicit DepthCheck(StringRef text) : JsonText(text, "file") {}
  bool run() { return skipValue() && parseEnd("the end of the file"); }
};

} // namespace

Expected<std::string> mlir::mx::updateConfig(StringRef text, StringRef config,
                                             ArrayRef<std::string> plainLayers,
                                             StringRef path) {
  DepthCheck check(text);
  if (!check.run())
    return llvm::createStringError(path + ":" + Twine(check.position) + ": " +
                                   check.message);
  Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return llvm::createStringError(path + ": " +
                                   llvm::toString(parsed.takeError()));
  json::Object *model = parsed->getAsObject();
  if (!model)
    return llvm::createStringError(path + ": expected an object, got another "
                                          "value");
  model->erase("quantization_config");
  if (!config.empty()) {
    json::Value quantization = llvm::cantFail(json::parse(config));
    json::Array layers;
    for (const std::string &layer : plainLayers)
      layers.push_back(layer);
    json::Object &members = *quantization.getAsObject();
    StringRef method = members.getString("quant_method").value_or("");
    bool ignores = method == "compressed-tensors" || method == "modelopt";
    members[ignores ? "ignore" : "modules_to_not_convert"] = std::move(layers);
    (*model)["quantization_config"] = std::move(quantization);
  }
  return llvm::formatv("{0:2}\n", *parsed).str();
}

static Expected<std::string> readText(StringRef path, uint64_t most) {
  Expected<InputFile> file = InputFile::open(path, LinkPolicy::Follow);
  if (!file)
    return file.takeError();
  if (file->getSize() > most)
    return llvm::createStringError(path + ": expected a file of at most " +
                                   Twine(most) + " bytes, got " +
                                   Twine(file->getSize()));
  std::string text(file->getSize(), '\0');
  if (Error error = file->read(0, {text.data(), text.size()}))
    return error;
  return text;
}

static Error writeIndex(const ConversionPlan &plan, StringRef folder) {
  ShardIndex index;
  uint64_t total = 0;
  for (const PlannedFile &file : plan.files)
    for (auto &[name, place] : file.tensors) {
      index.shards[name] = file.name;
      total += place.bytes;
    }
  index.totalSize = total;
  return writeForGood((folder + "/" + kShardIndexName).str(),
                      printShardIndex(index));
}

/// Whether a file beside the tensors goes with them.
static bool isCompanion(StringRef name) {
  if (name == kConfigName || name == kShardIndexName || name.starts_with("."))
    return false;
  return llvm::is_contained({".json", ".txt", ".model", ".jinja", ".md"},
                            llvm::sys::path::extension(name));
}

static Error copyCompanions(const Checkpoint &checkpoint,
                            const ConversionPlan &plan, StringRef folder) {
  StringRef source =
      checkpoint.getFolder().empty() ? "." : StringRef(checkpoint.getFolder());
  std::error_code code;
  for (fs::directory_iterator entry(source, code), end; !code && entry != end;
       entry.increment(code)) {
    StringRef name = llvm::sys::path::filename(entry->path());
    // It says how weights were stored.
    bool isStale = name == kModelOptName && plan.config;
    if (isStale || !isCompanion(name) || !fs::is_regular_file(entry->path()))
      continue;
    Expected<std::string> text = readText(entry->path(), kMaxCompanion);
    if (!text)
      return text.takeError();
    if (Error error = writeForGood((folder + "/" + name).str(), *text))
      return error;
  }
  return code ? llvm::createStringError(source + ": " + code.message())
              : Error::success();
}

/// Writes config.json, if the input has one.
static Error writeConfig(const Checkpoint &checkpoint,
                         const ConversionPlan &plan, StringRef folder) {
  std::string config = checkpoint.getFolder().empty()
                           ? kConfigName.str()
                           : checkpoint.getFolder() + "/" + kConfigName.str();
  if (!fs::exists(config))
    return Error::success();
  Expected<std::string> text = readText(config, kMaxConfig);
  if (text && plan.config)
    text = updateConfig(*text, *plan.config, plan.plainLayers, config);
  if (!text)
    return text.takeError();
  return writeForGood((folder + "/" + kConfigName).str(), *text);
}

/// Writes ModelOpt's own file, if that is the convention.
static Error writeModelOpt(const ConversionPlan &plan, StringRef folder) {
  if (!StringRef(plan.config.value_or("")).contains("\"modelopt\""))
    return Error::success();
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attributeObject("producer", [&] { json.attribute("name", "mx"); });
    json.attributeObject("quantization", [&] {
      json.attribute("quant_algo", "NVFP4");
      json.attribute("kv_cache_quant_algo", nullptr);
      json.attribute("group_size", 16);
      json.attributeArray("exclude_modules", [&] {
        for (const std::string &layer : plan.plainLayers)
          json.value(layer);
      });
    });
  });
  os << '\n';
  return writeForGood((folder + "/" + kModelOptName).str(), text);
}

Error mlir::mx::completeFolder(const Checkpoint &checkpoint,
                               const ConversionPlan &plan, StringRef folder) {
  if (plan.sharded)
    if (Error error = writeIndex(plan, folder))
      return error;
  if (Error error = writeConfig(checkpoint, plan, folder))
    return error;
  if (Error error = writeModelOpt(plan, folder))
    return error;
  return copyCompanions(checkpoint, plan, folder);
}
