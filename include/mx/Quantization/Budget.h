//===- Budget.h - one choice for each item under a budget -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The multiple-choice knapsack: each item has options with a cost and a loss,
// and the total cost is bounded. Bits against error, or error against bits.
//===----------------------------------------------------------------------===//

#ifndef MX_QUANTIZATION_BUDGET_H
#define MX_QUANTIZATION_BUDGET_H

#include <cstddef>
#include <optional>
#include <vector>

namespace mxquant {

struct Option {
  double cost;
  double loss;
};

/// Returns the option of each item such that the total loss is least while the
/// total cost is at most `budget`; nothing if the cheapest options cost more.
/// Exact for few items, otherwise optimal up to the gap of the Lagrangian
/// relaxation; a larger budget never gives a larger loss. An option whose loss
/// is NaN or infinite is chosen only where an item has no other, and one whose
/// cost is, never.
std::optional<std::vector<size_t>>
chooseWithinBudget(const std::vector<std::vector<Option>> &items,
                   double budget);

} // namespace mxquant

#endif // MX_QUANTIZATION_BUDGET_H
