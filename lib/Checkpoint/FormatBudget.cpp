//===- FormatBudget.cpp - a format for each weight under a budget ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The sample is the same in every run, so that a run that was interrupted makes
// the same plan.
//===----------------------------------------------------------------------===//

#include "FormatBudget.h"
#include "StepWork.h"
#include "mx/Quantization/Budget.h"
#include "mx/Quantization/ErrorModel.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;
using llvm::Expected;

/// Elements of a weight that are measured, and the runs of rows they lie in.
static constexpr int64_t kSampleElements = 1 << 18, kSampleRuns = 16;

static int64_t countElements(const CheckpointTensor &tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  return count;
}

/// Rows of a weight, evenly spread over it.
static Expected<std::vector<float>> readSample(const Checkpoint &checkpoint,
                                               const CheckpointTensor &tensor) {
  int64_t columns = tensor.shape.back();
  int64_t rows = countElements(tensor) / columns;
  int64_t width = *getStoredBits(tensor.type) / 8;
  int64_t wanted =
      std::min(rows, std::max<int64_t>(kSampleElements / columns, 1));
  int64_t runs = std::min(wanted, kSampleRuns), length = wanted / runs;
  std::vector<float> values;
  for (int64_t run = 0; run < runs; ++run) {
    std::vector<char> bytes(length * columns * width);
    int64_t first = run * (rows / runs);
    if (llvm::Error error =
            checkpoint.read(tensor, first * columns * width, bytes))
      return error;
    std::vector<float> part = decodeNumbers(tensor.type, bytes);
    values.insert(values.end(), part.begin(), part.end());
  }
  return values;
}

/// Bits of a weight in a format.
static double countBits(const mxnum::BlockFormat &format, double count) {
  double perElement = mxnum::getElementInfo(format.element).bits +
                      8.0 / static_cast<double>(format.block);
  return count * perElement + (format.tensorScale ? 32 : 0);
}

Expected<std::vector<FormatChoice>>
mlir::mx::chooseFormats(const Checkpoint &checkpoint,
                        llvm::ArrayRef<OpenWeight> weights,
                        double bitsPerWeight) {
  std::vector<std::vector<mxquant::Option>> items;
  double total = 0, least = 0;
  for (const OpenWeight &weight : weights) {
    const CheckpointTensor &tensor = *checkpoint.lookup(weight.name);
    Expected<std::vector<float>> sample = readSample(checkpoint, tensor);
    if (!sample)
      return sample.takeError();
    int64_t columns = tensor.shape.back();
    auto count = static_cast<double>(countElements(tensor));
    // Staying plain comes first, and has no error.
    std::vector<mxquant::Option> options = {
        {count * *getStoredBits(tensor.type), 0.0}};
    double cheapest = options.front().cost;
    for (auto [row, rule] : llvm::zip(weight.rows, weight.rules)) {
      mxquant::ErrorSum sum = mxquant::measureError(
          {row->format, rule}, sample->data(), sample->size() / columns,
          columns, mxquant::runSerially);
      options.push_back(
          {countBits(row->format, count), sum.getRelative() * count});
      cheapest = std::min(cheapest, options.back().cost);
    }
    items.push_back(std::move(options));
    total += count;
    least += cheapest;
  }
  auto chosen = mxquant::chooseWithinBudget(items, bitsPerWeight * total);
  if (!chosen) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "expected a budget of " << llvm::format("%.4f", least / total)
        << " bits per weight or more, got "
        << llvm::format("%.4f", bitsPerWeight);
    return llvm::createStringError(text);
  }
  std::vector<FormatChoice> choices;
  for (auto [weight, options, index] : llvm::zip(weights, items, *chosen)) {
    auto count =
        static_cast<double>(countElements(*checkpoint.lookup(weight.name)));
    choices.push_back({index == 0 ? nullptr : weight.rows[index - 1],
                       options[index].loss / count});
  }
  return choices;
}
