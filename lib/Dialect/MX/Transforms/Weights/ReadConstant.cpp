//===- ReadConstant.cpp - the numbers of one constant ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The bytes of a resource may lie in a mapped file, at any address, and are
// read once. A transpose is applied while reading, in tiles, so that both sides
// are used a cache line at a time.
//===----------------------------------------------------------------------===//

#include "Weights/ReadConstant.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MappedPages.h"
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
    return mxnum::bf16ToF32(bits);
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
/// dimensions, the distance in the source of neighbours along each, and the
/// position of the first.
struct StridedView {
  SmallVector<int64_t> sizes;
  SmallVector<int64_t> strides;
  int64_t first = 0;

  /// Whether they lie next to each other.
  bool isRun() const {
    return sizes.size() == 2 && sizes[0] == 1 && strides[1] == 1;
  }
};

} // namespace

/// The view of a part of a row-major source of `shape`, with as few dimensions
/// as possible and at least two.
static StridedView getView(ArrayRef<int64_t> shape, const SliceView &part) {
  SmallVector<int64_t> sourceStrides = computeSuffixProduct(shape);
  StridedView view;
  view.first = linearize(part.offsets, sourceStrides);
  for (int64_t dim : part.permutation) {
    int64_t size = part.sizes[dim];
    int64_t stride = sourceStrides[dim] * part.strides[dim];
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
  int64_t least = llvm::min_element(strides) - strides.begin();
  bool isRow = strides[last] == 1 || least == last;
  int64_t row = isRow ? last - 1 : least;
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
      readTile(read, view.first + linearize(index, strides),
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

/// Reads a part of `raw`, elements of `shape`.
template <typename Reader>
static std::vector<float>
readElements(const RawElements &raw, ArrayRef<int64_t> shape,
             const SliceView &part, const mxquant::ParallelFor &parallel) {
  int64_t count = computeProduct(part.sizes);
  if (raw.isSplat)
    return std::vector<float>(count, Reader{raw.bytes.data()}(0));
  std::vector<float> values(count);
  if (count == 0)
    return values;
  StridedView view = getView(shape, part);
  size_t width = raw.bytes.size() / computeProduct(shape);
  if (view.isRun())
    readInOrder<Reader>(raw.bytes.slice(view.first * width, count * width),
                        values, parallel);
  else
    readView(Reader{raw.bytes.data()}, view, values.data(), parallel);
  return values;
}

/// Reads a part of an arith.constant.
static FailureOr<std::vector<float>>
readPlainConstant(Operation *constant, const SliceView &part,
                  const mxquant::ParallelFor &parallel) {
  auto attr = cast<ElementsAttr>(getConstantValue(constant));
  FailureOr<RawElements> raw = getCheckedElements(constant, attr);
  if (failed(raw))
    return failure();
  ArrayRef<int64_t> shape = attr.getShapedType().getShape();
  Type element = attr.getElementType();
  if (element.isF32())
    return readElements<F32Reader>(*raw, shape, part, parallel);
  if (element.isBF16())
    return readElements<BF16Reader>(*raw, shape, part, parallel);
  return readElements<F16Reader>(*raw, shape, part, parallel);
}

std::vector<float> mlir::mx::takePart(const std::vector<float> &values,
                                      ArrayRef<int64_t> shape,
                                      const SliceView &part,
                                      const mxquant::ParallelFor &parallel) {
  ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()),
                       values.size() * sizeof(float));
  return readElements<F32Reader>({bytes}, shape, part, parallel);
}

/// Decodes a part of an mx.constant.
static FailureOr<std::vector<float>>
decodeConstant(ConstantOp constant, const SliceView &part,
               const mxquant::ParallelFor &parallel) {
  BlockElementsAttr attr = constant.getValue();
  for (ElementsAttr data : {attr.getPayload(), attr.getScales()})
    if (failed(getCheckedElements(constant, data)))
      return failure();
  BlockTensorType type = constant.getType();
  std::vector<float> values = mxnum::dequantize(*getBlockTensor(type, attr));
  if (part.sizes == type.getShape() && isIdentityPermutation(part.permutation))
    return values;
  return takePart(values, type.getShape(), part, parallel);
}

FailureOr<std::vector<float>>
mlir::mx::readConstant(Operation *constant, const SliceView &part,
                       const mxquant::ParallelFor &parallel) {
  if (auto block = dyn_cast<ConstantOp>(constant))
    return decodeConstant(block, part, parallel);
  return readPlainConstant(constant, part, parallel);
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
