//===- StoredWeight.cpp - block-scaled weights in a checkpoint ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A tensor is the payload of a weight if its name and type are those of a row
// of the table; several rows may have the same. The row whose other parts fit
// is taken, and if none does, the error is that of the one that comes closest.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/StoredWeight.h"
#include "JsonText.h"
#include "SafetensorsHeader.h"
#include "mx/Numerics/FloatBits.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <cmath>
#include <set>

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
using mxnum::BlockFormat;

int64_t StoredWeight::getRows() const {
  int64_t rows = 1;
  for (int64_t size : ArrayRef<int64_t>(shape).drop_back())
    rows *= size;
  return rows;
}

int64_t mlir::mx::getPayloadRowBytes(const BlockFormat &format,
                                     int64_t columns) {
  return mxnum::getPackedBytes(columns,
                               mxnum::getElementInfo(format.element).bits);
}

int64_t mlir::mx::getScaleRowBytes(const BlockFormat &format, int64_t columns) {
  return columns / format.block;
}

//===----------------------------------------------------------------------===//
// Tensor scales
//===----------------------------------------------------------------------===//

float mlir::mx::decodeTensorScale(ScaleDirection direction, float stored) {
  // N8.6: the reciprocal, rounded once.
  return direction == ScaleDirection::Divide ? 1.0f / stored : stored;
}

