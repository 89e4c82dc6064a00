//===- Relaxation.cpp - choices under a falling multiplier ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Sorts the steps of all items, lists the routes along them, and measures those
// that can be the best under some budget. The list is the same for any budget.
//===----------------------------------------------------------------------===//

#include "Relaxation.h"
#include <algorithm>
#include <limits>
#include <tuple>

using namespace mxquant;

/// How many steps a route takes at most after the one that it leaves out.
static constexpr size_t kDetour = 32;

Relaxation::Relaxation(const std::vector<Frontier> &items) : items(items) {
  for (size_t item = 0; item < items.size(); ++item)
    addSteps(item);
  // The rates of one item fall strictly, so its steps stay in order.
  std::sort(steps.begin(), steps.end(), [](const Step &a, const Step &b) {
    return std::tie(b.rate, a.item) < std::tie(a.rate, b.item);
  });
}

/// Appends the steps along the lower convex hull of an item.
void Relaxation::addSteps(size_t item) {
  const Frontier &frontier = items[item];
  size_t begin = steps.size();
  std::vector<size_t> hull = {0};
  for (size_t place = 1; place < frontier.size(); ++place) {
    Step step;
    do {
      double cost = frontier[place].cost - frontier[hull.back()].cost;
      double loss = frontier[place].loss - frontier[hull.back()].loss;
      step = {-loss / cost, item, place, cost, loss};
      if (steps.size() == begin || steps.back().rate > step.rate)
        break;
      steps.pop_back();
      hull.pop_back();
    } while (true);
    steps.push_back(step);
    hull.push_back(place);
  }
}

/// Appends all routes, with sums that are good enough to compare them.
void Relaxation::addRoutes(std::vector<Route> &routes) const {
  double cost = 0.0, loss = 0.0;
  for (size_t direct = 0; direct <= steps.size(); ++direct) {
    Route route{cost, loss, direct, direct};
    routes.push_back(route);
    if (direct == steps.size())
      break;
    size_t last = std::min(steps.size(), direct + 1 + kDetour);
    for (size_t i = direct + 1; i < last; ++i) {
      if (steps[i].item == steps[direct].item)
        continue;
      route.cost += steps[i].cost;
      route.loss += steps[i].loss;
      route.end = i + 1;
      routes.push_back(route);
    }
    cost += steps[direct].cost;
    loss += steps[direct].loss;
  }
}

/// The routes worth following: those without a detour, and others that lose
/// less than all that cost no more.
auto Relaxation::findRoutes() const -> std::vector<Route> {
  std::vector<Route> routes;
  addRoutes(routes);
  std::sort(routes.begin(), routes.end(), [](const Route &a, const Route &b) {
    return std::tie(a.cost, a.loss, a.direct, a.end) <
           std::tie(b.cost, b.loss, b.direct, b.end);
  });
  double least = std::numeric_limits<double>::infinity();
  auto isUseless = [&](const Route &route) {
    bool isDominated = !(route.loss < least);
    least = std::min(least, route.loss);
    return isDominated && route.direct != route.end;
  };
  routes.erase(std::remove_if(routes.begin(), routes.end(), isUseless),
               routes.end());
  return routes;
}

std::vector<size_t> Relaxation::follow(const Route &route) const {
  std::vector<size_t> places(items.size(), 0);
  for (size_t i = 0; i < route.direct; ++i)
    places[steps[i].item] = steps[i].place;
  for (size_t i = route.direct + 1; i < route.end; ++i)
    if (steps[i].item != steps[route.direct].item)
      places[steps[i].item] = steps[i].place;
  return places;
}

/// The sums in the order of the items, as whoever checks them computes them.
Option Relaxation::measure(const std::vector<size_t> &places) const {
  Option sum{0.0, 0.0};
  for (size_t item = 0; item < items.size(); ++item) {
    sum.cost += items[item][places[item]].cost;
    sum.loss += items[item][places[item]].loss;
  }
  return sum;
}

std::vector<size_t> Relaxation::choose(double budget) const {
  std::vector<size_t> best(items.size(), 0);
  Option bestSum = measure(best);
  for (const Route &route : findRoutes()) {
    std::vector<size_t> places = follow(route);
    Option sum = measure(places);
    if (sum.cost > budget ||
        std::tie(bestSum.loss, bestSum.cost) <= std::tie(sum.loss, sum.cost))
      continue;
    best = std::move(places);
    bestSum = sum;
  }
  for (size_t item = 0; item < items.size(); ++item)
    best[item] = items[item][best[item]].option;
  return best;
}
