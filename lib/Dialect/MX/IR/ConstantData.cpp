//===- ConstantData.cpp - constants as bytes and numbers ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Dialect/MX/IR/MappedPages.h"
#include "mx/Numerics/Half.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

/// Constants from this size on are resources, which text and hashing pass by.
static constexpr int64_t minResourceBytes = 1 << 16;

/// Constants with more elements are not folded.
static constexpr int64_t maxFoldedElements = int64_t(1) << 24;

bool mlir::mx::isFoldable(ArrayRef<int64_t> shape) {
  if (ShapedType::isDynamicShape(shape) || !isSupportedShape(shape))
    return false;
  int64_t count = 1;
  for (int64_t size : shape)
    count *= std::max<int64_t>(size, 1);
  return count <= maxFoldedElements;
}

std::optional<RawElements> mlir::mx::getRawElements(Attribute attr) {
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(attr))
    return RawElements{dense.getRawData(), dense.isSplat()};
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return std::nullopt;
  return RawElements{blob->getData()};
}

/// The raw bytes of a constant with `width` bytes for each element, splats
/// expanded.
static std::optional<std::vector<uint8_t>> getRawBytes(Attribute attr,
                                                       size_t width) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attr);
  std::optional<RawElements> data = getRawElements(attr);
  if (!elements || !data)
    return std::nullopt;
  size_t count = elements.getNumElements();
  auto [raw, isSplat] = *data;
  if (raw.size() != (isSplat ? width : count * width))
    return std::nullopt;
  std::vector<uint8_t> bytes(count * width);
  for (size_t i = 0; isSplat && i < count; ++i)
    std::memcpy(&bytes[i * width], raw.data(), width);
  if (!isSplat && !bytes.empty())
    std::memcpy(bytes.data(), raw.data(), bytes.size());
  return bytes;
}

std::optional<std::vector<float>> mlir::mx::getNumbers(Attribute attr) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attr);
  if (!elements)
    return std::nullopt;
  Type type = elements.getElementType();
  if (!type.isF32() && !type.isBF16() && !type.isF16())
    return std::nullopt;
  auto bytes = getRawBytes(attr, type.isF32() ? 4 : 2);
  if (!bytes)
    return std::nullopt;
  std::vector<float> numbers(elements.getNumElements());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (type.isF32()) {
      std::memcpy(&numbers[i], &(*bytes)[4 * i], 4);
      continue;
    }
    uint16_t bits;
    std::memcpy(&bits, &(*bytes)[2 * i], 2);
    numbers[i] = type.isBF16() ? mxnum::bf16ToF32(bits) : mxnum::f16ToF32(bits);
  }
  return numbers;
}

std::optional<float> mlir::mx::getScalar(Attribute attr) {
  auto numbers = getNumbers(attr);
  if (!numbers || numbers->size() != 1)
    return std::nullopt;
  return numbers->front();
}

std::optional<std::vector<uint8_t>> mlir::mx::getBytes(Attribute attr) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attr);
  if (!elements || (!elements.getElementType().isInteger(8) &&
                    !getSmallFloatBits(elements.getElementType())))
    return std::nullopt;
  return getRawBytes(attr, 1);
}

/// The resource that holds `raw`. Its key ends in a hash of the bytes, so that
/// keys do not depend on the order in which threads fold, and equal constants
/// share one.
static DenseResourceElementsHandle getResource(MLIRContext *context,
                                               ArrayRef<char> raw,
                                               size_t alignment,
                                               StringRef name) {
  uint64_t hash = llvm::xxh3_64bits(
      ArrayRef(reinterpret_cast<const uint8_t *>(raw.data()), raw.size()));
  std::string key = llvm::formatv("{0}_{1:x-16}", name, hash);
  auto &interface = DenseResourceElementsHandle::getManagerInterface(context);
  DialectResourceBlobManager &manager = interface.getBlobManager();
  auto find = [&]() -> DialectResourceBlobManager::BlobEntry * {
    auto *entry = manager.lookup(key);
    AsmResourceBlob *blob = entry ? entry->getBlob() : nullptr;
    bool holds =
        blob && blob->getData() == raw && blob->getDataAlignment() >= alignment;
    return holds ? entry : nullptr;
  };
  auto *dialect = context->getLoadedDialect<BuiltinDialect>();
  if (auto *entry = find())
    return DenseResourceElementsHandle(entry, dialect);
  DenseResourceElementsHandle inserted =
      interface.insert(key, createMappedBlob(raw, alignment));
  // Another thread may have been faster.
  if (inserted.getKey() != key)
    if (auto *entry = find())
      return DenseResourceElementsHandle(entry, dialect);
  return inserted;
}

ElementsAttr mlir::mx::createElements(RankedTensorType type, ArrayRef<char> raw,
                                      size_t alignment, StringRef name) {
  if (static_cast<int64_t>(raw.size()) < minResourceBytes)
    return DenseElementsAttr::getFromRawBuffer(type, raw);
  return DenseResourceElementsAttr::get(
      type, getResource(type.getContext(), raw, alignment, name));
}

ElementsAttr mlir::mx::createBytes(RankedTensorType type,
                                   ArrayRef<uint8_t> bytes, StringRef name) {
  ArrayRef<char> raw(reinterpret_cast<const char *>(bytes.data()),
                     bytes.size());
  return createElements(type, raw, /*alignment=*/1, name);
}

ElementsAttr mlir::mx::createNumbers(RankedTensorType type,
                                     ArrayRef<double> values) {
  Type element = type.getElementType();
  size_t width = element.isF32() ? 4 : 2;
  std::vector<char> raw(values.size() * width);
  for (auto [i, value] : llvm::enumerate(values)) {
    if (element.isF32()) {
      float rounded = static_cast<float>(value);
      std::memcpy(&raw[i * width], &rounded, width);
      continue;
    }
    uint16_t rounded =
        element.isBF16() ? mxnum::f64ToBF16(value) : mxnum::f64ToF16(value);
    std::memcpy(&raw[i * width], &rounded, width);
  }
  return createElements(type, raw, /*alignment=*/width, "mx_numbers");
}

BlockElementsAttr
mlir::mx::createBlockElements(BlockTensorType type,
                              const mxnum::BlockTensor &tensor) {
  MLIRContext *context = type.getContext();
  FloatAttr tensorScale;
  if (type.getFormat().getTensorScale())
    tensorScale =
        FloatAttr::get(Float32Type::get(context), APFloat(tensor.tensorScale));
  return BlockElementsAttr::get(
      context,
      createBytes(type.getPackedPayloadType(), tensor.payload, "mx_payload"),
      createBytes(type.getPackedScalesType(), tensor.scales, "mx_scales"),
      tensorScale);
}

std::optional<mxnum::BlockTensor>
mlir::mx::getBlockTensor(BlockTensorType type, BlockElementsAttr attr) {
  auto payload = getBytes(attr.getPayload());
  auto scales = getBytes(attr.getScales());
  if (!payload || !scales)
    return std::nullopt;
  mxnum::BlockTensor tensor;
  tensor.format = type.getFormat().getBlockFormat();
  tensor.shape.assign(type.getShape().begin(), type.getShape().end());
  tensor.axis = type.getAxis();
  tensor.payload = std::move(*payload);
  tensor.scales = std::move(*scales);
  if (FloatAttr tensorScale = attr.getTensorScale())
    tensor.tensorScale = tensorScale.getValue().convertToFloat();
  return tensor;
}
