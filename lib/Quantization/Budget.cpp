//===- Budget.cpp - one choice for each item under a budget ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Both methods first make a list of solutions that does not depend on the
// budget, and then take the best that is affordable: so a larger budget never
// gives a larger loss. With few items the list is the exact frontier of cost
// against loss. With many it is what a falling Lagrange multiplier passes
// through, each point with some ways around the step that comes next, since
// that may be too long for what is left of a budget.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Budget.h"
#include "Relaxation.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

using namespace mxquant;

namespace {

/// Sums that the exact method may look at; it takes a fraction of a second.
constexpr size_t kMaxSums = size_t(1) << 20;

} // namespace

/// Sorts points and drops those that cost no less and lose no less than
/// another. Of equal ones the first parent's first option stays.
static void keepFrontier(Frontier &points) {
  std::sort(points.begin(), points.end(), [](const Point &a, const Point &b) {
    return std::tie(a.cost, a.loss, a.parent, a.option) <
           std::tie(b.cost, b.loss, b.parent, b.option);
  });
  double least = std::numeric_limits<double>::infinity();
  bool isFirst = true;
  auto isDominated = [&](const Point &point) {
    bool dominated = !isFirst && !(point.loss < least);
    least = std::min(least, point.loss);
    isFirst = false;
    return dominated;
  };
  points.erase(std::remove_if(points.begin(), points.end(), isDominated),
               points.end());
}

/// The options that are worth their cost. An unknown loss counts only if all
/// are unknown, and an unknown cost is never affordable.
static Frontier findFrontier(const std::vector<Option> &options) {
  Frontier known, unknown;
  for (size_t i = 0; i < options.size(); ++i) {
    if (!std::isfinite(options[i].cost))
      continue;
    if (std::isfinite(options[i].loss))
      known.push_back({options[i].cost, options[i].loss, 0, i});
    else
      unknown.push_back({options[i].cost, 0.0, 0, i});
  }
  Frontier result = known.empty() ? unknown : known;
  keepFrontier(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Few items
//===----------------------------------------------------------------------===//

/// The frontier of the sums of the first i items, for each i, or nothing if
/// that is too much work.
static std::vector<Frontier>
addFrontiers(const std::vector<Frontier> &frontiers) {
  std::vector<Frontier> sums = {{{0.0, 0.0, 0, 0}}};
  size_t work = 0;
  for (const Frontier &frontier : frontiers) {
    const Frontier &before = sums.back();
    work += before.size() * frontier.size();
    if (work > kMaxSums)
      return {};
    Frontier next;
    next.reserve(before.size() * frontier.size());
    for (size_t parent = 0; parent < before.size(); ++parent)
      for (const Point &point : frontier)
        next.push_back({before[parent].cost + point.cost,
                        before[parent].loss + point.loss, parent,
                        point.option});
    keepFrontier(next);
    sums.push_back(std::move(next));
  }
  return sums;
}

/// The options of the last sum that is affordable.
static std::vector<size_t> chooseSum(const std::vector<Frontier> &sums,
                                     double budget) {
  const Frontier &last = sums.back();
  auto isAffordable = [&](const Point &sum) { return sum.cost <= budget; };
  size_t place = std::partition_point(last.begin(), last.end(), isAffordable) -
                 last.begin() - 1;
  std::vector<size_t> chosen(sums.size() - 1);
  for (size_t item = chosen.size(); item-- > 0;) {
    const Point &sum = sums[item + 1][place];
    chosen[item] = sum.option;
    place = sum.parent;
  }
  return chosen;
}

std::optional<std::vector<size_t>>
mxquant::chooseWithinBudget(const std::vector<std::vector<Option>> &items,
                            double budget) {
  std::vector<Frontier> frontiers;
  double least = 0.0;
  for (const std::vector<Option> &options : items) {
    frontiers.push_back(findFrontier(options));
    if (frontiers.back().empty())
      return std::nullopt;
    least += frontiers.back().front().cost;
  }
  if (!(least <= budget))
    return std::nullopt;
  std::vector<Frontier> sums = addFrontiers(frontiers);
  if (!sums.empty())
    return chooseSum(sums, budget);
  return Relaxation(frontiers).choose(budget);
}
