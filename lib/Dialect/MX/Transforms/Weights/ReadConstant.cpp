//===- ReadConstant.cpp - the numbers of one constant ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The bytes of a resource may lie in a mapped file, at any address, and are
// read once. A transpose is applied while reading, in tiles, so that both sides
// are used a cache line at a time.
//===----------------------------------------------------------------------===//

#include "Weights/ReadConstant.h"
#include "Weights/MappedPages.h"
#include "Weights/WeightExpression.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Numerics/Half.h"
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

/// Elements of one piece of work.
static constexpr int64_t pieceElements = 1 << 16;
/// Elements that are read before their pages are released.
static constexpr int64_t stripElements = 1 << 23;
/// Side of the square that a transpose moves at once; its lines of both sides
/// fit the first-level cache.
static constexpr int64_t tileSide = 64;

void mlir::mx::forPieces(
    int64_t count, int64_t weight, const mxquant::ParallelFor &parallel,
    const std::function<void(int64_t begin, int64_t end)> &body) {
  int64_t piece =
      std::max<int64_t>(pieceElements / std::max<int64_t>(weight, 1), 1);
  parallel(llvm::divideCeil(count, piece), [&](int64_t index) {
    body(index * piece, std::min(count, (index + 1) * piece));
  });
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

namespace {

/// Numbers in memory of any alignment.
struct F32Reader {
  const char *bytes;
  float operator()(int64_t index) const {
    float value;
    std::memcpy(&value, bytes + 4 * index, sizeof(value));
    return value;
  }
};
struct BF16Reader {
  const char *bytes;
  float operator()(int64_t index) const {
    uint16_t bits;
    std::memcpy(&bits, bytes + 2 * index, sizeof(bits));
    // mxnum::bf16ToF32, in a form that is vectorised.
    uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof(value));
    return value;
  }
};
struct F16Reader {
  const char *bytes;
  float operator()(int64_t index) const {
    uint16_t bits;
    std::memcpy(&bits, bytes + 2 * index, sizeof(bits));
    return mxnum::f16ToF32(bits);
  }
};

/// Where the numbers of a result lie in the source: sizes of the result's
/// dimensions and the distance in the source of neighbours along each.
struct StridedView {
  SmallVector<int64_t> sizes;
  SmallVector<int64_t> strides;
};

} // namespace

/// The view of a row-major source of `shape` whose dimensions are permuted,
/// with as few dimensions as possible and at least two.
static StridedView getView(ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> sourceStrides = computeSuffixProduct(shape);
  StridedView view;
  for (int64_t dim : permutation) {
    int64_t size = shape[dim], stride = sourceStrides[dim];
    if (size == 1)
      continue;
    if (!view.sizes.empty() && view.strides.back() == stride * size) {
      view.sizes.back() *= size;
      view.strides.back() = stride;
      continue;
    }
    view.sizes.push_back(size);
    view.strides.push_back(stride);
  }
  while (view.sizes.size() < 2) {
    view.sizes.insert(view.sizes.begin(), 1);
    view.strides.insert(view.strides.begin(), 0);
  }
  if (view.strides.back() == 0)
    view.strides.back() = 1;
  return view;
}

/// Reads a tile: `sizes` and `strides` are those of its rows and columns.
template <typename Reader>
static void readTile(Reader read, int64_t source, float *result,
                     std::array<int64_t, 2> sizes,
                     std::array<int64_t, 2> strides, int64_t resultStride) {
  for (int64_t i = 0; i < sizes[0]; ++i, source += strides[0]) {
    float *row = result + i * resultStride;
    // The usual stride as a constant, so that the loop is vectorised.
    if (strides[1] == 1)
      for (int64_t j = 0; j < sizes[1]; ++j)
        row[j] = read(source + j);
    else
      for (int64_t j = 0; j < sizes[1]; ++j)
        row[j] = read(source + j * strides[1]);
  }
}

/// Reads a view in tiles of the dimension that is contiguous in the source and
/// of the one that is contiguous in the result. If they are the same, tiles are
/// pieces of rows.
template <typename Reader>
static void readView(Reader read, const StridedView &view, float *result,
                     const mxquant::ParallelFor &parallel) {
  ArrayRef<int64_t> sizes = view.sizes, strides = view.strides;
  int64_t last = sizes.size() - 1;
  bool isRow = strides[last] == 1;
  int64_t row = isRow ? last - 1 : llvm::min_element(strides) - strides.begin();
  int64_t rows = isRow ? 1 : tileSide,
          columns = isRow ? pieceElements : tileSide;
  SmallVector<int64_t> tiles(sizes);
  tiles[row] = llvm::divideCeil(sizes[row], rows);
  tiles[last] = llvm::divideCeil(sizes[last], columns);
  SmallVector<int64_t> basis = computeSuffixProduct(tiles);
  SmallVector<int64_t> resultStrides = computeSuffixProduct(sizes);
  auto readTiles = [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      SmallVector<int64_t> index = delinearize(tile, basis);
      index[row] *= rows;
      index[last] *= columns;
      readTile(read, linearize(index, strides),
               result + linearize(index, resultStrides),
               {std::min(rows, sizes[row] - index[row]),
                std::min(columns, sizes[last] - index[last])},
               {strides[row], strides[last]}, resultStrides[row]);
    }
  };
  int64_t tileElements = rows * std::min(columns, sizes[last]);
  forPieces(computeProduct(tiles), tileElements, parallel, readTiles);
}

