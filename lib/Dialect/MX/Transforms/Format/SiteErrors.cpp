//===- SiteErrors.cpp - what each candidate costs in accuracy -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Samples are whole rows at even distances, so that the same program gives the
// same numbers. Where nothing is known of an activation, numbers of Student's t
// distribution with 5 degrees of freedom stand in for it: about as heavy-tailed
// as activations of transformers are.
//===----------------------------------------------------------------------===//

#include "Format/SiteErrors.h"
#include "Weights/WeightData.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Philox.h"
#include "mx/Quantization/Hessian.h"
#include <cmath>

using namespace mlir;
using namespace mlir::mx;

/// Rows whose error is weighted by a Hessian: each costs columns² operations,
/// of which no more than this are spent unless the rows become too few to
/// count.
static constexpr int64_t outputOperations = int64_t(1) << 31;
static constexpr int64_t leastOutputRows = 32;
static constexpr int64_t mostOutputRows = 128;
/// Numbers that stand in for an activation, and its length if it is not known.
static constexpr int64_t standInValues = 1 << 17;
static constexpr int64_t standInColumns = 4096;

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

/// At most `limit` rows, evenly spread.
static std::vector<float> sampleRows(const std::vector<float> &values,
                                     int64_t rows, int64_t columns,
                                     int64_t limit) {
  if (rows <= limit)
    return values;
  std::vector<float> sample;
  sample.reserve(limit * columns);
  for (int64_t index = 0; index != limit; ++index) {
    const float *row = values.data() + index * rows / limit * columns;
    sample.insert(sample.end(), row, row + columns);
  }
  return sample;
}

/// A number in (0, 1), never one of its ends.
static double drawUniform(uint64_t index) {
  constexpr unsigned bits = 24;
  constexpr uint64_t seed = 0x6d78;
  return (mxnum::getRandomBits(seed, index, bits) + 0.5) / (1 << bits);
}

/// Student's t with 5 degrees of freedom and variance 1, by Bailey's method.
static double drawStandIn(uint64_t index) {
  constexpr double freedom = 5.0;
  constexpr double pi = 3.14159265358979323846;
  double radius = std::sqrt(
      freedom * (std::pow(drawUniform(2 * index), -2.0 / freedom) - 1.0));
  double value = radius * std::cos(2.0 * pi * drawUniform(2 * index + 1));
  return value / std::sqrt(freedom / (freedom - 2.0));
}

/// Rows of such numbers. `deviations` scales the columns, unless it is empty.
static std::vector<float> createStandIn(int64_t columns,
                                        ArrayRef<double> deviations) {
  int64_t rows = llvm::divideCeil(standInValues, columns);
  std::vector<float> values(rows * columns);
  for (int64_t index = 0, end = values.size(); index != end; ++index) {
    double deviation = deviations.empty() ? 1.0 : deviations[index % columns];
    values[index] = static_cast<float>(deviation * drawStandIn(index));
  }
  return values;
}

/// What is known of an activation that reaches the product rotated.
static void rotateStatistics(SiteStatistics &statistics,
                             HadamardAttr rotation) {
  int64_t size = rotation.getSize();
  const int8_t *signs =
      rotation.getSigns().empty() ? nullptr : rotation.getSigns().data();
  if (!statistics.hessian.empty())
    mxquant::rotateHessian(statistics.hessian, statistics.columns, size, signs);
  for (size_t start = 0; start < statistics.rows.size(); start += size)
    mxnum::rotateGroup(statistics.rows.data() + start, size, signs,
                       /*inverse=*/false);
}

