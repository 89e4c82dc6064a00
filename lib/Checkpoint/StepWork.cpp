//===- StepWork.cpp - one weight from one file to another -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Numbers become codes by mxnum::quantizeRow and nothing else. Tensor scales
// are the last to be decided and the first to be written: a convention that
// stores the reciprocal fixes which ones there are (N8.6).
//===----------------------------------------------------------------------===//

#include "StepWork.h"
#include "Recode.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Quantize.h"
#include "mx/Quantization/Gptq.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <mutex>

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
using mxnum::BlockFormat;

/// Bytes of input that a thread works on at a time.
static constexpr int64_t kPieceBytes = 2 << 20;

static int64_t countRows(ArrayRef<int64_t> shape) {
  int64_t rows = 1;
  for (int64_t size : shape.drop_back())
    rows *= size;
  return rows;
}

static ArrayRef<char> asChars(ArrayRef<uint8_t> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// Prints a number so that it can be read back.
static std::string formatExactly(float value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.9g", value);
  return text;
}

/// Calls `body` with the begin and the length of each piece; returns the error
/// of the first one that has one.
Error StepWork::forPieces(int64_t count, int64_t piece,
                          llvm::function_ref<Error(int64_t, int64_t)> body) {
  std::mutex mutex;
  std::string message;
  int64_t failed = INT64_MAX;
  parallel(llvm::divideCeil(count, piece), [&](int64_t index) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (index > failed)
        return;
    }
    int64_t first = index * piece;
    Error error = body(first, std::min(piece, count - first));
    if (!error)
      return;
    std::lock_guard<std::mutex> lock(mutex);
    std::string text = llvm::toString(std::move(error));
    if (index < failed) {
      failed = index;
      message = std::move(text);
    }
  });
  return message.empty() ? Error::success() : llvm::createStringError(message);
}

Error StepWork::write(const std::string &name, uint64_t offset,
                      ArrayRef<char> bytes) {
  Error error =
      file.write(planned.tensors.find(name)->second.begin + offset, bytes);
  if (error)
    writeFailed = true;
  return error;
}

//===----------------------------------------------------------------------===//
// Scales of tensors
//===----------------------------------------------------------------------===//

/// Stores a scale as the target's direction asks.
Error StepWork::writeScale(const ConversionStep &step, StringRef name,
                           float scale) {
  ScaleDirection direction = step.target->direction;
  std::optional<float> stored = encodeTensorScale(direction, scale);
  float nearest = stored.value_or(1.0f / scale);
  if (!std::isfinite(nearest) || (!stored && !plan.allowRounding))
    return checkpoint.makeError(
        step.source, "expected a scale with a reciprocal in f32, which "
                     "convention '" +
                         Twine(step.target->name) + "' stores, got " +
                         formatExactly(scale) +
                         " (--allow-rounding stores the nearest)");
  char bytes[sizeof(float)];
  llvm::support::endian::write32le(bytes, llvm::bit_cast<uint32_t>(nearest));
  return write(name.str(), 0, bytes);
}

/// Copies the scale of the activations.
Error StepWork::writeInputScale(const ConversionStep &step) {
  if (step.inputScale.empty())
    return Error::success();
  const std::string &name = step.weight->inputScaleName;
  char bytes[sizeof(float)];
  if (Error error = checkpoint.read(*checkpoint.lookup(name), 0, bytes))
    return error;
  if (step.target->direction == step.weight->convention->direction)
    return write(step.inputScale, 0, bytes);
  float stored = llvm::bit_cast<float>(llvm::support::endian::read32le(bytes));
  float scale = decodeTensorScale(step.weight->convention->direction, stored);
  if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(stored))
    return checkpoint.makeError(
        name, "expected a positive number with a reciprocal, got " +
                  Twine(std::to_string(stored)));
  return writeScale(step, step.inputScale, scale);
}

/// How many rows are read at a time: whole matrices where columns become rows.
static int64_t getPieceRows(const ConversionStep &step) {
  if (step.isTransposed)
    return step.shape[step.shape.size() - 2];
  int64_t rowBytes = step.shape.back() * sizeof(float);
  return std::max<int64_t>(kPieceBytes / rowBytes, 1);
}