/// The bytes of the elements of `constant`, as many as its type wants.
static FailureOr<RawElements> getCheckedElements(Operation *constant,
                                                 ElementsAttr attr) {
  std::optional<RawElements> raw = getRawElements(attr);
  if (!raw) {
    auto resource = cast<DenseResourceElementsAttr>(attr);
    return constant->emitOpError("expected data for the resource '")
           << resource.getRawHandle().getKey() << "', got none";
  }
  int64_t width = attr.getElementType().getIntOrFloatBitWidth() / 8;
  int64_t expected = raw->isSplat ? width : attr.getNumElements() * width;
  if (static_cast<int64_t>(raw->bytes.size()) != expected)
    return constant->emitOpError("expected data of ")
           << expected << " bytes for " << attr.getType() << ", got "
           << raw->bytes.size();
  return *raw;
}

/// Reads numbers in the order in which they lie. What has been read of a mapped
/// file is released, so that source and result need not both be in memory.
template <typename Reader>
static void readInOrder(ArrayRef<char> bytes, MutableArrayRef<float> values,
                        const mxquant::ParallelFor &parallel) {
  size_t width = bytes.size() / values.size();
  for (size_t begin = 0; begin < values.size(); begin += stripElements) {
    size_t count = std::min<size_t>(stripElements, values.size() - begin);
    ArrayRef<char> strip = bytes.slice(begin * width, count * width);
    StridedView view{{1, static_cast<int64_t>(count)}, {0, 1}};
    readView(Reader{strip.data()}, view, values.data() + begin, parallel);
    releasePages(strip);
  }
}

/// Reads `raw`, elements of `shape`, its dimensions permuted.
template <typename Reader>
static std::vector<float> readElements(const RawElements &raw,
                                       ArrayRef<int64_t> shape,
                                       ArrayRef<int64_t> permutation,
                                       const mxquant::ParallelFor &parallel) {
  int64_t count = computeProduct(shape);
  Reader read{raw.bytes.data()};
  if (raw.isSplat)
    return std::vector<float>(count, read(0));
  std::vector<float> values(count);
  if (count == 0)
    return values;
  if (isIdentityPermutation(permutation))
    readInOrder<Reader>(raw.bytes, values, parallel);
  else
    readView(read, getView(shape, permutation), values.data(), parallel);
  return values;
}

/// Reads an arith.constant, its dimensions permuted.
static FailureOr<std::vector<float>>
readPlainConstant(Operation *constant, ArrayRef<int64_t> permutation,
                  const mxquant::ParallelFor &parallel) {
  auto attr = cast<ElementsAttr>(getConstantValue(constant));
  FailureOr<RawElements> raw = getCheckedElements(constant, attr);
  if (failed(raw))
    return failure();
  ArrayRef<int64_t> shape = attr.getShapedType().getShape();
  Type element = attr.getElementType();
  if (element.isF32())
    return readElements<F32Reader>(*raw, shape, permutation, parallel);
  if (element.isBF16())
    return readElements<BF16Reader>(*raw, shape, permutation, parallel);
  return readElements<F16Reader>(*raw, shape, permutation, parallel);
}

std::vector<float> mlir::mx::transposeNumbers(
    const std::vector<float> &values, ArrayRef<int64_t> shape,
    ArrayRef<int64_t> permutation, const mxquant::ParallelFor &parallel) {
  ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()),
                       values.size() * sizeof(float));
  return readElements<F32Reader>({bytes}, shape, permutation, parallel);
}

/// Decodes an mx.constant, its dimensions permuted.
static FailureOr<std::vector<float>>
decodeConstant(ConstantOp constant, ArrayRef<int64_t> permutation,
               const mxquant::ParallelFor &parallel) {
  BlockElementsAttr attr = constant.getValue();
  for (ElementsAttr part : {attr.getPayload(), attr.getScales()})
    if (failed(getCheckedElements(constant, part)))
      return failure();
  BlockTensorType type = constant.getType();
  std::vector<float> values = mxnum::dequantize(*getBlockTensor(type, attr));
  if (isIdentityPermutation(permutation))
    return values;
  return transposeNumbers(values, type.getShape(), permutation, parallel);
}

FailureOr<std::vector<float>>
mlir::mx::readConstant(Operation *constant, ArrayRef<int64_t> permutation,
                       const mxquant::ParallelFor &parallel) {
  if (auto block = dyn_cast<ConstantOp>(constant))
    return decodeConstant(block, permutation, parallel);
  return readPlainConstant(constant, permutation, parallel);
}

FailureOr<std::vector<float>> mlir::mx::readFactor(Operation *constant) {
  Attribute attr = getConstantValue(constant);
  if (auto number = dyn_cast<FloatAttr>(attr)) {
    APFloat value = number.getValue();
    bool losesInfo;
    value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return std::vector<float>{value.convertToFloat()};
  }
  auto elements = cast<ElementsAttr>(attr);
  FailureOr<RawElements> raw = getCheckedElements(constant, elements);
  if (failed(raw))
    return failure();
  if (raw->isSplat)
    elements = cast<DenseElementsAttr>(elements).resizeSplat(
        elements.getShapedType().clone(ArrayRef<int64_t>{}));
  return *getNumbers(elements);
}
