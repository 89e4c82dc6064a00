//===- MXFolds.cpp - folders of the mx operations -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Constants are folded by lib/Numerics, so a folded result has the bits that
// the lowered code would compute. Other folds keep every bit: they undo pairs
// of operations that only move data.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mlir;
using namespace mlir::mx;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// Whether `op` and the operations of its kind before it form a chain that
/// ends. Graph regions and unreachable code may hold cycles, in which composing
/// would go on for ever.
template <typename OpT>
static bool isInChain(OpT op) {
  llvm::SmallPtrSet<Operation *, 8> seen;
  for (; op; op = op.getSource().template getDefiningOp<OpT>())
    if (!seen.insert(op).second)
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Rows of codes
//===----------------------------------------------------------------------===//

/// Length of a row and number of rows of a static shape.
static std::pair<int64_t, int64_t> getRows(ArrayRef<int64_t> shape) {
  return {shape.back(), ShapedType::getNumElements(shape.drop_back())};
}

static std::vector<uint8_t> packRows(ArrayRef<uint8_t> codes,
                                     ArrayRef<int64_t> shape, unsigned bits) {
  auto [length, rows] = getRows(shape);
  int64_t rowBytes = mxnum::getPackedBytes(length, bits);
  std::vector<uint8_t> bytes(rows * rowBytes);
  for (int64_t row = 0; row < rows; ++row)
    mxnum::packRow(codes.data() + row * length, length, bits,
                   bytes.data() + row * rowBytes);
  return bytes;
}

static std::vector<uint8_t> unpackRows(ArrayRef<uint8_t> bytes,
                                       ArrayRef<int64_t> shape, unsigned bits) {
  auto [length, rows] = getRows(shape);
  int64_t rowBytes = mxnum::getPackedBytes(length, bits);
  std::vector<uint8_t> codes(rows * length);
  for (int64_t row = 0; row < rows; ++row)
    mxnum::unpackRow(bytes.data() + row * rowBytes, length, bits,
                     codes.data() + row * length);
  return codes;
}

//===----------------------------------------------------------------------===//
// mx.bundle and mx.unbundle
//===----------------------------------------------------------------------===//

/// mx.bundle(mx.unbundle(x)) ⇒ x, if all parts come from the same one and the
/// type is that of x.
static Value foldBundleOfUnbundle(BundleOp op) {
  auto unbundle = op.getPayload().getDefiningOp<UnbundleOp>();
  if (!unbundle || op.getPayload() != unbundle.getPayload() ||
      op.getScales() != unbundle.getScales() ||
      op.getTensorScale() != unbundle.getTensorScale() ||
      unbundle.getSource() == op.getResult() ||
      unbundle.getSource().getType() != op.getResult().getType())
    return {};
  return unbundle.getSource();
}

OpFoldResult BundleOp::fold(FoldAdaptor adaptor) {
  if (Value source = foldBundleOfUnbundle(*this))
    return source;
  BlockTensorType type = getResult().getType();
  if (!isFoldable(type.getShape()))
    return {};
  auto payload = getBytes(adaptor.getPayload());
  auto scales = getBytes(adaptor.getScales());
  if (!payload || !scales)
    return {};
  mxnum::BlockTensor tensor;
  tensor.payload = std::move(*payload);
  tensor.scales = std::move(*scales);
  if (!cast<ShapedType>(getPayload().getType()).getElementType().isInteger(8))
    tensor.payload = packRows(tensor.payload, type.getShape(),
                              type.getFormat().getElementBits());
  if (getTensorScale()) {
    std::optional<float> tensorScale = getScalar(adaptor.getTensorScale());
    if (!tensorScale)
      return {};
    tensor.tensorScale = *tensorScale;
  }
  return createBlockElements(type, tensor);
}

/// mx.unbundle(mx.bundle(parts)) ⇒ parts, if they have the types asked for.
static LogicalResult
foldUnbundleOfBundle(UnbundleOp op, SmallVectorImpl<OpFoldResult> &results) {
  auto bundle = op.getSource().getDefiningOp<BundleOp>();
  if (!bundle || bundle->getOperandTypes() != op->getResultTypes() ||
      llvm::is_contained(bundle->getOperands(), op.getPayload()) ||
      llvm::is_contained(bundle->getOperands(), op.getScales()))
    return failure();
  llvm::append_range(results, bundle->getOperands());
  return success();
}

LogicalResult UnbundleOp::fold(FoldAdaptor adaptor,
                               SmallVectorImpl<OpFoldResult> &results) {
  if (succeeded(foldUnbundleOfBundle(*this, results)))
    return success();
  BlockTensorType type = getSource().getType();
  auto value = dyn_cast_or_null<BlockElementsAttr>(adaptor.getSource());
  if (!value || !isFoldable(type.getShape()))
    return failure();
  std::optional<mxnum::BlockTensor> tensor = getBlockTensor(type, value);
  auto payloadType = cast<RankedTensorType>(getPayload().getType());
  auto scalesType = cast<RankedTensorType>(getScales().getType());
  if (!tensor || !payloadType.hasStaticShape() || !scalesType.hasStaticShape())
    return failure();
  if (!payloadType.getElementType().isInteger(8))
    tensor->payload = unpackRows(tensor->payload, type.getShape(),
                                 type.getFormat().getElementBits());
  results.push_back(createBytes(payloadType, tensor->payload, "mx_payload"));
  results.push_back(createBytes(scalesType, tensor->scales, "mx_scales"));
  if (getTensorScale())
    results.push_back(
        DenseElementsAttr::get(type.getTensorScaleType(), tensor->tensorScale));
  return success();
}

//===----------------------------------------------------------------------===//
// mx.quantize, mx.dequantize and mx.rotate
//===----------------------------------------------------------------------===//

/// Rotates row-major numbers along `axis` (N6).
static void rotateNumbers(std::vector<float> &numbers, ArrayRef<int64_t> shape,
                          int64_t axis, HadamardAttr rotation, bool inverse) {
  int64_t size = rotation.getSize();
  int64_t length = shape[axis];
  int64_t stride = ShapedType::getNumElements(shape.drop_front(axis + 1));
  int64_t outer = ShapedType::getNumElements(shape.take_front(axis));
  const int8_t *signs =
      rotation.getSigns().empty() ? nullptr : rotation.getSigns().data();
  std::vector<float> group(size);
  for (int64_t row = 0; row < outer; ++row)
    for (int64_t start = 0; start < length; start += size)
      for (int64_t inner = 0; inner < stride; ++inner) {
        float *first = numbers.data() + (row * length + start) * stride + inner;
        for (int64_t i = 0; i < size; ++i)
          group[i] = first[i * stride];
        mxnum::rotateGroup(group.data(), size, signs, inverse);
        for (int64_t i = 0; i < size; ++i)
          first[i * stride] = group[i];
      }
}

/// Reads the operands that decide a quantisation beside its source. Fails if
/// one is not constant.
static LogicalResult getOptions(QuantizeOp op, QuantizeOp::FoldAdaptor adaptor,
                                mxnum::QuantizeOptions &options) {
  options.rule = toNumerics(op.getScaleRule());
  options.rounding = toNumerics(op.getRounding());
  options.randomBits = op.getRandomBits();
  options.satfinite = op.getSatfinite();
  if (op.getTensorScale()) {
    options.tensorScale = getScalar(adaptor.getTensorScale());
    if (!options.tensorScale)
      return failure();
  }
  if (op.getSeed()) {
    auto seed = dyn_cast_or_null<IntegerAttr>(adaptor.getSeed());
    if (!seed)
      return failure();
    options.seed = seed.getValue().getZExtValue();
  }
  return success();
}

OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) {
  BlockTensorType type = getResult().getType();
  mxnum::QuantizeOptions options;
  if (!adaptor.getSource() || !isFoldable(type.getShape()) ||
      failed(getOptions(*this, adaptor, options)))
    return {};
  std::optional<std::vector<float>> numbers = getNumbers(adaptor.getSource());
  if (!numbers)
    return {};
  if (getRotate())
    rotateNumbers(*numbers, type.getShape(), type.getAxis(), type.getRotation(),
                  /*inverse=*/false);
  return createBlockElements(
      type, mxnum::quantize(
                type.getFormat().getBlockFormat(), options, numbers->data(),
                std::vector<int64_t>(type.getShape()), type.getAxis()));
}

