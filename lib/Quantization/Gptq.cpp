//===- Gptq.cpp - quantise weights against the output's error -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// With H = L·Lᵀ, L lower triangular, the output error of a row is
// (ŵ−w)·H·(ŵ−w)ᵀ = |(ŵ−w)·L|². Number b of (ŵ−w)·L depends on columns b and
// above only, so columns are rounded from the last to the first, each to what
// brings its own number closest to zero: w − Σ(ŵ−w)·L over the columns already
// rounded, divided by L's diagonal. This is GPTQ: its propagated weights are
// the same numbers, without an inverse of H. Rows are independent of each
// other and are done in chunks.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Gptq.h"
#include "GptqFactor.h"
#include "WeightRows.h"
#include <cassert>
#include <cmath>
#include <limits>

using namespace mxquant;

//===----------------------------------------------------------------------===//
// The rounding loop
//===----------------------------------------------------------------------===//

namespace {

/// The numbers that a block can hold once its scale is fixed.
class BlockGrid {
public:
  BlockGrid(const WeightRows &weights, uint8_t scale);

  /// N3.6: holds nothing but NaN.
  bool isPoisoned() const { return std::isnan(step); }
  uint8_t encode(float value) const;
  double decode(uint8_t code) const {
    return mxnum::decodeValue(format, code, scale, tensorScale);
  }

private:
  mxnum::BlockFormat format;
  uint8_t scale;
  float tensorScale;
  /// What values are divided by (UE4M3) or multiplied by (E8M0), after a first
  /// multiplication by `factor`.
  float step;
  float factor;
};

/// Some rows on their way through the loop.
class Chunk {
public:
  Chunk(const WeightRows &weights, const GptqFactor &factor, int64_t first,
        int64_t count, uint8_t *scales);

  /// Rounds all columns. Returns the codes, one per byte.
  const std::vector<uint8_t> &run();

private:
  void roundColumn(int64_t place, Eigen::Ref<Eigen::VectorXd> errors);
  float getWeight(int64_t row, int64_t column) const;

  const WeightRows &weights;
  const GptqFactor &factor;
  int64_t first;
  int64_t count;
  std::vector<uint8_t> codes;
  std::vector<BlockGrid> grids;
  /// Σ(ŵ−w)·L over the columns already rounded.
  Eigen::MatrixXd excess;
};

} // namespace

BlockGrid::BlockGrid(const WeightRows &weights, uint8_t scale)
    : format(weights.format), scale(scale), tensorScale(weights.tensorScale),
      factor(weights.options.rule == mxnum::ScaleRule::Abs3 ? 3.0f : 1.0f) {
  // The reciprocal of E8M0 byte b is byte 254 − b (N1.2).
  constexpr uint8_t largestE8M0 = 254;
  bool isPoison = scale == mxnum::getPoisonScale(format.scale);
  if (format.scale == mxnum::ScaleType::UE4M3)
    step = mxnum::decodeScale(format.scale, scale) * tensorScale;
  else
    step = mxnum::decodeScale(format.scale,
                              isPoison ? scale : largestE8M0 - scale);
}

uint8_t BlockGrid::encode(float value) const {
  float scaled;
  if (format.scale == mxnum::ScaleType::E8M0)
    scaled = factor * value * step; // N3.4, N3.8
  else if (step == 0.0f)
    scaled = std::copysign(0.0f, value); // N4.5
  else
    scaled = value / step;
  return mxnum::encodeElement(format.element, scaled);
}

Chunk::Chunk(const WeightRows &weights, const GptqFactor &factor, int64_t first,
             int64_t count, uint8_t *scales)
    : weights(weights), factor(factor), first(first), count(count),
      codes(count * weights.columns),
      excess(Eigen::MatrixXd::Zero(count, weights.columns)) {
  int64_t blocks = weights.countBlocks();
  grids.reserve(count * blocks);
  for (int64_t row = 0; row < count; ++row) {
    // Codes of a poisoned block stay, all others are rounded again.
    weights.quantizeRow(first + row, codes.data() + row * weights.columns,
                        scales + row * blocks);
    for (int64_t block = 0; block < blocks; ++block)
      grids.emplace_back(weights, scales[row * blocks + block]);
  }
}

float Chunk::getWeight(int64_t row, int64_t column) const {
  if (factor.isDead[column])
    return 0.0f;
  constexpr float largest = std::numeric_limits<float>::max();
  // N3.7: an infinity that has not poisoned its block.
  return std::clamp(weights.values[(first + row) * weights.columns + column],
                    -largest, largest);
}

void Chunk::roundColumn(int64_t place, Eigen::Ref<Eigen::VectorXd> errors) {
  int64_t column = factor.order[place];
  double pivot = factor.lower(place, place);
  int64_t block = column / weights.format.block;
  for (int64_t row = 0; row < count; ++row) {
    const BlockGrid &grid = grids[row * weights.countBlocks() + block];
    errors(row) = 0.0;
    if (grid.isPoisoned())
      continue;
    float weight = getWeight(row, column);
    auto wanted = static_cast<float>(weight - excess(row, place) / pivot);
    uint8_t code = grid.encode(wanted);
    codes[row * weights.columns + column] = code;
    errors(row) = grid.decode(code) - weight;
  }
}

const std::vector<uint8_t> &Chunk::run() {
  for (int64_t end = weights.columns; end > 0;) {
    int64_t begin = (end - 1) / kInner * kInner, size = end - begin;
    Eigen::MatrixXd errors(count, size);
    for (int64_t place = end - 1; place >= begin; --place) {
      int64_t left = place - begin;
      roundColumn(place, errors.col(left));
      excess.middleCols(begin, left).noalias() +=
          errors.col(left) * factor.lower.row(place).segment(begin, left);
    }
    excess.leftCols(begin).noalias() +=
        errors * factor.lower.block(begin, 0, size, begin);
    end = begin;
  }
  return codes;
}

GptqResult mxquant::quantizeGptq(const float *values, int64_t rows,
                                 int64_t columns,
                                 const std::vector<double> &hessian,
                                 const GptqOptions &options,
                                 const ParallelFor &parallel) {
  assert(static_cast<int64_t>(hessian.size()) == columns * columns &&
         "the Hessian is square");
  mxnum::QuantizeOptions nearest = options.quantize;
  nearest.rounding = mxnum::Rounding::NearestEven;
  WeightRows weights(options.format, nearest, values, rows, columns, parallel);
  GptqFactor factor(hessian, columns, options.actOrder);
  GptqResult result;
  std::optional<double> damping = factor.decompose(options.damping, parallel);
  if (!damping) {
    result.tensor = weights.quantize(parallel);
    result.fellBack = true;
    return result;
  }
  result.tensor = weights.makeTensor();
  result.damping = *damping;
  result.deadColumns = factor.countDead();
  forEachChunk(rows, parallel, [&](int64_t first, int64_t count) {
    Chunk chunk(weights, factor, first, count,
                result.tensor.scales.data() + first * weights.countBlocks());
    packRows(chunk.run().data(), first, count, result.tensor);
  });
  return result;
}