/// The largest magnitude of plain numbers.
Expected<float> StepWork::findLargest(const ConversionStep &step) {
  mxnum::QuantizeOptions options;
  options.rule = step.rule;
  std::mutex mutex;
  float most = 0.0f;
  Error error = forPieces(countRows(step.shape), getPieceRows(step),
                          [&](int64_t first, int64_t count) -> Error {
                            Expected<std::vector<float>> values =
                                readNumbers(step, first, count);
                            if (!values)
                              return values.takeError();
                            float found = mxnum::findLargestFinite(
                                options, values->data(), values->size());
                            std::lock_guard<std::mutex> lock(mutex);
                            most = std::max(most, found);
                            return Error::success();
                          });
  if (error)
    return error;
  return most;
}

/// The tensor scale of numbers: that of N4.1 over all joined weights, or the
/// nearest one that can be stored.
Expected<float> StepWork::chooseTensorScale(const ConversionStep &step) {
  const BlockFormat &format = step.target->format;
  if (!format.tensorScale)
    return 1.0f;
  mxnum::QuantizeOptions options;
  options.rule = step.rule;
  float most = 0.0f;
  if (step.joined.empty()) {
    Expected<float> found = findLargest(step);
    if (!found)
      return found.takeError();
    most = *found;
  }
  for (const std::string &name : step.joined) {
    auto known = largest.find(name);
    if (known == largest.end()) {
      ConversionStep other = step;
      other.source = name;
      other.shape = checkpoint.lookup(name)->shape;
      Expected<float> found = findLargest(other);
      if (!found)
        return found.takeError();
      known = largest.emplace(name, *found).first;
    }
    most = std::max(most, known->second);
  }
  float scale = mxnum::computeTensorScale(format, options, &most, 1);
  ScaleDirection direction = step.target->direction;
  if (encodeTensorScale(direction, scale))
    return scale;
  return decodeTensorScale(direction, 1.0f / scale);
}

