//===- FormatChoice.cpp - the best choice for all groups ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Once a group's rotation and encoding of activations are fixed, the formats of
// its constants add up independently. Its options are therefore built one
// constant at a time, and only those are carried on that no other beats in both
// bits and error.
//===----------------------------------------------------------------------===//

#include "Format/FormatChoice.h"
#include "mx/Quantization/Budget.h"
#include <charconv>
#include <cmath>

using namespace mlir;
using namespace mlir::mx;

bool StoredConstants::add(const ChoiceGroup &group, const Site &site,
                          const GroupChoice &choice, size_t weight,
                          Method method) {
  const WeightSide &side = group.weights[weight];
  MLIRContext *context = site.op->getContext();
  EncodingAttr encoding =
      toAttribute(context, side.candidates[choice.weights[weight]]);
  PlanAttr plan = group.getPlan(site, choice, method);
  auto share = encoding
                   ? PlanAttr::get(context, EncodingAttr(), encoding,
                                   plan.getRotation(), plan.getMethod())
                   : PlanAttr::get(context, EncodingAttr(), EncodingAttr());
  return known.insert({side.value, share}).second;
}

//===----------------------------------------------------------------------===//
// Options of a group
//===----------------------------------------------------------------------===//

/// Options by increasing bits and decreasing loss.
using Front = std::vector<GroupChoice>;

/// Longer fronts, of groups with many constants, are thinned out.
static constexpr size_t longestFront = 256;

/// Keeps what no other option beats; of equals, that of the first candidates.
static void prune(Front &front) {
  llvm::sort(front, [](const GroupChoice &a, const GroupChoice &b) {
    return std::tie(a.bits, a.loss, a.rotation, a.activation, a.weights) <
           std::tie(b.bits, b.loss, b.rotation, b.activation, b.weights);
  });
  Front kept;
  for (GroupChoice &option : front)
    if (kept.empty() || option.loss < kept.back().loss)
      kept.push_back(std::move(option));
  front = std::move(kept);
}

/// Whether `b` lies on or above the line from `a` to `c`.
static bool isAbove(const GroupChoice &a, const GroupChoice &b,
                    const GroupChoice &c) {
  return (b.loss - a.loss) * (c.bits - a.bits) >=
         (c.loss - a.loss) * (b.bits - a.bits);
}

/// Keeps the lower convex hull of a pruned front: what a Lagrangian can reach.
static void keepHull(Front &front) {
  Front hull;
  for (GroupChoice &option : front) {
    while (hull.size() > 1 &&
           isAbove(hull[hull.size() - 2], hull.back(), option))
      hull.pop_back();
    hull.push_back(std::move(option));
  }
  front = std::move(hull);
}

/// What `weight` adds to the loss of `group` if it becomes its `candidate`.
static double getLossOf(const ChoiceGroup &group, size_t weight,
                        size_t candidate, const GroupChoice &choice) {
  const WeightSide &side = group.weights[weight];
  if (!side.candidates[candidate])
    return 0.0;
  double loss = 0.0;
  for (const Site &site : group.sites) {
    double error = 0.0;
    bool isUsed = false;
    for (SideIndex other : site.getSides()) {
      if (!other.isWeight)
        error += group.activations[other.index]
                     .errors[choice.rotation][choice.activation];
      else if (other.index == weight) {
        isUsed = true;
        error += side.errors[choice.rotation][candidate];
      }
    }
    loss += isUsed ? group.getImportance(site) * error : 0.0;
  }
  return loss;
}

/// The options of one rotation and one encoding of activations.
static Front getFront(const ChoiceGroup &group, const GroupChoice &start) {
  Front front = {start};
  for (size_t weight = 0; weight != group.weights.size(); ++weight) {
    const WeightSide &side = group.weights[weight];
    Front longer;
    for (size_t candidate = 0; candidate != side.candidates.size();
         ++candidate) {
      double bits = 8.0 * side.getBytes(candidate);
      double loss = getLossOf(group, weight, candidate, start);
      for (GroupChoice option : front) {
        option.weights.push_back(candidate);
        option.bits += bits;
        option.loss += loss;
        longer.push_back(std::move(option));
      }
    }
    prune(longer);
    if (longer.size() > longestFront)
      keepHull(longer);
    front = std::move(longer);
  }
  for (GroupChoice &option : front)
    option.loss = group.getLoss(option);
  return front;
}

