//===- WeightRequests.cpp - which constants sites need --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A weight that several sites want in the same encoding is one constant. NVFP4
// constants that meet the same activation get one tensor scale, so that they
// can be joined to one matrix later; a constant that meets two activations
// joins the groups of both.
//===----------------------------------------------------------------------===//

#include "Quantize/WeightRequests.h"
#include "Weights/WeightData.h"
#include "mlir/IR/Remarks.h"
#include "mx/Numerics/Quantize.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Sites
//===----------------------------------------------------------------------===//

/// The rotation of the operands: what the product says, or what a side that is
/// encoded already says.
static HadamardAttr getRotation(Operation *op) {
  if (auto rotation = op->getAttrOfType<HadamardAttr>(kRotatedAttr))
    return rotation;
  for (ProductSide side : {Lhs, Rhs})
    if (auto type = dyn_cast<BlockTensorType>(op->getOperand(side).getType()))
      return type.getRotation();
  return {};
}

SmallVector<PlannedSite> mlir::mx::collectPlannedSites(ModuleOp module) {
  SmallVector<PlannedSite> sites;
  module.walk([&](Operation *op) {
    if (!isa<MatmulOp, GroupedMatmulOp>(op))
      return;
    auto plan = op->getAttrOfType<PlanAttr>(kPlanAttr);
    bool isPlain = !isa<BlockTensorType>(op->getOperand(Lhs).getType()) &&
                   !isa<BlockTensorType>(op->getOperand(Rhs).getType());
    if (plan || isPlain || op->hasAttr(kRotatedAttr))
      sites.push_back({op, plan, getRotation(op)});
  });
  return sites;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

WeightRequests::WeightRequests(ArrayRef<PlannedSite> sites) : sites(sites) {
  for (const PlannedSite &site : sites)
    for (ProductSide side : {Lhs, Rhs}) {
      EncodingAttr encoding = site.getEncoding(side);
      if (!encoding || !isWeight(site.getSide(side)))
        continue;
      WeightRequest &request = requests[getKey(site, side)];
      request.weight = site.getSide(side);
      request.encoding = encoding;
      request.rotation = site.rotation;
      request.method = site.plan.getMethod();
      if (!llvm::is_contained(request.sites, site.op))
        request.sites.push_back(site.op);
    }
}

/// Whether the tensor scale of an encoding depends on the numbers (N4.1, N3.4).
static bool hasMeasuredTensorScale(EncodingAttr encoding) {
  return encoding.getFormat().getTensorScale() &&
         encoding.getScaleRule().getValue() != ScaleRule::Abs3;
}

LogicalResult
WeightRequests::shareTensorScales(const mxquant::ParallelFor &parallel) {
  // The first constant that met an activation in an encoding.
  DenseMap<std::pair<Value, Attribute>, unsigned> first;
  llvm::EquivalenceClasses<unsigned> groups;
  for (const PlannedSite &site : sites)
    for (ProductSide side : {Lhs, Rhs}) {
      EncodingAttr encoding = site.getEncoding(side);
      auto *request =
          encoding ? requests.find(getKey(site, side)) : requests.end();
      if (request == requests.end() || !hasMeasuredTensorScale(encoding))
        continue;
      unsigned index = request - requests.begin();
      groups.insert(index);
      Value activation = site.getOther(side);
      if (isWeight(activation))
        continue;
      auto [entry, isNew] = first.try_emplace({activation, encoding}, index);
      if (!isNew)
        groups.unionSets(entry->second, index);
    }
  for (unsigned index = 0; index < requests.size(); ++index) {
    if (!groups.contains(index) || groups.getLeaderValue(index) != index)
      continue;
    auto members = llvm::to_vector(groups.members(index));
    llvm::sort(members);
    if (members.size() > 1 && failed(shareTensorScale(members, parallel)))
      return failure();
  }
  return success();
}

LogicalResult
WeightRequests::shareTensorScale(ArrayRef<unsigned> members,
                                 const mxquant::ParallelFor &parallel) {
  float largest = 0.0f;
  std::string names;
  for (unsigned member : members) {
    const WeightRequest &request = requests.begin()[member].second;
    FailureOr<float> magnitude = measureLargest(request, parallel);
    if (failed(magnitude))
      return failure();
    largest = std::max(largest, *magnitude);
    names += (names.empty() ? "" : ", ") + request.getSiteNames();
  }
  WeightRequest &request = requests.begin()[members.front()].second;
  mxnum::QuantizeOptions options;
  options.rule = toNumerics(request.encoding.getScaleRule().getValue());
  // N4.1 looks at the largest magnitude only.
  float tensorScale = mxnum::computeTensorScale(
      request.encoding.getFormat().getBlockFormat(), options, &largest, 1);
  for (unsigned member : members)
    requests.begin()[member].second.tensorScale = tensorScale;
  std::string text;
  llvm::raw_string_ostream(text)
      << names << ": one tensor scale, " << llvm::format("%.4g", tensorScale)
      << ", because they meet the same activation";
  remark::passed(
      request.sites.front()->getLoc(),
      remark::RemarkOpts::name("tensor-scale").category("mx-quantize"))
      << text;
  return success();
}

LogicalResult
WeightRequests::createConstants(const GptqSettings &settings,
                                const mxquant::ParallelFor &parallel) {
  for (const auto &[key, request] : requests) {
    OpBuilder builder(request.weight.getContext());
    builder.setInsertionPointAfterValue(request.weight);
    FailureOr<Value> constant =
        createConstant(builder, request, settings, parallel);
    if (failed(constant))
      return failure();
    constants[key] = *constant;
  }
  return success();
}

Value WeightRequests::lookup(const PlannedSite &site, ProductSide side) const {
  return constants.lookup(getKey(site, side));
}