/// The tensor scale of a weight in its new format.
Expected<float> StepWork::recodeTensorScale(const ConversionStep &step) {
  const StoredWeight &weight = *step.weight;
  if (chooseRecoding(weight.convention->format, step.target->format) !=
      Recoding::ToNVFP4)
    return weight.tensorScale;
  ScaleRange range;
  std::mutex mutex;
  int64_t rowBytes =
      getPayloadRowBytes(weight.convention->format, weight.getColumns());
  Error error =
      forPieces(weight.getRows(), std::max<int64_t>(kPieceBytes / rowBytes, 1),
                [&](int64_t first, int64_t count) -> Error {
                  Expected<WeightRows> rows =
                      readWeightRows(checkpoint, weight, first, count);
                  if (!rows)
                    return rows.takeError();
                  ScaleRange part;
                  part.add(*rows);
                  std::lock_guard<std::mutex> lock(mutex);
                  range.least = std::min(range.least, part.least);
                  range.most = std::max(range.most, part.most);
                  return Error::success();
                });
  if (error)
    return error;
  if (std::optional<int> exponent = chooseExponent(range))
    return std::ldexp(1.0f, *exponent);
  return checkpoint.makeError(
      step.source, "expected scales that span 17 powers of two, got those from "
                   "2^" +
                       Twine(range.least) + " to 2^" + Twine(range.most) +
                       ", which nvfp4 cannot hold exactly");
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

Error StepWork::writeRows(const ConversionStep &step, const WeightRows &rows,
                          int64_t first) {
  const Convention &row = *step.target;
  int64_t columns = step.shape.back();
  int64_t payloadBytes = getPayloadRowBytes(row.format, columns);
  if (!row.isInterleaved()) {
    if (Error error =
            write(step.payload, first * payloadBytes, asChars(rows.payload)))
      return error;
    return write(step.scales, first * getScaleRowBytes(row.format, columns),
                 asChars(rows.scales));
  }
  bool isNVFP4 = row.format.scale == mxnum::ScaleType::UE4M3;
  int64_t structBytes =
      isNVFP4 ? mxnum::kGgmlNVFP4Bytes : mxnum::kGgmlMXFP4Bytes;
  int64_t rowStructs = columns / getStoredBlock(row);
  int64_t structs = rows.payload.size() / payloadBytes * rowStructs;
  std::vector<uint8_t> bytes(structs * structBytes);
  (isNVFP4 ? mxnum::nvfp4ToGgml : mxnum::mxfp4ToGgml)(
      rows.payload.data(), rows.scales.data(), structs, bytes.data());
  return write(step.payload, first * rowStructs * structBytes, asChars(bytes));
}

Error StepWork::recode(const ConversionStep &step, WeightRows &rows,
                       float tensorScale, int64_t first) const {
  const StoredWeight &weight = *step.weight;
  switch (*chooseRecoding(weight.convention->format, step.target->format)) {
  case Recoding::Same:
    return Error::success();
  case Recoding::ToNVFP4:
    recodeToNVFP4(rows, std::ilogb(tensorScale));
    return Error::success();
  case Recoding::ToMXFP4:
    break;
  }
  std::optional<int64_t> block = recodeToMXFP4(rows, tensorScale);
  if (!block)
    return Error::success();
  int64_t blocks = getScaleRowBytes(step.target->format, weight.getColumns());
  return checkpoint.makeError(
      step.source, "expected blocks of 32 under one power of two, which mxfp4 "
                   "can hold exactly, got others in row " +
                       Twine(first + *block / blocks) + ", block " +
                       Twine(*block % blocks));
}

Error StepWork::convert(const ConversionStep &step) {
  const StoredWeight &weight = *step.weight;
  Expected<float> tensorScale = recodeTensorScale(step);
  if (!tensorScale)
    return tensorScale.takeError();
  bool dropsScale = step.tensorScale.empty();
  int exponent;
  if (dropsScale && std::frexp(*tensorScale, &exponent) != 0.5f)
    return checkpoint.makeError(step.source,
                                "expected a tensor scale that is a power of "
                                "two, which mxfp4 can hold exactly, got " +
                                    formatExactly(*tensorScale));
  if (!dropsScale)
    if (Error error = writeScale(step, step.tensorScale, *tensorScale))
      return error;
  if (Error error = writeInputScale(step))
    return error;
  int64_t rowBytes =
      getPayloadRowBytes(weight.convention->format, weight.getColumns());
  return forPieces(weight.getRows(),
                   std::max<int64_t>(kPieceBytes / rowBytes, 1),
                   [&](int64_t first, int64_t count) -> Error {
                     Expected<WeightRows> rows =
                         readWeightRows(checkpoint, weight, first, count);
                     if (!rows)
                       return rows.takeError();
                     if (Error error = recode(step, *rows, *tensorScale, first))
                       return error;
                     return writeRows(step, *rows, first);
                   });
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

std::vector<float> mlir::mx::decodeNumbers(StringRef type,
                                           ArrayRef<char> bytes) {
  using namespace llvm::support::endian;
  std::vector<float> values(bytes.size() / (*getStoredBits(type) / 8));
  const char *data = bytes.data();
  if (type == "F32")
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = llvm::bit_cast<float>(read32le(data + 4 * i));
  else if (type == "BF16")
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = mxnum::bf16ToF32(read16le(data + 2 * i));
  else
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = mxnum::f16ToF32(read16le(data + 2 * i));
  return values;
}

/// Reads plain numbers as f32, in the order of the source. Numbers that are not
/// finite are an error: no block-scaled weight could mean them.
Expected<std::vector<float>> StepWork::readElements(const ConversionStep &step,
                                                    int64_t begin,
                                                    int64_t count) const {
  const CheckpointTensor &tensor = *checkpoint.lookup(step.source);
  int64_t width = *getStoredBits(tensor.type) / 8;
  std::vector<char> bytes(count * width);
  if (Error error = checkpoint.read(tensor, begin * width, bytes))
    return error;
  std::vector<float> values = decodeNumbers(tensor.type, bytes);
  unsigned strange = 0;
  for (float value : values)
    strange |= (mxnum::toBits(value) & mxnum::kF32InfinityBits) ==
               mxnum::kF32InfinityBits;
  if (strange == 0)
    return values;
  int64_t index =
      llvm::find_if(values, [](float value) { return !std::isfinite(value); }) -
      values.begin();
  int64_t columns = tensor.shape.back();
  return checkpoint.makeError(
      step.source, "expected finite numbers, got " +
                       Twine(std::isnan(values[index]) ? "NaN" : "infinity") +
                       " in row " + Twine((begin + index) / columns) +
                       ", column " + Twine((begin + index) % columns));
}

/// Reads rows of a plain weight as f32; of a transposed one, those of a whole
/// matrix.
Expected<std::vector<float>> StepWork::readNumbers(const ConversionStep &step,
                                                   int64_t first,
                                                   int64_t count) const {
  int64_t columns = step.shape.back();
  Expected<std::vector<float>> values =
      readElements(step, first * columns, count * columns);
  if (!values || !step.isTransposed)
    return values;
  std::vector<float> rows(values->size());
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < count; ++row)
      rows[row * columns + column] = (*values)[column * count + row];
  return rows;
}

Error StepWork::quantizeRows(const ConversionStep &step, float tensorScale,
                             int64_t first, int64_t count) {
  Expected<std::vector<float>> values = readNumbers(step, first, count);
  if (!values)
    return values.takeError();
  const BlockFormat &format = step.target->format;
  int64_t columns = step.shape.back();
  int64_t payloadBytes = getPayloadRowBytes(format, columns);
  int64_t scaleBytes = getScaleRowBytes(format, columns);
  unsigned bits = mxnum::getElementInfo(format.element).bits;
  mxnum::QuantizeOptions options;
  options.rule = step.rule;
  WeightRows rows;
  rows.payload.resize(count * payloadBytes);
  rows.scales.resize(count * scaleBytes);
  std::vector<uint8_t> codes(columns);
  for (int64_t row = 0; row < count; ++row) {
    mxnum::quantizeRow(format, options, tensorScale,
                       values->data() + row * columns, columns, /*index=*/0,
                       codes.data(), rows.scales.data() + row * scaleBytes);
    mxnum::packRow(codes.data(), columns, bits,
                   rows.payload.data() + row * payloadBytes);
  }
  return writeRows(step, rows, first);
}

/// Quantises a matrix by GPTQ, for which all of it must be there.
Error StepWork::quantizeWhole(const ConversionStep &step, float tensorScale) {
  int64_t rows = countRows(step.shape), columns = step.shape.back();
  Expected<SiteStatistics> statistics =
      plan.calibration->read(step.site, columns);
  if (!statistics)
    return statistics.takeError();
  Expected<std::vector<float>> values = readNumbers(step, 0, rows);
  if (!values)
    return values.takeError();
  mxquant::GptqOptions options;
  options.format = step.target->format;
  options.quantize.rule = step.rule;
  if (options.format.tensorScale)
    options.quantize.tensorScale = tensorScale;
  mxquant::GptqResult result = mxquant::quantizeGptq(
      values->data(), rows, columns, statistics->getHessian(parallel), options,
      parallel);
  if (result.fellBack)
    note = "no damping sufficed, so numbers were rounded to nearest";
  else if (result.deadColumns != 0)
    note = std::to_string(result.deadColumns) +
           " columns that no activation reaches became zero";
  return writeRows(
      step, {std::move(result.tensor.payload), std::move(result.tensor.scales)},
      0);
}

Error StepWork::quantize(const ConversionStep &step) {
  Expected<float> tensorScale = chooseTensorScale(step);
  if (!tensorScale)
    return tensorScale.takeError();
  if (!step.tensorScale.empty())
    if (Error error = writeScale(step, step.tensorScale, *tensorScale))
      return error;
  if (!step.site.empty())
    return quantizeWhole(step, *tensorScale);
  return forPieces(countRows(step.shape), getPieceRows(step),
                   [&](int64_t first, int64_t count) {
                     return quantizeRows(step, *tensorScale, first, count);
                   });
}

Error StepWork::copy(const ConversionStep &step) {
  const CheckpointTensor &tensor = *checkpoint.lookup(step.source);
  return forPieces(tensor.bytes, kPieceBytes,
                   [&](int64_t first, int64_t count) -> Error {
                     std::vector<char> bytes(count);
                     if (Error error = checkpoint.read(tensor, first, bytes))
                       return error;
                     return write(step.payload, first, bytes);
                   });
}

Error StepWork::carryOut(const ConversionStep &step) {
  switch (step.kind) {
  case StepKind::Copy:
    return copy(step);
  case StepKind::Convert:
    return convert(step);
  case StepKind::Quantize:
    return quantize(step);
  case StepKind::Drop:
    return Error::success();
  }
  return Error::success();
}

Error StepWork::run(const ConversionStep &step) {
  note.clear();
  Error error = carryOut(step);
  inputFailed = error && !writeFailed;
  return error;
}
