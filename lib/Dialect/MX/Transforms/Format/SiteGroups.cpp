//===- SiteGroups.cpp - products that are decided together ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Format/SiteGroups.h"
#include "Weights/WeightData.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// What a choice means
//===----------------------------------------------------------------------===//

/// Bytes of the tensor scale (N8.1).
static constexpr int64_t tensorScaleBytes = 4;

int64_t WeightSide::getBytes(size_t candidate) const {
  const SideCandidate &encoding = candidates[candidate];
  if (!encoding)
    return getCount() * elementBits / 8;
  const mxnum::BlockFormat &format = encoding->format;
  int64_t payload = mxnum::getPackedBytes(
      columns, mxnum::getElementInfo(format.element).bits);
  int64_t scales = llvm::divideCeil(columns, format.block);
  return rows * (payload + scales) +
         (format.tensorScale ? tensorScaleBytes : 0);
}

int64_t ChoiceGroup::getCount(const Site &site) const {
  int64_t count = 0;
  for (SideIndex side : site.getSides())
    count += side.isWeight ? weights[side.index].getCount() : 0;
  return count;
}

double ChoiceGroup::getImportance(const Site &site) const {
  return weights.empty() ? 1.0 : static_cast<double>(getCount(site));
}

bool ChoiceGroup::isEncoded(const Site &site, const GroupChoice &choice) const {
  bool hasWeight = false;
  bool encodesActivation = false;
  for (SideIndex side : site.getSides()) {
    if (side.isWeight) {
      hasWeight = true;
      if (weights[side.index].candidates[choice.weights[side.index]])
        return true;
    } else if (activations[side.index].candidates[choice.activation]) {
      encodesActivation = true;
    }
  }
  // A plan that was made by hand may encode the activation alone.
  return encodesActivation && (!hasWeight || site.planned);
}

SiteError ChoiceGroup::getError(const Site &site,
                                const GroupChoice &choice) const {
  SiteError error;
  if (!isEncoded(site, choice))
    return error;
  for (SideIndex side : site.getSides()) {
    if (side.isWeight)
      error.weights += weights[side.index]
                           .errors[choice.rotation][choice.weights[side.index]];
    else
      error.activations +=
          activations[side.index].errors[choice.rotation][choice.activation];
  }
  return error;
}

double ChoiceGroup::getLoss(const GroupChoice &choice) const {
  double loss = 0.0;
  for (const Site &site : sites)
    loss += getImportance(site) * getError(site, choice).getTotal();
  return loss;
}

PlanAttr ChoiceGroup::getPlan(const Site &site, const GroupChoice &choice,
                              Method method) const {
  if (site.planned)
    return site.planned;
  MLIRContext *context = site.op->getContext();
  if (!isEncoded(site, choice))
    return PlanAttr::get(context, EncodingAttr(), EncodingAttr());
  auto getEncoding = [&](SideIndex side) {
    return toAttribute(
        context,
        side.isWeight
            ? weights[side.index].candidates[choice.weights[side.index]]
            : activations[side.index].candidates[choice.activation]);
  };
  // Only what meets an activation has statistics to be quantised by.
  if (site.lhs.isWeight == site.rhs.isWeight)
    method = Method::Rtn;
  return PlanAttr::get(context, getEncoding(site.lhs), getEncoding(site.rhs),
                       rotations[choice.rotation], method);
}

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

/// The sites below `root`. One that nobody named is called after its function.
static std::vector<Site> findSites(Operation *root) {
  std::vector<Site> sites;
  llvm::StringMap<int64_t> unnamed;
  root->walk([&](Operation *op) {
    if (!isSite(op))
      return;
    Site &site = sites.emplace_back();
    site.op = op;
    site.columns =
        cast<RankedTensorType>(op->getOperand(1).getType()).getShape().back();
    site.planned = op->getAttrOfType<PlanAttr>(kPlanAttr);
    if (auto function = op->getParentOfType<FunctionOpInterface>())
      site.function = function.getName().str();
    if (auto name = op->getAttrOfType<StringAttr>(kSiteAttr))
      site.name = name.str();
    else
      site.name =
          site.function + ".site" + std::to_string(unnamed[site.function]++);
  });
  return sites;
}

/// Numbers the sets of sites that are decided together, by their first sites.
static std::vector<std::vector<Site>> partition(std::vector<Site> sites) {
  llvm::IntEqClasses classes(sites.size());
  DenseMap<Value, unsigned> first;
  for (auto [index, site] : llvm::enumerate(sites))
    if (!site.planned)
      for (Value side : site.op->getOperands().take_front(2))
        classes.join(index, first.try_emplace(side, index).first->second);
  classes.compress();
  std::vector<std::vector<Site>> sets(classes.getNumClasses());
  for (auto [index, site] : llvm::enumerate(sites))
    sets[classes[index]].push_back(std::move(site));
  return sets;
}