/// What a rotation must take away beyond what a smaller one does.
static constexpr double sizeGain = 0.01;

/// Whether `option` is rotated for too little: `gain` is what a rotation must
/// take away.
static bool isIdle(const ChoiceGroup &group, const GroupChoice &option,
                   double gain) {
  GroupChoice other = option;
  for (other.rotation = 0; other.rotation != option.rotation;
       ++other.rotation) {
    double needed = group.rotations[other.rotation] ? sizeGain : gain;
    if (option.loss >= (1.0 - needed) * group.getLoss(other))
      return true;
  }
  return false;
}

/// All options of a group that are worth having.
static Front getOptions(const ChoiceGroup &group,
                        const ChoiceOptions &options) {
  size_t activations =
      group.activations.empty() ? 1 : group.activations[0].candidates.size();
  Front all;
  for (size_t rotation = 0; rotation != group.rotations.size(); ++rotation)
    for (size_t activation = 0; activation != activations; ++activation)
      for (GroupChoice &option :
           getFront(group, {rotation, activation, {}, 0.0, 0.0}))
        if (!isIdle(group, option, options.rotationGain))
          all.push_back(std::move(option));
  prune(all);
  return all;
}

/// Without a budget: the least error, or the fewest bits.
static GroupChoice chooseAlone(const ChoiceGroup &group,
                               const ChoiceOptions &options) {
  Front front = getOptions(group, options);
  return options.objective == Objective::Accuracy ? front.back()
                                                  : front.front();
}

//===----------------------------------------------------------------------===//
// Budgets
//===----------------------------------------------------------------------===//

/// Rounded up to four decimals, so that it can be asked for as it is printed.
static std::string formatLeast(double value) {
  double digits = 1e4;
  if (value > 0.0 && value < 1.0)
    digits *= std::pow(10.0, -std::floor(std::log10(value)));
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof(text),
                                    std::ceil(value * digits) / digits);
  return std::string(text, end);
}

static LogicalResult reportBudget(ArrayRef<Front> items, double values,
                                  const ChoiceOptions &options, Location loc) {
  double least = 0.0;
  for (const Front &item : items)
    least += options.bitBudget ? item.front().bits : item.back().loss;
  least = values == 0.0 ? 0.0 : least / values;
  if (options.bitBudget)
    return emitError(loc) << "expected a budget of at least "
                          << formatLeast(least)
                          << " bits per weight, the least that the candidates "
                             "take, got "
                          << formatNumber(*options.bitBudget);
  return emitError(loc) << "expected a budget of at least "
                        << formatLeast(least)
                        << " relative squared error, the least that the "
                           "candidates reach, got "
                        << formatNumber(*options.errorBudget);
}

/// Counts the weights of a group. What planned sites before `group` have stored
/// counts no more: it is taken out of `front`, the only option of a plan.
static double countWeights(const ChoiceGroup &group, Front &front,
                           StoredConstants &stored, Method method) {
  double count = 0.0;
  const Site &first = group.sites.front();
  for (auto [index, side] : llvm::enumerate(group.weights)) {
    if (!first.planned ||
        stored.add(group, first, front.front(), index, method))
      count += side.getCount();
    else
      front.front().bits -= 8.0 * side.getBytes(front.front().weights[index]);
  }
  return count;
}

