//===- ActivationScales.cpp - tensor scales before the program runs -------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics are of rows as the program had them. If a gain has moved to the
// weight since, magnitudes are divided by it; an order of columns that has, is
// followed. A rotation mixes columns: then only rows tell what the largest
// number is.
//===----------------------------------------------------------------------===//

#include "Quantize/ActivationScales.h"
#include "Quantize/SiteHessian.h"
#include "Weights/WeightData.h"
#include "mlir/IR/Remarks.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Quantize.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::mx;

static remark::RemarkOpts remarkOptions() {
  return remark::RemarkOpts::name("activation-scale").category("mx-quantize");
}

//===----------------------------------------------------------------------===//
// Largest numbers
//===----------------------------------------------------------------------===//

/// Divides rows by a gain. A column without one meets weights of 0 and counts
/// for nothing.
static void divideByGain(std::vector<float> &values, int64_t columns,
                         const std::vector<float> &gain) {
  for (auto [index, value] : llvm::enumerate(values)) {
    float factor = gain[index % columns % gain.size()];
    value = factor == 0.0f ? 0.0f : value / factor;
  }
}

/// Puts the columns of rows into another order.
static void reorder(std::vector<float> &values, ArrayRef<int64_t> order) {
  std::vector<float> ordered(values.size());
  size_t columns = order.size();
  for (size_t index = 0; index < values.size(); ++index)
    ordered[index] = values[index - index % columns + order[index % columns]];
  values = std::move(ordered);
}

/// Does to rows of `columns` numbers what the program does since `weight` took
/// over the rest.
static void takeSteps(std::vector<float> &values, int64_t columns,
                      Value weight) {
  for (const MovedStep &step : getMovedSteps(weight)) {
    if (!step.order.empty())
      reorder(values, step.order);
    else
      divideByGain(values, columns, step.gain);
  }
}

/// Rotates groups of rows as the program does (N6.2).
static void rotateRows(std::vector<float> &rows, HadamardAttr rotation) {
  int64_t size = rotation.getSize();
  ArrayRef<int8_t> signs = rotation.getSigns();
  for (size_t first = 0; first < rows.size(); first += size)
    mxnum::rotateGroup(&rows[first], size,
                       signs.empty() ? nullptr : signs.data(),
                       /*inverse=*/false);
}

/// The largest magnitude; infinity if a rotation has left the range of numbers,
/// also where infinities have met and made NaN.
static float findLargest(ArrayRef<float> values) {
  float largest = 0.0f;
  for (float value : values) {
    if (!std::isfinite(value))
      return std::numeric_limits<float>::infinity();
    largest = std::max(largest, std::fabs(value));
  }
  return largest;
}

/// The magnitudes that the largest number of a rotated activation is among.
static llvm::Expected<std::vector<float>>
readRotatedRows(StringRef name, int64_t columns, HadamardAttr rotation,
                Value weight, const CalibrationFile &calibration) {
  llvm::Expected<SiteStatistics> statistics = calibration.read(name, columns);
  if (!statistics)
    return statistics.takeError();
  if (statistics->rows.empty())
    return llvm::createStringError(
        "expected rows of site '" + name +
        "' in the calibration file, because its activation is rotated, got a "
        "Hessian");
  takeSteps(statistics->rows, columns, weight);
  rotateRows(statistics->rows, rotation);
  return std::move(statistics->rows);
}

/// The largest magnitude that a side of a site had in the recorded runs.
static FailureOr<float> readLargest(const PlannedSite &site, ProductSide side,
                                    const CalibrationFile *calibration) {
  auto name = site.op->getAttrOfType<StringAttr>(kSiteAttr);
  if (!name)
    return site.op->emitOpError("expected 'mx.site', by which static scales "
                                "find the statistics of a site, got none");
  if (!calibration)
    return site.op->emitOpError("expected a calibration file, because '")
           << name.getValue() << "' is to have a static scale, got none";
  Value weight = site.getOther(side);
  int64_t columns = cast<RankedTensorType>(weight.getType()).getShape().back();
  auto values = site.rotation
                    ? readRotatedRows(name.getValue(), columns, site.rotation,
                                      weight, *calibration)
                    : calibration->readLargest(name.getValue(), columns);
  if (!values)
    return site.op->emitOpError() << llvm::toString(values.takeError());
  if (!site.rotation)
    takeSteps(*values, columns, weight);
  float largest = findLargest(*values);
  if (!std::isfinite(largest))
    return site.op->emitOpError("expected finite activations, got infinity "
                                "for '")
           << name.getValue() << "'";
  return largest;
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// N4.1, of the largest magnitude alone.
float ActivationScales::Entry::getTensorScale() const {
  mxnum::QuantizeOptions options;
  options.rule = toNumerics(encoding.getScaleRule().getValue());
  return mxnum::computeTensorScale(encoding.getFormat().getBlockFormat(),
                                   options, &largest, 1);
}

LogicalResult ActivationScales::addSide(const PlannedSite &site,
                                        ProductSide side,
                                        const CalibrationFile *calibration) {
  EncodingAttr encoding = site.getEncoding(side);
  if (!encoding || !encoding.getFormat().getTensorScale() ||
      isWeight(site.getSide(side)))
    return success();
  if (!isWeight(site.getOther(side))) {
    remark::missed(site.op->getLoc(), remarkOptions())
        << getSiteName(site.op) + ": tensor scale of the " +
               (side == Lhs ? "lhs" : "rhs") +
               " computed at run time, because its other side is no constant "
               "and it was not recorded";
    return success();
  }
  FailureOr<float> largest = readLargest(site, side, calibration);
  if (failed(largest))
    return failure();
  Entry &entry = entries[getKey(site, side)];
  entry.encoding = encoding;
  entry.largest = std::max(entry.largest, *largest);
  entry.sites.push_back(site.op);
  return success();
}

void ActivationScales::remarkScales() const {
  for (const auto &[key, entry] : entries) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::interleaveComma(entry.sites, stream, [&](Operation *site) {
      stream << getSiteName(site);
    });
    stream << ": tensor scale of the activation "
           << llvm::format("%.4g", entry.getTensorScale())
           << ", because it was at most " << llvm::format("%.4g", entry.largest)
           << " in calibration";
    remark::passed(entry.sites.front()->getLoc(), remarkOptions()) << text;
  }
}

LogicalResult ActivationScales::read(ArrayRef<PlannedSite> sites,
                                     const CalibrationFile *calibration) {
  for (const PlannedSite &site : sites)
    for (ProductSide side : {Lhs, Rhs})
      if (failed(addSide(site, side, calibration)))
        return failure();
  remarkScales();
  return success();
}

std::optional<float> ActivationScales::lookup(const PlannedSite &site,
                                              ProductSide side) const {
  auto found = entries.find(getKey(site, side));
  if (found == entries.end())
    return std::nullopt;
  return found->second.getTensorScale();
}