static WeightSide createWeight(Value value) {
  WeightSide weight;
  auto type = cast<RankedTensorType>(value.getType());
  weight.value = value;
  weight.columns = type.getShape().back();
  weight.rows = ShapedType::getNumElements(type.getShape().drop_back());
  weight.elementBits = type.getElementTypeBitWidth();
  return weight;
}

/// Finds or adds the side of `group` that is `value`.
static SideIndex addSide(ChoiceGroup &group, Value value) {
  auto isValue = [&](const auto &side) { return side.value == value; };
  if (isWeight(value)) {
    auto known = llvm::find_if(group.weights, isValue);
    size_t index = known - group.weights.begin();
    if (known == group.weights.end())
      group.weights.push_back(createWeight(value));
    return {/*isWeight=*/true, index};
  }
  auto known = llvm::find_if(group.activations, isValue);
  size_t index = known - group.activations.begin();
  if (known == group.activations.end()) {
    ActivationSide &side = group.activations.emplace_back();
    side.value = value;
    side.columns = cast<RankedTensorType>(value.getType()).getShape().back();
  }
  return {/*isWeight=*/false, index};
}

static void setCandidates(ChoiceGroup &group, SideIndex side,
                          std::vector<SideCandidate> candidates) {
  if (side.isWeight)
    group.weights[side.index].candidates = std::move(candidates);
  else
    group.activations[side.index].candidates = std::move(candidates);
}

/// A group with one site and one choice.
static void followPlan(ChoiceGroup &group) {
  const Site &site = group.sites.front();
  setCandidates(group, site.lhs, {fromAttribute(site.planned.getLhs())});
  setCandidates(group, site.rhs, {fromAttribute(site.planned.getRhs())});
  group.rotations = {site.planned.getRotation()};
}

namespace {

/// What a site with a plan did to an activation.
struct Precedent {
  EncodingAttr encoding;
  HadamardAttr rotation;
};

} // namespace

using Precedents = DenseMap<Value, Precedent>;

static Precedents findPrecedents(ArrayRef<Site> sites) {
  Precedents precedents;
  for (const Site &site : sites) {
    PlanAttr plan = site.planned;
    if (!plan || plan.isKeep())
      continue;
    for (auto [side, encoding] :
         {std::pair(site.op->getOperand(0), plan.getLhs()),
          std::pair(site.op->getOperand(1), plan.getRhs())})
      if (!isWeight(side))
        precedents.try_emplace(side, Precedent{encoding, plan.getRotation()});
  }
  return precedents;
}

/// Spells out the rotations and the encodings of activations that are tried.
static void setChoices(ChoiceGroup &group, const ChoiceOptions &options,
                       const Precedents &precedents) {
  std::optional<Precedent> precedent;
  for (const ActivationSide &side : group.activations)
    if (auto found = precedents.find(side.value);
        !precedent && found != precedents.end())
      precedent = found->second;
  for (WeightSide &side : group.weights)
    side.candidates = options.weights;
  for (ActivationSide &side : group.activations) {
    side.candidates = options.activations;
    // All activations of a group share one encoding.
    if (precedent && precedent->encoding && options.encodesActivations())
      side.candidates = {fromAttribute(precedent->encoding)};
  }
  const Site &first = group.sites.front();
  bool isRotated = llvm::any_of(group.sites, [](const Site &site) {
    return site.op->hasAttr(kRotatedAttr);
  });
  if (isRotated)
    group.rotations = {HadamardAttr()};
  else if (precedent && options.rotation == RotationMode::Measured)
    group.rotations = {precedent->rotation};
  else
    for (int64_t size :
         getRotationSizes(options, first.columns, group.rotationObstacle))
      group.rotations.push_back(
          size == 0 ? HadamardAttr()
                    : HadamardAttr::get(first.op->getContext(), size));
}

std::vector<ChoiceGroup> mlir::mx::collectSites(Operation *root,
                                                const ChoiceOptions &options) {
  std::vector<Site> sites = findSites(root);
  Precedents precedents = findPrecedents(sites);
  std::vector<ChoiceGroup> groups;
  for (std::vector<Site> &set : partition(std::move(sites))) {
    ChoiceGroup &group = groups.emplace_back();
    group.sites = std::move(set);
    for (Site &site : group.sites) {
      site.lhs = addSide(group, site.op->getOperand(0));
      site.rhs = addSide(group, site.op->getOperand(1));
    }
    if (group.sites.front().planned)
      followPlan(group);
    else
      setChoices(group, options, precedents);
  }
  return groups;
}
