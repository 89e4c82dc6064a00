//===- ConversionCommand.cpp - what mx-quantize does ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Names come from strangers: they are printed as JSON strings or quoted, never
// as they are.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/ConversionCommand.h"
#include "JsonText.h"
#include "SafetensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ThreadPool.h"
#include <atomic>
#include <chrono>
#include <set>

using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
using Clock = std::chrono::steady_clock;

static constexpr double kMebibyte = 1024.0 * 1024.0;

bool mlir::mx::isSingleFile(StringRef output) {
  return output.ends_with(".safetensors") || output.ends_with(".gguf");
}

static StringRef getKindName(StepKind kind) {
  switch (kind) {
  case StepKind::Copy:
    return "copy";
  case StepKind::Convert:
    return "convert";
  case StepKind::Quantize:
    return "quantize";
  case StepKind::Drop:
    return "drop";
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Progress
//===----------------------------------------------------------------------===//

namespace {

class Progress {
public:
  Progress(llvm::raw_ostream &os, ProgressStyle style,
           const ConversionPlan &plan)
      : os(os), style(style), plan(plan), begin(Clock::now()) {}

  void start() const;
  void step(const PlannedFile &file, const ConversionStep &step,
            StringRef note);
  void finish() const;

private:
  double getSeconds() const {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }
  void printStep(const PlannedFile &file, const ConversionStep &step,
                 StringRef note) const;
  void printBar(const ConversionStep &step) const;

  llvm::raw_ostream &os;
  ProgressStyle style;
  const ConversionPlan &plan;
  Clock::time_point begin;
  uint64_t bytes = 0;
};

} // namespace

void Progress::start() const {
  if (style != ProgressStyle::JsonLines)
    return;
  llvm::json::OStream json(os);
  json.object([&] {
    json.attribute("event", "start");
    json.attribute("files", plan.files.size());
    json.attribute("bytes", plan.totalBytes);
  });
  os << '\n';
}

void Progress::printStep(const PlannedFile &file, const ConversionStep &step,
                         StringRef note) const {
  llvm::json::OStream json(os);
  json.object([&] {
    json.attribute("event", getKindName(step.kind));
    json.attribute("tensor", step.source);
    json.attribute("file", file.name);
    if (step.weight)
      json.attribute("from",
                     getStoredFormatName(step.weight->convention->format));
    if (step.target)
      json.attribute("format", getStoredFormatName(step.target->format));
    if (step.kind == StepKind::Quantize)
      json.attribute("rule", mxnum::getScaleRuleName(step.rule));
    if (!step.site.empty())
      json.attribute("method", "gptq");
    if (!step.joined.empty())
      json.attributeArray("scale_with", [&] {
        for (const std::string &name : step.joined)
          json.value(name);
      });
    if (step.error)
      json.attribute("error", *step.error);
    if (step.isTransposed)
      json.attribute("transposed", true);
    if (!note.empty())
      json.attribute("note", note);
    if (!step.reason.empty())
      json.attribute("reason", step.reason);
    json.attribute("done", bytes);
    json.attribute("bytes", plan.totalBytes);
  });
  os << '\n';
}

void Progress::printBar(const ConversionStep &step) const {
  constexpr unsigned width = 30;
  double part =
      plan.totalBytes == 0 ? 1.0 : static_cast<double>(bytes) / plan.totalBytes;
  auto full = static_cast<unsigned>(part * width);
  // Back to the first column, and the rest of an older line away.
  os << "\r[" << std::string(full, '#') << std::string(width - full, ' ')
     << llvm::format("] %3.0f %%  %.0f of %.0f MiB  %.0f MiB/s  ", part * 100,
                     bytes / kMebibyte, plan.totalBytes / kMebibyte,
                     bytes / kMebibyte / std::max(getSeconds(), 1e-3))
     << quoteText(step.source) << "\x1b[K";
  os.flush();
}

void Progress::step(const PlannedFile &file, const ConversionStep &step,
                    StringRef note) {
  bytes += step.bytes;
  if (style == ProgressStyle::JsonLines)
    printStep(file, step, note);
  else if (style == ProgressStyle::Bar)
    printBar(step);
}

void Progress::finish() const {
  if (style == ProgressStyle::Bar)
    os << '\n';
  if (style != ProgressStyle::JsonLines)
    return;
  llvm::json::OStream json(os);
  json.object([&] {
    json.attribute("event", "finish");
    json.attribute("bytes", bytes);
    json.attribute("seconds", getSeconds());
  });
  os << '\n';
}

//===----------------------------------------------------------------------===//
// Converting
//===----------------------------------------------------------------------===//

/// Threads take indices one after another.
static mxquant::ParallelFor makeLoop(llvm::ThreadPoolInterface &pool) {
  return [&pool](int64_t count, const std::function<void(int64_t)> &body) {
    std::atomic<int64_t> next{0};
    llvm::ThreadPoolTaskGroup tasks(pool);
    int64_t threads =
        std::min<int64_t>(count, std::max(pool.getMaxConcurrency(), 1u));
    for (int64_t thread = 0; thread < threads; ++thread)
      tasks.async([&] {
        for (int64_t index = next++; index < count; index = next++)
          body(index);
      });
    tasks.wait();
  };
}

static Error checkOutput(const ConversionCommand &command,
                         const ConversionPlan &plan) {
  StringRef output = command.output;
  bool isGguf = plan.format == FileFormat::Gguf;
  if (!isSingleFile(output) || output.ends_with(".gguf") == isGguf)
    return Error::success();
  return llvm::createStringError(
      Twine("expected an output that ends in '") +
      (isGguf ? ".gguf" : ".safetensors") + "', or a folder, for convention '" +
      command.options.convention + "', got " + quoteText(output));
}

Error mlir::mx::convertCheckpoint(const ConversionCommand &command,
                                  llvm::raw_ostream &os) {
  Expected<Checkpoint> checkpoint =
      Checkpoint::open(command.input, command.links);
  if (!checkpoint)
    return checkpoint.takeError();
  bool singleFile = isSingleFile(command.output);
  Expected<ConversionPlan> plan =
      planConversion(*checkpoint, command.options, singleFile);
  if (!plan)
    return plan.takeError();
  if (Error error = checkOutput(command, *plan))
    return error;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(command.threads));
  Progress progress(os, command.progress, *plan);
  progress.start();
  Error error = runConversion(
      *checkpoint, *plan, command.output, !singleFile, makeLoop(pool),
      [&](const PlannedFile &file, const ConversionStep &step, StringRef note) {
        progress.step(file, step, note);
      });
  if (!error)
    progress.finish();
  return error;
}

//===----------------------------------------------------------------------===//
// Inspecting
//===----------------------------------------------------------------------===//

static void printWeight(const StoredWeight &weight, llvm::raw_ostream &os) {
  const Convention &row = *weight.convention;
  os << quoteText(weight.stem) << "  " << getStoredFormatName(row.format)
     << " [";
  llvm::interleaveComma(weight.shape, os);
  os << "]  " << row.name;
  if (!weight.tensorScaleName.empty())
    os << llvm::format("  tensor scale %.9g", weight.tensorScale);
  os << '\n';
}

Error mlir::mx::inspectCheckpoint(StringRef path, LinkPolicy links,
                                  llvm::raw_ostream &os) {
  Expected<Checkpoint> checkpoint = Checkpoint::open(path, links);
  if (!checkpoint)
    return checkpoint.takeError();
  Expected<std::vector<StoredWeight>> weights = findWeights(*checkpoint);
  if (!weights)
    return weights.takeError();
  uint64_t bytes = 0;
  for (auto &[name, tensor] : checkpoint->getTensors())
    bytes += tensor.bytes;
  os << checkpoint->getFiles().size() << " file(s), "
     << checkpoint->getTensors().size() << " tensors, "
     << llvm::format("%.1f MiB", bytes / kMebibyte) << ", " << weights->size()
     << " block-scaled weights\n";
  std::set<std::string> parts;
  for (const StoredWeight &weight : *weights) {
    printWeight(weight, os);
    for (const std::string &part :
         {weight.payload, weight.scales, weight.tensorScaleName,
          weight.inputScaleName})
      parts.insert(part);
  }
  for (auto &[name, tensor] : checkpoint->getTensors())
    if (!parts.count(name))
      os << quoteText(name) << "  " << formatStored(tensor.type, tensor.shape)
         << '\n';
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Conventions
//===----------------------------------------------------------------------===//

static void printPart(const PartRule &part, llvm::raw_ostream &os) {
  os << " | ";
  switch (part.shape) {
  case PartShape::None:
    os << "-";
    return;
  case PartShape::Packed:
    os << '`' << part.suffix << "` " << part.type << " [N, K/2]";
    return;
  case PartShape::Blocks:
    os << '`' << part.suffix << "` " << part.type << " [N, K/32, 16]";
    return;
  case PartShape::Logical:
    os << '`' << part.suffix << "` " << part.type << " [N, K]";
    return;
  case PartShape::PerBlock:
    os << '`' << part.suffix << "` " << part.type << " [N, K/block]";
    return;
  case PartShape::Scalar:
  case PartShape::One:
    os << '`' << part.suffix << "` " << part.type
       << (part.shape == PartShape::One ? " [1]" : " []");
    return;
  }
}

void mlir::mx::listConventions(llvm::raw_ostream &os) {
  os << "| convention | format | codes | scales of blocks | scale of the "
        "tensor | means |\n|---|---|---|---|---|---|\n";
  for (const Convention &row : getConventions()) {
    os << "| `" << row.name << "` | " << getStoredFormatName(row.format);
    printPart(row.payload, os);
    if (row.isInterleaved())
      os << " | in the blocks";
    else
      printPart(row.scales, os);
    printPart(row.tensorScale, os);
    os << " | "
       << (row.direction == ScaleDirection::None       ? "-"
           : row.direction == ScaleDirection::Multiply ? "multiply"
                                                       : "divide")
       << " |\n";
  }
}