std::optional<float> mlir::mx::encodeTensorScale(ScaleDirection direction,
                                                 float tensorScale) {
  if (direction != ScaleDirection::Divide)
    return tensorScale;
  // Reciprocals are about as dense as numbers, so a neighbour may do.
  uint32_t nearest = mxnum::toBits(1.0f / tensorScale);
  for (uint32_t bits : {nearest, nearest - 1, nearest + 1}) {
    float stored = mxnum::fromBits(bits);
    if (std::isfinite(stored) && 1.0f / stored == tensorScale)
      return stored;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Finding
//===----------------------------------------------------------------------===//

/// What the payload of a weight says of its shape, or nothing.
static std::optional<std::vector<int64_t>>
inferShape(const Convention &row, ArrayRef<int64_t> payload) {
  std::vector<int64_t> shape(payload.begin(), payload.end());
  unsigned bits = mxnum::getElementInfo(row.format.element).bits;
  int64_t blockBytes = mxnum::getPackedBytes(row.format.block, bits);
  if (row.payload.shape == PartShape::Blocks) {
    if (shape.size() < 3 || shape.back() != blockBytes)
      return std::nullopt;
    shape.pop_back();
    shape.back() *= row.format.block;
  } else if (row.payload.shape == PartShape::Packed && !shape.empty()) {
    if (shape.back() % blockBytes != 0)
      return std::nullopt;
    shape.back() = shape.back() / blockBytes * row.format.block;
  }
  if (shape.size() < 2 || shape.back() == 0 ||
      shape.back() % getStoredBlock(row) != 0)
    return std::nullopt;
  return shape;
}

/// Whether a tensor has the type and shape of a part. A scalar may be stored as
/// [] or [1], whatever the row says.
static bool isPart(const CheckpointTensor &tensor, const PartRule &part,
                   const BlockFormat &format, ArrayRef<int64_t> shape) {
  if (tensor.type != part.type)
    return false;
  if (part.shape == PartShape::Scalar || part.shape == PartShape::One)
    return tensor.shape.empty() || tensor.shape == std::vector<int64_t>{1};
  return tensor.shape == getPartShape(format, part.shape, shape);
}

namespace {

class WeightFinder {
public:
  explicit WeightFinder(const Checkpoint &checkpoint)
      : checkpoint(checkpoint) {}

  Expected<std::vector<StoredWeight>> run();

private:
  /// What is wrong with a weight by one row, and how far it got.
  struct Mismatch {
    unsigned fitting = 0;
    std::string text;
  };

  Error tryTensor(StringRef name, const CheckpointTensor &tensor);
  std::optional<Mismatch> explain(const Convention &row, StoredWeight &weight,
                                  const CheckpointTensor &tensor) const;
  std::optional<Mismatch> explainPart(const StoredWeight &weight,
                                      const PartRule &part,
                                      unsigned fitting) const;
  Error add(StoredWeight weight);
  Expected<float> readScalar(StringRef name, ScaleDirection direction) const;
  Error checkOrphans() const;

  const Checkpoint &checkpoint;
  std::vector<StoredWeight> weights;
  std::set<std::string, std::less<>> claimed;
};

} // namespace

/// Whether a tensor is a payload by this row. The name `.weight` alone says
/// nothing: one of the other parts must be there too.
static bool isPayload(const Checkpoint &checkpoint, const Convention &row,
                      StringRef name, const CheckpointTensor &tensor) {
  if (row.file != checkpoint.getFormat() || tensor.type != row.payload.type ||
      !name.ends_with(row.payload.suffix))
    return false;
  if (row.isInterleaved() || row.payload.suffix != ".weight")
    return true;
  StringRef stem = name.drop_back(row.payload.suffix.size());
  return checkpoint.lookup((stem + row.scales.suffix).str()) ||
         checkpoint.lookup((stem + row.tensorScale.suffix).str());
}

std::optional<WeightFinder::Mismatch>
WeightFinder::explainPart(const StoredWeight &weight, const PartRule &part,
                          unsigned fitting) const {
  if (part.shape == PartShape::None)
    return std::nullopt;
  std::string name = weight.stem + part.suffix.str();
  const CheckpointTensor *tensor = checkpoint.lookup(name);
  if (tensor && isPart(*tensor, part, weight.convention->format, weight.shape))
    return std::nullopt;
  std::vector<int64_t> shape =
      getPartShape(weight.convention->format, part.shape, weight.shape);
  return Mismatch{
      // A tensor of the right type says more than a missing one.
      fitting + (tensor && tensor->type == part.type ? 1u : 0u),
      "expected " + quoteText(name) + " to be " +
          quoteText(formatStored(part.type, shape)) + ", got " +
          (tensor ? quoteText(formatStored(tensor->type, tensor->shape))
                  : "none")};
}

/// Fills `weight` as this row wants it; returns what does not fit.
std::optional<WeightFinder::Mismatch>
WeightFinder::explain(const Convention &row, StoredWeight &weight,
                      const CheckpointTensor &tensor) const {
  weight.convention = &row;
  std::optional<std::vector<int64_t>> shape = inferShape(row, tensor.shape);
  if (!shape)
    return Mismatch{0, ("expected rows of whole blocks of " +
                        Twine(getStoredBlock(row)) + " in " +
                        getStoredFormatName(row.format) + ", got " +
                        quoteText(formatStored(tensor.type, tensor.shape)))
                           .str()};
  weight.shape = std::move(*shape);
  if (std::optional<Mismatch> scales = explainPart(weight, row.scales, 1))
    return scales;
  weight.scales =
      row.isInterleaved() ? "" : weight.stem + row.scales.suffix.str();
  // ggml's scale of a tensor is optional.
  std::string tensorScale = weight.stem + row.tensorScale.suffix.str();
  bool isOptional = row.isInterleaved() && !checkpoint.lookup(tensorScale);
  if (row.tensorScale.shape == PartShape::None || isOptional)
    return std::nullopt;
  weight.tensorScaleName = tensorScale;
  return explainPart(weight, row.tensorScale, 3);
}

/// Adds the weight of which `tensor` is the payload, if it is one.
Error WeightFinder::tryTensor(StringRef name, const CheckpointTensor &tensor) {
  std::optional<Mismatch> closest;
  for (const Convention &row : getConventions()) {
    if (!isPayload(checkpoint, row, name, tensor))
      continue;
    StoredWeight weight;
    weight.stem = name.drop_back(row.payload.suffix.size()).str();
    weight.payload = name.str();
    std::optional<Mismatch> mismatch = explain(row, weight, tensor);
    if (!mismatch)
      return add(std::move(weight));
    if (!closest || mismatch->fitting > closest->fitting)
      closest = std::move(mismatch);
  }
  return closest ? checkpoint.makeError(name, closest->text) : Error::success();
}

Expected<float> WeightFinder::readScalar(StringRef name,
                                         ScaleDirection direction) const {
  char bytes[sizeof(float)];
  if (Error error = checkpoint.read(*checkpoint.lookup(name), 0, bytes))
    return error;
  float stored = llvm::bit_cast<float>(llvm::support::endian::read32le(bytes));
  float scale = decodeTensorScale(direction, stored);
  if (stored > 0 && std::isfinite(stored) && scale > 0 && std::isfinite(scale))
    return scale;
  return checkpoint.makeError(
      name, "expected a positive number with a reciprocal, got " +
                Twine(std::to_string(stored)));
}

Error WeightFinder::add(StoredWeight weight) {
  const Convention &row = *weight.convention;
  if (!weight.tensorScaleName.empty()) {
    Expected<float> scale = readScalar(weight.tensorScaleName, row.direction);
    if (!scale)
      return scale.takeError();
    weight.tensorScale = *scale;
  }
  std::string inputScale = weight.stem + row.inputScale.str();
  const CheckpointTensor *input =
      row.inputScale.empty() ? nullptr : checkpoint.lookup(inputScale);
  if (input && input->type == "F32" && input->bytes == sizeof(float))
    weight.inputScaleName = inputScale;
  for (const std::string &part :
       {weight.payload, weight.scales, weight.tensorScaleName,
        weight.inputScaleName})
    claimed.insert(part);
  weights.push_back(std::move(weight));
  return Error::success();
}

/// Fails if there are scales of blocks without a payload.
Error WeightFinder::checkOrphans() const {
  for (auto &[name, tensor] : checkpoint.getTensors())
    for (const Convention &row : getConventions()) {
      if (row.file != checkpoint.getFormat() || row.isInterleaved() ||
          tensor.type != row.scales.type || tensor.shape.size() < 2 ||
          !StringRef(name).ends_with(row.scales.suffix) || claimed.count(name))
        continue;
      StringRef stem = StringRef(name).drop_back(row.scales.suffix.size());
      std::string payload = (stem + row.payload.suffix).str();
      // Somebody else's scales may be called the same.
      if (!checkpoint.lookup(payload) &&
          !checkpoint.lookup((stem + ".weight").str()))
        return checkpoint.makeError(name, "expected " + quoteText(payload) +
                                              " beside it, got none");
    }
  return Error::success();
}

/// Fails for a payload of torchao whose scales are in tiles (N8.5).
static Error checkTiles(const Checkpoint &checkpoint,
                        const StoredWeight &weight) {
  if (weight.convention->name != "torchao")
    return Error::success();
  auto found = checkpoint.getMetadata().find(weight.stem + ".weight");
  if (found == checkpoint.getMetadata().end() ||
      !StringRef(found->second).contains("\"is_swizzled_scales\": true"))
    return Error::success();
  return checkpoint.makeError(
      weight.scales,
      "expected scales in rows ('is_swizzled_scales' false in the metadata), "
      "got tiles");
}

Expected<std::vector<StoredWeight>> WeightFinder::run() {
  for (auto &[name, tensor] : checkpoint.getTensors())
    if (Error error = tryTensor(name, tensor))
      return error;
  for (const StoredWeight &weight : weights)
    if (Error error = checkTiles(checkpoint, weight))
      return error;
  if (Error error = checkOrphans())
    return error;
  return std::move(weights);
}

Expected<std::vector<StoredWeight>>
mlir::mx::findWeights(const Checkpoint &checkpoint) {
  return WeightFinder(checkpoint).run();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Reads `bytes` of a part from row `first` on.
static Error readRows(const Checkpoint &checkpoint, StringRef name,
                      int64_t first, int64_t rowBytes,
                      std::vector<uint8_t> &bytes) {
  return checkpoint.read(
      *checkpoint.lookup(name), first * rowBytes,
      {reinterpret_cast<char *>(bytes.data()), bytes.size()});
}

/// Reads rows of ggml's blocks and takes them apart.
static Error readInterleaved(const Checkpoint &checkpoint,
                             const StoredWeight &weight, int64_t first,
                             int64_t count, WeightRows &rows) {
  const Convention &row = *weight.convention;
  bool isNVFP4 = row.payload.type == "NVFP4";
  int64_t structBytes =
      isNVFP4 ? mxnum::kGgmlNVFP4Bytes : mxnum::kGgmlMXFP4Bytes;
  int64_t structs = weight.getColumns() / getStoredBlock(row);
  std::vector<uint8_t> bytes(count * structs * structBytes);
  if (Error error = readRows(checkpoint, weight.payload, first,
                             structs * structBytes, bytes))
    return error;
  (isNVFP4 ? mxnum::nvfp4FromGgml : mxnum::mxfp4FromGgml)(
      bytes.data(), count * structs, rows.payload.data(), rows.scales.data());
  return Error::success();
}

/// Fails if a scale is none of its type's numbers.
static Error checkScales(const Checkpoint &checkpoint,
                         const StoredWeight &weight, int64_t first,
                         ArrayRef<uint8_t> scales) {
  mxnum::ScaleType type = weight.convention->format.scale;
  uint8_t poison = mxnum::getPoisonScale(type);
  const uint8_t *wrong =
      llvm::find_if(scales, [&](uint8_t scale) { return scale >= poison; });
  if (wrong == scales.end())
    return Error::success();
  int64_t index = wrong - scales.begin();
  int64_t columns =
      getScaleRowBytes(weight.convention->format, weight.getColumns());
  return checkpoint.makeError(
      weight.scales.empty() ? weight.payload : weight.scales,
      "expected scales from 0 to " + Twine(poison - 1) + ", got " +
          Twine(static_cast<unsigned>(*wrong)) + " in row " +
          Twine(first + index / columns) + ", block " + Twine(index % columns));
}

Expected<WeightRows> mlir::mx::readWeightRows(const Checkpoint &checkpoint,
                                              const StoredWeight &weight,
                                              int64_t first, int64_t count) {
  const BlockFormat &format = weight.convention->format;
  int64_t payloadBytes = getPayloadRowBytes(format, weight.getColumns());
  int64_t scaleBytes = getScaleRowBytes(format, weight.getColumns());
  WeightRows rows;
  rows.payload.resize(count * payloadBytes);
  rows.scales.resize(count * scaleBytes);
  if (weight.convention->isInterleaved()) {
    if (Error error = readInterleaved(checkpoint, weight, first, count, rows))
      return error;
  } else {
    if (Error error = readRows(checkpoint, weight.payload, first, payloadBytes,
                               rows.payload))
      return error;
    if (Error error =
            readRows(checkpoint, weight.scales, first, scaleBytes, rows.scales))
      return error;
  }
  if (Error error = checkScales(checkpoint, weight, first, rows.scales))
    return error;
  return rows;
}