OpFoldResult DequantizeOp::fold(FoldAdaptor adaptor) {
  auto value = dyn_cast_or_null<BlockElementsAttr>(adaptor.getSource());
  auto resultType = cast<RankedTensorType>(getResult().getType());
  if (!value || !isFoldable(resultType.getShape()))
    return {};
  std::optional<mxnum::BlockTensor> tensor =
      getBlockTensor(getSource().getType(), value);
  if (!tensor)
    return {};
  return createNumbers(resultType, mxnum::decodeAll(*tensor));
}

OpFoldResult RotateOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (!adaptor.getSource() || !isFoldable(type.getShape()))
    return {};
  std::optional<std::vector<float>> numbers = getNumbers(adaptor.getSource());
  if (!numbers)
    return {};
  rotateNumbers(*numbers, type.getShape(), getAxis(), getRotation(),
                getInverse());
  return createNumbers(type,
                       std::vector<double>(numbers->begin(), numbers->end()));
}

//===----------------------------------------------------------------------===//
// mx.transpose and mx.reshape
//===----------------------------------------------------------------------===//

/// Permutes the dimensions of row-major bytes.
static std::vector<uint8_t> transposeBytes(ArrayRef<uint8_t> bytes,
                                           ArrayRef<int64_t> shape,
                                           ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> strides = computeSuffixProduct(shape);
  SmallVector<int64_t> resultShape = applyPermutation(shape, permutation);
  SmallVector<int64_t> resultStrides =
      applyPermutation(ArrayRef<int64_t>(strides), permutation);
  std::vector<uint8_t> result(bytes.size());
  SmallVector<int64_t> index(shape.size(), 0);
  for (uint8_t &byte : result) {
    int64_t offset = 0;
    for (auto [position, stride] : llvm::zip(index, resultStrides))
      offset += position * stride;
    byte = bytes[offset];
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      if (++index[dim] < resultShape[dim])
        break;
      index[dim] = 0;
    }
  }
  return result;
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (!isInChain(*this))
    return {};
  if (isIdentityPermutation(getPermutation()) &&
      getSource().getType() == getResult().getType())
    return getSource();
  // transpose(transpose(x, p), q) ⇒ transpose(x, p∘q)
  if (auto inner = getSource().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> composed =
        applyPermutation(inner.getPermutation(), getPermutation());
    setPermutation(composed);
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  BlockTensorType type = getSource().getType();
  auto value = dyn_cast_or_null<BlockElementsAttr>(adaptor.getSource());
  std::optional<mxnum::BlockTensor> tensor;
  if (value && isFoldable(type.getShape()))
    tensor = getBlockTensor(type, value);
  if (!tensor)
    return {};
  BlockTensorType resultType = getResult().getType();
  unsigned bits = type.getFormat().getElementBits();
  std::vector<uint8_t> codes =
      unpackRows(tensor->payload, type.getShape(), bits);
  codes = transposeBytes(codes, type.getShape(), getPermutation());
  tensor->payload = packRows(codes, resultType.getShape(), bits);
  tensor->scales = transposeBytes(
      tensor->scales, type.getPackedScalesType().getShape(), getPermutation());
  return createBlockElements(resultType, *tensor);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (!isInChain(*this))
    return {};
  if (getSource().getType() == getResult().getType())
    return getSource();
  // reshape(reshape(x)) ⇒ reshape(x)
  if (auto inner = getSource().getDefiningOp<ReshapeOp>()) {
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  auto value = dyn_cast_or_null<BlockElementsAttr>(adaptor.getSource());
  if (!value || !isFoldable(getSource().getType().getShape()))
    return {};
  std::optional<mxnum::BlockTensor> tensor =
      getBlockTensor(getSource().getType(), value);
  if (!tensor)
    return {};
  return createBlockElements(getResult().getType(), *tensor);
}
