//===- CheckReference.cpp - recompute operations by lib/Numerics ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One function for each packed operation. Buffers and numbers come in the
// order of CheckInterface.h. Encoding, decoding, rotation and packing are
// compared bit for bit (any NaN equals any NaN); products within N7.2.
//===----------------------------------------------------------------------===//

#include "CheckRuntime.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Matmul.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Numerics/Philox.h"
#include "mx/Numerics/Quantize.h"
#include "mx/Target/KernelRegistry.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::mx;

/// Results compared for each run of an operation, and terms of their sums.
static constexpr int64_t kMaxChecked = int64_t(1) << 16;
static constexpr int64_t kMaxProducts = int64_t(1) << 26;

//===----------------------------------------------------------------------===//
// Sampling and comparing
//===----------------------------------------------------------------------===//

/// Chooses `limit` of `count` indices, ascending: one at a fixed pseudo-random
/// place in each of `limit` equal stretches, and both ends of the first and
/// last `stretch` indices. All of them if there are no more than `limit`.
static std::vector<int64_t> chooseSamples(int64_t count, int64_t limit,
                                          int64_t stretch) {
  std::vector<int64_t> samples;
  limit = std::max<int64_t>(limit, 1);
  if (count <= limit) {
    for (int64_t i = 0; i < count; ++i)
      samples.push_back(i);
    return samples;
  }
  int64_t length = count / limit;
  for (int64_t i = 0; i < limit; ++i)
    samples.push_back(
        i * length + mxnum::getRandomBits(/*seed=*/0, i, /*bits=*/32) % length);
  for (int64_t corner : {int64_t(0), stretch - 1, count - stretch, count - 1})
    samples.push_back(corner);
  llvm::sort(samples);
  samples.erase(llvm::unique(samples), samples.end());
  return samples;
}

/// Rows of `rowLength` results each.
static std::vector<int64_t> chooseRows(int64_t rows, int64_t rowLength) {
  return chooseSamples(rows, kMaxChecked / std::max<int64_t>(rowLength, 1), 1);
}

template <typename T>
static void noteMismatch(CheckSite &site, int64_t row, int64_t column,
                         T expected, T got) {
  if (site.mismatches++ == 0)
    site.firstMismatch = llvm::formatv("row {0}, column {1}: expected {2}, got "
                                       "{3}",
                                       row, column, expected, got);
}

static bool haveSameBits(float expected, float got) {
  if (std::isnan(expected))
    return std::isnan(got);
  return llvm::bit_cast<uint32_t>(expected) == llvm::bit_cast<uint32_t>(got);
}

static void compareRow(CheckSite &site, int64_t row, ArrayRef<float> expected,
                       ArrayRef<float> got) {
  site.checked += expected.size();
  for (size_t i = 0; i < expected.size(); ++i)
    if (!haveSameBits(expected[i], got[i]))
      noteMismatch<double>(site, row, i, expected[i], got[i]);
}

static void compareRow(CheckSite &site, int64_t row, ArrayRef<uint8_t> expected,
                       ArrayRef<uint8_t> got) {
  site.checked += expected.size();
  for (size_t i = 0; i < expected.size(); ++i)
    if (expected[i] != got[i])
      noteMismatch<int>(site, row, i, expected[i], got[i]);
}