static mxquant::Candidate getCandidate(const Encoding &encoding,
                                       HadamardAttr rotation) {
  return {encoding.format, encoding.rule, rotation ? rotation.getSize() : 0};
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static bool canEncode(ArrayRef<SideCandidate> candidates) {
  return llvm::any_of(candidates, [](const SideCandidate &candidate) {
    return candidate.has_value();
  });
}

/// Says what the first number that is not finite is and where.
static std::string findNotFinite(const Weights &weights) {
  auto found = llvm::find_if(weights.values,
                             [](float value) { return !std::isfinite(value); });
  if (found == weights.values.end())
    return "";
  int64_t index = found - weights.values.begin();
  std::string place;
  ArrayRef<int64_t> shape = weights.type.getShape();
  for (int64_t size : llvm::reverse(shape)) {
    place = std::to_string(index % size) + (place.empty() ? "" : ", ") + place;
    index /= size;
  }
  StringRef what = std::isnan(*found) ? "NaN" : "an infinity";
  return ("it holds " + what + " at [" + place + "]").str();
}

/// Leaves `side` with the one choice of being kept. A plan that was made before
/// stands, at an unknown error.
static void keepOnly(WeightSide &side, const ChoiceGroup &group,
                     std::string obstacle) {
  side.obstacle = std::move(obstacle);
  if (!group.sites.front().planned)
    side.candidates = {std::nullopt};
  side.errors.assign(group.rotations.size(),
                     std::vector<double>(side.candidates.size(), 0.0));
}

void SiteErrors::measureRows(WeightSide &side, const ChoiceGroup &group,
                             const std::vector<float> &values,
                             const Statistics &statistics) {
  int64_t limit = std::max<int64_t>(options.samples / side.columns, 1);
  std::vector<double> computed;
  if (statistics) {
    int64_t affordable = outputOperations / (side.columns * side.columns);
    limit = std::min(limit,
                     std::clamp(affordable, leastOutputRows, mostOutputRows));
    if (statistics->hessian.empty())
      computed = statistics->getHessian(parallel);
  }
  std::vector<float> sample =
      sampleRows(values, side.rows, side.columns, limit);
  int64_t rows = sample.size() / side.columns;
  for (auto [rotation, errors] : llvm::zip_equal(group.rotations, side.errors))
    for (auto [encoding, error] : llvm::zip_equal(side.candidates, errors)) {
      if (!encoding)
        continue;
      mxquant::Candidate candidate = getCandidate(*encoding, rotation);
      mxquant::ErrorSum sum =
          statistics
              ? mxquant::measureOutputError(
                    candidate, sample.data(), rows, side.columns,
                    computed.empty() ? statistics->hessian : computed, parallel)
              : mxquant::measureError(candidate, sample.data(), rows,
                                      side.columns, parallel);
      error = sum.getRelative();
    }
}

LogicalResult SiteErrors::measureWeight(WeightSide &side,
                                        const ChoiceGroup &group,
                                        const Statistics &statistics) {
  side.errors.assign(group.rotations.size(),
                     std::vector<double>(side.candidates.size(), 0.0));
  if (!canEncode(side.candidates) || side.getCount() == 0)
    return success();
  FailureOr<Weights> weights = evaluateWeights(side.value, parallel);
  releaseWeights(side.value);
  if (failed(weights))
    return failure();
  std::string obstacle = findNotFinite(*weights);
  if (!obstacle.empty()) {
    keepOnly(side, group, obstacle);
    return success();
  }
  measureRows(side, group, weights->values, statistics);
  for (ArrayRef<double> errors : side.errors)
    if (!llvm::all_of(errors, [](double e) { return std::isfinite(e); })) {
      keepOnly(side, group, "its error is beyond the range of numbers");
      break;
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

double SiteErrors::measureStandIn(const mxquant::Candidate &candidate,
                                  int64_t columns) {
  // Longer rows would show nothing else.
  columns = std::min(columns, standInValues);
  const mxnum::BlockFormat &format = candidate.format;
  std::vector<int64_t> key = {columns,
                              candidate.rotation,
                              static_cast<int64_t>(candidate.rule),
                              static_cast<int64_t>(format.element),
                              static_cast<int64_t>(format.scale),
                              format.block,
                              format.tensorScale};
  auto [place, isNew] = standIns.try_emplace(std::move(key), 0.0);
  if (isNew) {
    std::vector<float> values = createStandIn(columns, {});
    place->second =
        mxquant::measureError(candidate, values.data(), values.size() / columns,
                              columns, parallel)
            .getRelative();
  }
  return place->second;
}

/// The numbers that show how an activation takes to an encoding: its own rows,
/// or what its second moments suggest.
static std::vector<float> createRows(const SiteStatistics &statistics,
                                     int64_t limit, std::string &basis) {
  int64_t columns = statistics.columns;
  if (!statistics.rows.empty()) {
    basis = "calibration rows";
    return sampleRows(statistics.rows, statistics.rows.size() / columns,
                      columns, limit);
  }
  basis = "second moments of calibration";
  std::vector<double> deviations(columns);
  for (int64_t column = 0; column != columns; ++column)
    deviations[column] =
        std::sqrt(statistics.hessian[column * columns + column] /
                  std::max<int64_t>(statistics.samples, 1));
  return createStandIn(columns, deviations);
}

/// Rotated or squared, very large rows are beyond the range of numbers.
static void keepIfNotFinite(ActivationSide &side) {
  for (ArrayRef<double> errors : side.errors)
    if (!llvm::all_of(errors, [](double e) { return std::isfinite(e); })) {
      side.candidates.assign(side.candidates.size(), std::nullopt);
      side.errors.assign(side.errors.size(),
                         std::vector<double>(side.candidates.size(), 0.0));
      side.basis += ", beyond the range of numbers";
      return;
    }
}

void SiteErrors::measureActivation(ActivationSide &side,
                                   const ChoiceGroup &group,
                                   const Statistics &statistics) {
  side.errors.assign(group.rotations.size(),
                     std::vector<double>(side.candidates.size(), 0.0));
  if (!canEncode(side.candidates) || side.columns == 0)
    return;
  int64_t columns =
      ShapedType::isDynamic(side.columns) ? standInColumns : side.columns;
  std::vector<float> rows;
  side.basis = "assumed";
  if (statistics)
    rows =
        createRows(*statistics, std::max<int64_t>(options.samples / columns, 1),
                   side.basis);
  for (auto [rotation, errors] : llvm::zip_equal(group.rotations, side.errors))
    for (auto [encoding, error] : llvm::zip_equal(side.candidates, errors)) {
      if (!encoding)
        continue;
      mxquant::Candidate candidate = getCandidate(*encoding, rotation);
      error = rows.empty() ? measureStandIn(candidate, columns)
                           : mxquant::measureError(candidate, rows.data(),
                                                   rows.size() / columns,
                                                   columns, parallel)
                                 .getRelative();
    }
  keepIfNotFinite(side);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

FailureOr<SiteErrors::Statistics>
SiteErrors::readStatistics(const ChoiceGroup &group, const Site &site) {
  // One side is recorded: that which is not constant.
  if (site.lhs.isWeight == site.rhs.isWeight)
    return Statistics();
  SideIndex weight = site.lhs.isWeight ? site.lhs : site.rhs;
  SideIndex activation = site.lhs.isWeight ? site.rhs : site.lhs;
  bool encodesWeight = canEncode(group.weights[weight.index].candidates);
  if (!encodesWeight &&
      !canEncode(group.activations[activation.index].candidates))
    return Statistics();
  if (!calibration) {
    bool isNeeded = options.method == Method::Gptq && encodesWeight;
    if (isNeeded && !site.planned)
      return site.op->emitOpError("expected a calibration file with statistics "
                                  "of '")
             << site.name << "' for method = gptq, got none";
    return Statistics();
  }
  llvm::Expected<SiteStatistics> statistics =
      calibration->read(site.name, group.weights[weight.index].columns);
  if (!statistics)
    return site.op->emitOpError() << llvm::toString(statistics.takeError());
  if (auto rotation = site.op->getAttrOfType<HadamardAttr>(kRotatedAttr))
    rotateStatistics(*statistics, rotation);
  return Statistics(std::move(*statistics));
}

LogicalResult SiteErrors::measure(ChoiceGroup &group) {
  for (const Site &site : group.sites) {
    FailureOr<Statistics> statistics = readStatistics(group, site);
    if (failed(statistics))
      return failure();
    for (SideIndex side : site.getSides()) {
      if (!side.isWeight) {
        ActivationSide &activation = group.activations[side.index];
        if (activation.errors.empty())
          measureActivation(activation, group, *statistics);
      } else if (group.weights[side.index].errors.empty()) {
        if (failed(
                measureWeight(group.weights[side.index], group, *statistics)))
          return failure();
      }
    }
  }
  return success();
}
