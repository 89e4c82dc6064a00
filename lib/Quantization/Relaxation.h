//===- Relaxation.h - choices under a falling multiplier --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The part of Budget.h's problem that has too many items for an exact solution.
// A Lagrange multiplier, the price of cost, falls from infinity to zero. Each
// item steps along the convex hull of its options, and all steps together, in
// the order of their price, are solutions that are the best at their own cost.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_QUANTIZATION_RELAXATION_H
#define MX_LIB_QUANTIZATION_RELAXATION_H

#include "mx/Quantization/Budget.h"

namespace mxquant {

/// An option, or the sum of some, and what it was made from.
struct Point {
  double cost;
  double loss;
  size_t parent;
  size_t option;
};

/// Points of growing cost and falling loss; not empty.
using Frontier = std::vector<Point>;

class Relaxation {
public:
  explicit Relaxation(const std::vector<Frontier> &items);

  /// Returns the option of each item. The cheapest must be affordable.
  std::vector<size_t> choose(double budget) const;

private:
  /// From one vertex of an item's convex hull to the next.
  struct Step {
    /// Loss saved for each unit of cost.
    double rate;
    size_t item;
    /// The vertex, as a place on the item's frontier.
    size_t place;
    double cost;
    double loss;
  };

  /// The first `direct` steps, then those up to `end` that are not of the item
  /// of step `direct`: a way around it, if it is too long for a budget.
  struct Route {
    double cost;
    double loss;
    size_t direct;
    size_t end;
  };

  void addSteps(size_t item);
  void addRoutes(std::vector<Route> &routes) const;
  std::vector<Route> findRoutes() const;
  std::vector<size_t> follow(const Route &route) const;
  Option measure(const std::vector<size_t> &places) const;

  const std::vector<Frontier> &items;
  /// Steepest first.
  std::vector<Step> steps;
};

} // namespace mxquant

#endif // MX_LIB_QUANTIZATION_RELAXATION_H