/// Chooses for the groups that have constants; the others take no bits.
static LogicalResult chooseTogether(ArrayRef<ChoiceGroup> groups,
                                    const ChoiceOptions &options, Location loc,
                                    std::vector<GroupChoice> &choices) {
  std::vector<size_t> indices;
  std::vector<Front> fronts;
  std::vector<std::vector<mxquant::Option>> items;
  double weights = 0.0, values = 0.0;
  StoredConstants stored;
  for (auto [index, group] : llvm::enumerate(groups)) {
    if (group.weights.empty())
      continue;
    indices.push_back(index);
    fronts.push_back(getOptions(group, options));
    weights += countWeights(group, fronts.back(), stored, options.method);
    auto &item = items.emplace_back();
    for (const GroupChoice &option : fronts.back())
      item.push_back(options.bitBudget
                         ? mxquant::Option{option.bits, option.loss}
                         : mxquant::Option{option.loss, option.bits});
    for (const Site &site : group.sites)
      values += group.getCount(site);
  }
  double budget = options.bitBudget ? *options.bitBudget * weights
                                    : *options.errorBudget * values;
  auto chosen = mxquant::chooseWithinBudget(items, budget);
  if (!chosen)
    return reportBudget(fronts, options.bitBudget ? weights : values, options,
                        loc);
  for (auto [index, front, option] : llvm::zip_equal(indices, fronts, *chosen))
    choices[index] = front[option];
  return success();
}

FailureOr<std::vector<GroupChoice>>
mlir::mx::chooseFormats(ArrayRef<ChoiceGroup> groups,
                        const ChoiceOptions &options, Location loc) {
  std::vector<GroupChoice> choices(groups.size());
  for (auto [group, choice] : llvm::zip_equal(groups, choices))
    if (!options.hasBudget() || group.weights.empty())
      choice = chooseAlone(group, options);
  if (options.hasBudget() &&
      failed(chooseTogether(groups, options, loc, choices)))
    return failure();
  return choices;
}

//===----------------------------------------------------------------------===//
// Reasons
//===----------------------------------------------------------------------===//

/// Why these formats.
static std::string explainFormats(const ChoiceGroup &group, const Site &site,
                                  const ChoiceOptions &options) {
  std::string planned = site.planned ? "it was planned before" : "";
  size_t candidates = 0;
  for (SideIndex side : site.getSides()) {
    if (!side.isWeight)
      continue;
    const WeightSide &weight = group.weights[side.index];
    if (!weight.obstacle.empty())
      return site.planned
                 ? planned + ", at an unknown error: " + weight.obstacle
                 : weight.obstacle;
    candidates = std::max(candidates, weight.candidates.size());
  }
  if (site.planned)
    return planned;
  if (candidates == 0)
    return options.encodesActivations() ? "activations are encoded"
                                        : "neither side is constant";
  if (candidates == 1)
    return "no other format is tried";
  if (options.bitBudget)
    return "a budget of " + formatNumber(*options.bitBudget) +
           " bits per weight goes furthest so";
  if (options.errorBudget)
    return "an error of " + formatNumber(*options.errorBudget) +
           " is kept with the fewest bits so";
  if (options.objective == Objective::Accuracy)
    return "its error is the least of " + std::to_string(candidates) +
           " formats";
  return "it takes the fewest bits of " + std::to_string(candidates) +
         " formats";
}

/// Why rotated or why not, if that was a question.
static std::string explainRotation(const ChoiceGroup &group, const Site &site,
                                   const GroupChoice &choice) {
  if (group.rotations.size() < 2)
    return "";
  GroupChoice other = choice;
  other.rotation = 0;
  bool isRotated = static_cast<bool>(group.rotations[choice.rotation]);
  bool isFree = !group.rotations[0];
  if (!isRotated) {
    std::optional<double> best;
    for (size_t index = 1; index != group.rotations.size(); ++index) {
      other.rotation = index;
      double error = group.getError(site, other).getTotal();
      best = std::min(best.value_or(error), error);
    }
    return "; the best rotation would make it " + formatNumber(*best);
  }
  if (!isFree)
    return "; of " + std::to_string(group.rotations.size()) +
           " rotations no larger one takes away 1 % more";
  return "; without rotation it would be " +
         formatNumber(group.getError(site, other).getTotal());
}

std::string mlir::mx::explainChoice(const ChoiceGroup &group, const Site &site,
                                    const GroupChoice &choice,
                                    const ChoiceOptions &options) {
  std::string reason = explainFormats(group, site, options);
  if (!group.isEncoded(site, choice) || site.planned)
    return reason;
  reason += explainRotation(group, site, choice);
  if (group.sites.size() > 1)
    reason += "; decided together with " +
              std::to_string(group.sites.size() - 1) + " other site" +
              (group.sites.size() > 2 ? "s" : "") + " of the same operands";
  return reason;
}
