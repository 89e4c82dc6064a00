//===- SiteHessian.cpp - statistics of the rows that meet a weight --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A calibration file knows the rows of a site as the program had them. Since
// then rotations may have been put in, and gains may have moved into the
// weight: the Hessian follows.
//===----------------------------------------------------------------------===//

#include "Quantize/SiteHessian.h"
#include "Weights/WeightExpression.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Quantization/Hessian.h"

using namespace mlir;
using namespace mlir::mx;

/// The Hessian of one site, of unrotated rows.
static FailureOr<std::vector<double>>
readSiteHessian(Operation *site, int64_t columns,
                const CalibrationFile *calibration,
                const mxquant::ParallelFor &parallel) {
  auto name = site->getAttrOfType<StringAttr>(kSiteAttr);
  if (!name)
    return site->emitOpError("expected 'mx.site', by which gptq finds the "
                             "statistics of a site, got none");
  if (!calibration)
    return site->emitOpError("expected a calibration file, because the plan of "
                             "'")
           << name.getValue() << "' says gptq, got none";
  llvm::Expected<SiteStatistics> statistics =
      calibration->read(name.getValue(), columns);
  if (!statistics)
    return site->emitOpError() << llvm::toString(statistics.takeError());
  if (!statistics->hessian.empty())
    return std::move(statistics->hessian);
  return statistics->getHessian(parallel);
}

SmallVector<MovedStep> mlir::mx::getMovedSteps(Value weight) {
  SmallVector<MovedStep> moved;
  while (auto expression = getWeightExpression(weight)) {
    if (expression->steps.empty())
      break;
    const WeightStep &step = expression->steps.front();
    if (weight.getDefiningOp()->hasAttr(kMovedGainAttr)) {
      if (!step.gather.empty())
        moved.push_back({{}, step.gather});
      else if (step.factor)
        if (auto gain = getNumbers(getConstantValue(step.factor)))
          moved.push_back({std::move(*gain), {}});
    }
    weight = step.source;
  }
  std::reverse(moved.begin(), moved.end());
  return moved;
}

/// Turns the Hessian of rows x into that of rows whose column i is column
/// order[i] of x.
static void reorder(std::vector<double> &hessian, ArrayRef<int64_t> order) {
  size_t columns = order.size();
  if (hessian.size() != columns * columns)
    return;
  std::vector<double> ordered(hessian.size());
  for (size_t row = 0; row < columns; ++row)
    for (size_t column = 0; column < columns; ++column)
      ordered[row * columns + column] =
          hessian[order[row] * columns + order[column]];
  hessian = std::move(ordered);
}

/// Turns the Hessian of rows x·diag(gain) into that of x. A column without a
/// gain meets weights of 0 and counts for nothing.
static void divideByGain(std::vector<double> &hessian,
                         const std::vector<float> &gain) {
  size_t columns = gain.size();
  if (hessian.size() != columns * columns)
    return;
  auto invert = [&](size_t column) {
    return gain[column] == 0.0f ? 0.0 : 1.0 / gain[column];
  };
  for (size_t row = 0; row < columns; ++row)
    for (size_t column = 0; column < columns; ++column)
      hessian[row * columns + column] *= invert(row) * invert(column);
}

FailureOr<std::vector<double>>
mlir::mx::readHessian(const WeightRequest &request, int64_t columns,
                      const CalibrationFile *calibration,
                      const mxquant::ParallelFor &parallel) {
  std::vector<double> sum;
  for (Operation *site : request.sites) {
    FailureOr<std::vector<double>> hessian =
        readSiteHessian(site, columns, calibration, parallel);
    if (failed(hessian))
      return failure();
    if (sum.empty()) {
      sum = std::move(*hessian);
      continue;
    }
    for (auto [total, value] : llvm::zip_equal(sum, *hessian))
      total += value;
  }
  for (const MovedStep &step : getMovedSteps(request.weight)) {
    if (!step.order.empty())
      reorder(sum, step.order);
    else
      divideByGain(sum, step.gain);
  }
  if (HadamardAttr rotation = request.rotation) {
    ArrayRef<int8_t> signs = rotation.getSigns();
    mxquant::rotateHessian(sum, columns, rotation.getSize(),
                           signs.empty() ? nullptr : signs.data());
  }
  return sum;
}