/// `value` rounded once to the type of a result.
static float narrow(DType type, double value) {
  if (type == DType::BF16)
    return mxnum::bf16ToF32(mxnum::f64ToBF16(value));
  if (type == DType::F16)
    return mxnum::f16ToF32(mxnum::f64ToF16(value));
  return static_cast<float>(value);
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

namespace {
/// A rotation from five numbers (CheckInterface.h).
struct Rotation {
  int64_t size;
  std::array<int8_t, mxnum::kMaxHadamard> signs;

  explicit Rotation(ArrayRef<int64_t> numbers) : size(numbers.front()) {
    for (int64_t i = 0; i < mxnum::kMaxHadamard; ++i)
      signs[i] = numbers[1 + i / 64] >> (i % 64) & 1 ? -1 : 1;
  }
  /// Rotates whole groups in place; nothing if there is no rotation.
  void apply(std::vector<float> &row, bool inverse) const {
    for (size_t start = 0; size != 0 && start + size <= row.size();
         start += size)
      mxnum::rotateGroup(row.data() + start, size, signs.data(), inverse);
  }
};
} // namespace

void CheckRuntime::checkTensorScale(CheckSite &site) {
  const CheckedBuffer &source = buffers[0];
  std::vector<float> all = SavedBuffer(source).values;
  // Rows are whole numbers of groups.
  Rotation(ArrayRef(numbers).drop_front(4)).apply(all, /*inverse=*/false);
  mxnum::QuantizeOptions options;
  options.rule = static_cast<mxnum::ScaleRule>(numbers[1]);
  options.rounding = static_cast<mxnum::Rounding>(numbers[2]);
  options.satfinite = numbers[3] != 0;
  float expected = mxnum::computeTensorScale(decodeFormat(numbers[0]), options,
                                             all.data(), all.size());
  site.total += 1;
  compareRow(site, 0, ArrayRef<float>(expected),
             ArrayRef<float>(buffers[1].getFloat(0, 0)));
}

namespace {
/// How the elements of a row are numbered for stochastic rounding (N5.1): the
/// logical tensor has the row's dimension at `axis`, not last.
struct RandomIndex {
  int64_t inner = 1;
  int64_t length;

  RandomIndex(ArrayRef<int64_t> shape, int64_t axis) : length(shape.back()) {
    for (int64_t size : shape.drop_back().drop_front(axis))
      inner *= size;
  }
  uint64_t getFirst(int64_t row) const {
    return static_cast<uint64_t>(row / inner) * length * inner + row % inner;
  }
};
} // namespace

void CheckRuntime::checkQuantize(CheckSite &site) {
  const CheckedBuffer &source = buffers[0];
  mxnum::BlockFormat format = decodeFormat(numbers[0]);
  mxnum::QuantizeOptions options;
  options.rule = static_cast<mxnum::ScaleRule>(numbers[1]);
  options.rounding = static_cast<mxnum::Rounding>(numbers[2]);
  options.satfinite = numbers[3] != 0;
  options.randomBits = static_cast<unsigned>(numbers[4]);
  options.seed = static_cast<uint64_t>(numbers[7]);
  bool hasTensorScale = numbers[6] != 0;
  float tensorScale = hasTensorScale ? buffers[1].getFloat(0, 0) : 1.0f;
  const CheckedBuffer &payload = buffers[1 + hasTensorScale];
  const CheckedBuffer &scales = buffers[2 + hasTensorScale];
  unsigned bits = mxnum::getElementInfo(format.element).bits;
  int64_t length = source.getRowLength(), rows = source.countRows();
  RandomIndex index(source.getShape(), numbers[5]);
  Rotation rotation(ArrayRef(numbers).drop_front(8));
  site.total += rows * (payload.getRowLength() + scales.getRowLength());
  std::vector<float> values;
  std::vector<uint8_t> codes(length), expectedScales, packed, got;
  for (int64_t row : chooseRows(rows, length)) {
    source.readRow(row, values);
    rotation.apply(values, /*inverse=*/false);
    expectedScales.clear();
    for (int64_t start = 0; start < length; start += format.block)
      expectedScales.push_back(mxnum::quantizeBlock(
          format, options, tensorScale, values.data() + start,
          std::min(format.block, length - start),
          index.getFirst(row) + start * index.inner, index.inner,
          codes.data() + start));
    packed.assign(mxnum::getPackedBytes(length, bits), 0);
    mxnum::packRow(codes.data(), length, bits, packed.data());
    payload.readRow(row, got);
    compareRow(site, row, packed, got);
    scales.readRow(row, got);
    compareRow(site, row, expectedScales, got);
  }
}

//===----------------------------------------------------------------------===//
// Decoding, rotating, packing
//===----------------------------------------------------------------------===//

void CheckRuntime::checkDequantize(CheckSite &site) {
  mxnum::BlockFormat format = decodeFormat(numbers[0]);
  bool hasTensorScale = numbers[1] != 0;
  float tensorScale = hasTensorScale ? buffers[2].getFloat(0, 0) : 1.0f;
  const CheckedBuffer &result = buffers.back();
  unsigned bits = mxnum::getElementInfo(format.element).bits;
  int64_t length = result.getRowLength(), rows = result.countRows();
  site.total += rows * length;
  std::vector<uint8_t> payload, scales;
  std::vector<float> expected(length), got;
  for (int64_t row : chooseRows(rows, length)) {
    buffers[0].readRow(row, payload);
    buffers[1].readRow(row, scales);
    for (int64_t k = 0; k < length; ++k)
      expected[k] = narrow(
          result.getType(),
          mxnum::decodeValue(format, mxnum::readCode(payload.data(), k, bits),
                             scales[k / format.block], tensorScale));
    result.readRow(row, got);
    compareRow(site, row, expected, got);
  }
}

void CheckRuntime::checkRotate(CheckSite &site) {
  const CheckedBuffer &source = buffers[0], &result = buffers[1];
  Rotation rotation(numbers);
  bool inverse = numbers[5] != 0;
  int64_t length = source.getRowLength(), rows = source.countRows();
  site.total += rows * length;
  std::vector<float> expected, got;
  for (int64_t row : chooseRows(rows, length)) {
    source.readRow(row, expected);
    rotation.apply(expected, inverse);
    for (float &value : expected)
      value = narrow(result.getType(), value);
    result.readRow(row, got);
    compareRow(site, row, expected, got);
  }
}

void CheckRuntime::checkPack(CheckSite &site) {
  const CheckedBuffer &source = buffers[0], &result = buffers[1];
  unsigned bits = static_cast<unsigned>(numbers[0]);
  int64_t rows = result.countRows();
  site.total += rows * result.getRowLength();
  std::vector<uint8_t> codes, expected, got;
  for (int64_t row : chooseRows(rows, source.getRowLength())) {
    source.readRow(row, codes);
    expected.assign(mxnum::getPackedBytes(codes.size(), bits), 0);
    mxnum::packRow(codes.data(), codes.size(), bits, expected.data());
    result.readRow(row, got);
    compareRow(site, row, expected, got);
  }
}

void CheckRuntime::checkUnpack(CheckSite &site) {
  const CheckedBuffer &source = buffers[0], &result = buffers[1];
  unsigned bits = static_cast<unsigned>(numbers[0]);
  int64_t rows = result.countRows(), length = result.getRowLength();
  site.total += rows * length;
  std::vector<uint8_t> packed, expected(length), got;
  for (int64_t row : chooseRows(rows, length)) {
    source.readRow(row, packed);
    mxnum::unpackRow(packed.data(), length, bits, expected.data());
    result.readRow(row, got);
    compareRow(site, row, expected, got);
  }
}

/// All rows of one matrix of bytes, or of the tiles of one: the matrix counts
/// as row `matrix` along the dimensions that lead its `rank`.
static std::vector<uint8_t> readMatrix(const CheckedBuffer &buffer,
                                       int64_t matrix, int64_t rank) {
  int64_t rows =
      ShapedType::getNumElements(buffer.getShape().take_back(rank).drop_back());
  std::vector<uint8_t> bytes, row;
  for (int64_t index = 0; index < rows; ++index) {
    buffer.readRow(matrix * rows + index, row);
    bytes.insert(bytes.end(), row.begin(), row.end());
  }
  return bytes;
}

/// Compares matrices of the result with what `move` makes of the source's.
template <typename Move>
static void compareMatrices(CheckSite &site, const CheckedBuffer &source,
                            int64_t sourceRank, const CheckedBuffer &result,
                            int64_t resultRank, Move move) {
  int64_t count =
      ShapedType::getNumElements(result.getShape().drop_back(resultRank));
  int64_t size =
      ShapedType::getNumElements(result.getShape().take_back(resultRank));
  site.total += count * size;
  std::vector<uint8_t> expected(size);
  for (int64_t matrix : chooseRows(count, size)) {
    std::vector<uint8_t> from = readMatrix(source, matrix, sourceRank);
    move(from.data(), expected.data());
    compareRow(site, matrix, expected, readMatrix(result, matrix, resultRank));
  }
}

static constexpr int64_t kMatrixRank = 2, kTilesRank = 4;

void CheckRuntime::checkTileScales(CheckSite &site) {
  ArrayRef<int64_t> shape = buffers[0].getShape().take_back(kMatrixRank);
  compareMatrices(site, buffers[0], kMatrixRank, buffers[1], kTilesRank,
                  [&](const uint8_t *scales, uint8_t *tiles) {
                    mxnum::scalesToTiles(scales, shape[0], shape[1], tiles);
                  });
}

void CheckRuntime::checkUntileScales(CheckSite &site) {
  ArrayRef<int64_t> shape = buffers[1].getShape().take_back(kMatrixRank);
  compareMatrices(site, buffers[0], kTilesRank, buffers[1], kMatrixRank,
                  [&](const uint8_t *tiles, uint8_t *scales) {
                    mxnum::scalesFromTiles(tiles, shape[0], shape[1], scales);
                  });
}

void CheckRuntime::checkInterleave(CheckSite &site) {
  ArrayRef<int64_t> shape = buffers[0].getShape().take_back(kMatrixRank);
  int64_t unit = numbers[0];
  int64_t units = buffers[1].getRowLength() / (unit * mxnum::kInterleavedRows);
  compareMatrices(site, buffers[0], kMatrixRank, buffers[1], kMatrixRank,
                  [&](const uint8_t *rows, uint8_t *target) {
                    mxnum::interleaveRows(rows, shape[0], shape[1], unit, units,
                                          static_cast<uint8_t>(numbers[1]),
                                          target);
                  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {

/// One operand of a product, row by row as f32 numbers (N7.1). Where rows lie
/// in groups (N8.7, N8.8) a matrix has `groupedRows`.
class MatmulSide {
public:
  MatmulSide(ArrayRef<CheckedBuffer> parts, int64_t format, int64_t k,
             WeightLayout layout = WeightLayout::Canonical,
             int64_t groupedRows = 0)
      : parts(parts), format(format), k(k), layout(layout),
        groupedRows(groupedRows) {}

  ArrayRef<float> getRow(int64_t row) {
    if (row != current)
      readRow(row);
    current = row;
    return values;
  }
  float getTensorScale() const {
    return parts.size() == 3 ? parts[2].getFloat(0, 0) : 1.0f;
  }
  /// Rows of one matrix.
  int64_t countMatrixRows() const { return parts[0].getShape().end()[-2]; }

private:
  void readRow(int64_t row);
  void readParts(int64_t row, const mxnum::BlockFormat &blockFormat);
  void readGroup(const CheckedBuffer &part, int64_t row, int64_t unit,
                 function_ref<int64_t(int64_t unit, int64_t units)> getPlace,
                 std::vector<uint8_t> &bytes) const;

  ArrayRef<CheckedBuffer> parts;
  int64_t format, k;
  WeightLayout layout;
  int64_t groupedRows;
  int64_t current = -1;
  std::vector<float> values;
  std::vector<uint8_t> payload, scales;
};

/// What a lowering may meet on its way to one result.
struct Intermediates {
  /// Σ|a·b| over the finite products.
  double products = 0;
  /// |t_A·t_B|.
  double scale;
  double init;

  bool mayOverflow() const;
  /// Whether N7.2 excludes the result.
  bool isOutsideBound() const {
    return mayOverflow() || (scale != 0 && scale < 0x1p-126);
  }
};

/// What a result is compared with.
struct ResultBound {
  DType type;
  int64_t additions;

  /// Returns the error as a fraction of the bound; infinity if the result is
  /// wrong in a way that has no size.
  double measure(const mxnum::DotReference &reference,
                 const Intermediates &intermediates, double got) const;

private:
  bool mayRoundToInfinity(const mxnum::DotReference &reference,
                          double got) const;
  double getHalfUnit(double magnitude) const;
};

} // namespace

/// The bytes of a row of a group: `getPlace` says where its units of `unit`
/// bytes lie, in units.
void MatmulSide::readGroup(
    const CheckedBuffer &part, int64_t row, int64_t unit,
    function_ref<int64_t(int64_t unit, int64_t units)> getPlace,
    std::vector<uint8_t> &bytes) const {
  constexpr int64_t group = mxnum::kInterleavedRows;
  int64_t matrix = row / groupedRows, inMatrix = row % groupedRows;
  std::vector<uint8_t> lines;
  part.readRow(matrix * part.getShape().end()[-2] + inMatrix / group, lines);
  int64_t units = static_cast<int64_t>(lines.size()) / (group * unit);
  bytes.resize(units * unit);
  for (int64_t byte = 0; byte < units * unit; ++byte)
    bytes[byte] = lines[getPlace(byte / unit, units) * unit + byte % unit];
}

void MatmulSide::readParts(int64_t row, const mxnum::BlockFormat &blockFormat) {
  int64_t inGroup = groupedRows ? row % groupedRows % mxnum::kFragmentRows : 0;
  auto interleave = [&](int64_t unit, int64_t units) {
    return mxnum::getInterleavedOffset(inGroup, unit, 1, units);
  };
  if (layout == WeightLayout::Canonical) {
    parts[0].readRow(row, payload);
    parts[1].readRow(row, scales);
    return;
  }
  if (layout == WeightLayout::Interleaved) {
    readGroup(parts[0], row, mxnum::kInterleavedUnit, interleave, payload);
    readGroup(parts[1], row, 1, interleave, scales);
    return;
  }
  auto arrange = [&](int64_t perLine) {
    return [=](int64_t unit, int64_t units) {
      return mxnum::getFragmentOffset(inGroup, unit, perLine, units / perLine);
    };
  };
  constexpr int64_t depth = mxnum::kFragmentDepth,
                    codes = mxnum::kFragmentCodes;
  readGroup(parts[0], row, codes / 2, arrange(depth / codes), payload);
  readGroup(parts[1], row, 1, arrange(depth / blockFormat.block), scales);
  for (size_t byte = 0; byte < payload.size(); byte += sizeof(uint32_t)) {
    using namespace llvm::support::endian;
    write32le(&payload[byte], mxnum::restoreCodes(read32le(&payload[byte])));
  }
}

void MatmulSide::readRow(int64_t row) {
  if (format == kPlainFormat)
    return parts[0].readRow(row, values);
  mxnum::BlockFormat blockFormat = decodeFormat(format);
  unsigned bits = mxnum::getElementInfo(blockFormat.element).bits;
  readParts(row, blockFormat);
  values.resize(k);
  for (int64_t i = 0; i < k; ++i)
    values[i] =
        mxnum::decodeElement(blockFormat.element,
                             mxnum::readCode(payload.data(), i, bits)) *
        mxnum::decodeScale(blockFormat.scale, scales[i / blockFormat.block]);
}

/// N7.2: half a unit in the last place of a narrow result.
double ResultBound::getHalfUnit(double magnitude) const {
  if (type == DType::F32 || magnitude == 0)
    return 0;
  int precision = type == DType::BF16 ? 8 : 11;
  int lowest = type == DType::BF16 ? -126 : -14;
  return std::ldexp(1.0, std::max(std::ilogb(magnitude), lowest) - precision);
}

/// Each of the three, and whatever is between them, stays below the largest f32
/// with a margin for rounding.
bool Intermediates::mayOverflow() const {
  constexpr double limit = 0x1p127;
  return products >= limit || scale >= limit ||
         scale * products + std::fabs(init) >= limit;
}

static Intermediates collectIntermediates(ArrayRef<float> a, ArrayRef<float> b,
                                          double scale, double init) {
  Intermediates result{0, std::fabs(scale), init};
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    double product = std::fabs(static_cast<double>(x) * y);
    if (std::isfinite(product))
      result.products += product;
  }
  return result;
}

bool ResultBound::mayRoundToInfinity(const mxnum::DotReference &reference,
                                     double got) const {
  double reach = std::fabs(reference.value) + reference.bound;
  return std::isinf(got) &&
         std::signbit(got) == std::signbit(reference.value) &&
         std::isinf(narrow(type, reach));
}

double ResultBound::measure(const mxnum::DotReference &reference,
                            const Intermediates &intermediates,
                            double got) const {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(reference.value))
    return std::isnan(got) ? 0 : wrong;
  if (std::isinf(reference.value)) {
    // A product that overflows the other way makes it NaN.
    bool overflowed = std::isnan(got) && intermediates.mayOverflow();
    return got == reference.value || overflowed ? 0 : wrong;
  }
  if (!std::isfinite(got))
    return mayRoundToInfinity(reference, got) ? 0 : wrong;
  double reach = std::fabs(reference.value) + reference.bound;
  double error = std::fabs(got - reference.value);
  double bound = reference.bound + getHalfUnit(reach);
  return error == 0 ? 0 : error / bound;
}

/// N7.4: the expert of each row, or -1 for rows outside all groups.
static std::vector<int64_t> findExperts(const CheckedBuffer &ends,
                                        int64_t rows) {
  std::vector<int64_t> experts(rows, -1);
  int64_t previous = 0;
  for (int64_t expert = 0; expert < ends.getRowLength(); ++expert) {
    int64_t end = std::clamp(ends.getInteger(0, expert), previous, rows);
    std::fill(experts.begin() + previous, experts.begin() + end, expert);
    previous = end;
  }
  return experts;
}

void CheckRuntime::checkMatmul(CheckSite &site) {
  int64_t k = numbers[0], lhsParts = numbers[1], rhsParts = numbers[2];
  bool hasEnds = numbers[5] != 0;
  ArrayRef<CheckedBuffer> all(buffers);
  MatmulSide lhs(all.take_front(lhsParts), numbers[3], k);
  const CheckedBuffer &result = buffers.back();
  int64_t n = result.getRowLength(), rows = result.countRows();
  MatmulSide rhs(all.slice(lhsParts, rhsParts), numbers[4], k,
                 static_cast<WeightLayout>(numbers[6]), n);
  int64_t matrixRows = result.getShape().end()[-2];
  std::vector<int64_t> experts;
  if (hasEnds)
    experts = findExperts(all[lhsParts + rhsParts], rows);
  // The emulated loops add k products to the initial value.
  ResultBound bound{result.getType(), k + 1};
  int64_t limit = std::min(kMaxChecked, kMaxProducts / std::max<int64_t>(k, 1));
  site.total += rows * n;
  for (int64_t sample : chooseSamples(rows * n, limit, n)) {
    int64_t row = sample / n, column = sample % n;
    float init = saved->get(row, column), got = result.getFloat(row, column);
    ++site.checked;
    if (hasEnds && experts[row] < 0) {
      if (!haveSameBits(init, got))
        noteMismatch<double>(site, row, column, init, got);
      continue;
    }
    int64_t matrix = hasEnds ? experts[row] : row / matrixRows;
    ArrayRef<float> a = lhs.getRow(row), b = rhs.getRow(matrix * n + column);
    mxnum::DotReference reference =
        mxnum::referenceDot(a.data(), b.data(), k, lhs.getTensorScale(),
                            rhs.getTensorScale(), init, bound.additions);
    double scale =
        static_cast<double>(lhs.getTensorScale()) * rhs.getTensorScale();
    Intermediates intermediates = collectIntermediates(a, b, scale, init);
    // N7.2 says nothing about such a result, so it does not count as checked.
    if (std::isfinite(reference.value) && intermediates.isOutsideBound()) {
      --site.checked;
      continue;
    }
    double fraction = bound.measure(reference, intermediates, got);
    site.worst = std::max(site.worst, fraction);
    if (!(fraction <= 1))
      noteMismatch<double>(site, row, column, reference.value, got);
  }
}
