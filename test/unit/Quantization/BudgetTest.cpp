//===- BudgetTest.cpp - one choice for each item under a budget -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Few items against all combinations, many against an exact table over whole
// costs, and what holds for both: never over the budget, never a larger loss
// for a larger one.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Budget.h"
#include "Numerics/Samples.h"
#include <cstdio>
#include <gtest/gtest.h>
#include <limits>

using mxquant::Option;

namespace {

using Items = std::vector<std::vector<Option>>;
using Choice = std::optional<std::vector<size_t>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Option sumUp(const Items &items, const std::vector<size_t> &choice) {
  Option sum{0.0, 0.0};
  for (size_t i = 0; i < items.size(); ++i) {
    sum.cost += items[i][choice[i]].cost;
    sum.loss += items[i][choice[i]].loss;
  }
  return sum;
}

/// Whole costs, 1 to `largest`, and losses that mostly fall with them.
Items drawItems(Random &random, size_t count, size_t options,
                uint64_t largest) {
  Items items(count);
  for (std::vector<Option> &item : items) {
    double weight = 0.1 + random.uniform();
    for (size_t i = 0; i < options; ++i) {
      double cost = 1.0 + double(random.below(largest));
      double noise = 0.7 + 0.6 * random.uniform();
      item.push_back({cost, weight * noise * std::exp2(-8.0 * cost / largest)});
    }
  }
  return items;
}

/// The least loss of any affordable combination; infinity if there is none.
double searchAll(const Items &items, double budget) {
  std::vector<size_t> choice(items.size(), 0);
  double least = kInfinity;
  while (true) {
    Option sum = sumUp(items, choice);
    if (sum.cost <= budget)
      least = std::min(least, sum.loss);
    size_t i = 0;
    while (i < items.size() && ++choice[i] == items[i].size())
      choice[i++] = 0;
    if (i == items.size())
      return least;
  }
}

/// The least loss for each budget of a whole number.
std::vector<double> tabulate(const Items &items, size_t largest) {
  std::vector<double> least(largest + 1, 0.0);
  for (const std::vector<Option> &item : items) {
    std::vector<double> next(largest + 1, kInfinity);
    for (size_t budget = 0; budget <= largest; ++budget)
      for (const Option &option : item)
        if (option.cost <= double(budget))
          next[budget] = std::min(
              next[budget], least[budget - size_t(option.cost)] + option.loss);
    least = next;
  }
  return least;
}

/// The largest difference that the choice for one item makes.
double findLargestStep(const Items &items) {
  double largest = 0.0;
  for (const std::vector<Option> &item : items)
    for (const Option &from : item)
      for (const Option &to : item)
        largest = std::max(largest, from.loss - to.loss);
  return largest;
}

} // namespace

TEST(Budget, FewItemsAreExact) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    Items items =
        drawItems(random, 1 + random.below(5), 1 + random.below(5), 20);
    for (double budget = 0.0; budget < 60.0; budget += 7.0) {
      double least = searchAll(items, budget);
      Choice choice = mxquant::chooseWithinBudget(items, budget);
      ASSERT_EQ(least < kInfinity, choice.has_value());
      if (!choice)
        continue;
      EXPECT_EQ(least, sumUp(items, *choice).loss);
      EXPECT_LE(sumUp(items, *choice).cost, budget);
    }
  }
}

TEST(Budget, ManyItemsAreNearTheOptimum) {
  constexpr size_t largest = 32000, budgets = 20;
  Random random(2);
  Items items = drawItems(random, 80, 6, 1000);
  std::vector<double> least = tabulate(items, largest);
  double step = findLargestStep(items), mean = 0.0, worst = 0.0;
  for (size_t i = 1; i <= budgets; ++i) {
    size_t budget = largest * i / budgets;
    Choice choice = mxquant::chooseWithinBudget(items, double(budget));
    ASSERT_EQ(least[budget] < kInfinity, choice.has_value());
    if (!choice)
      continue;
    Option sum = sumUp(items, *choice);
    EXPECT_LE(sum.cost, double(budget));
    // The gap of the relaxation is less than one step.
    EXPECT_LE(sum.loss, least[budget] + step);
    double excess = sum.loss / least[budget] - 1.0;
    mean += excess / budgets;
    worst = std::max(worst, excess);
  }
  std::printf("%.3f %% above the optimum, at most %.3f %%\n", 100.0 * mean,
              100.0 * worst);
  EXPECT_LE(mean, 0.005);
}

TEST(Budget, LargerBudgetsNeverLoseMore) {
  // Costs and losses that are no whole numbers, so that sums are rounded.
  Random random(3);
  for (size_t count : {3, 8, 150}) {
    Items items = drawItems(random, count, 7, 100);
    for (std::vector<Option> &item : items)
      for (Option &option : item)
        option.cost *= 0.1 + random.uniform();
    double previous = kInfinity;
    for (double part = 0.0; part < 60.0; part += 2.03) {
      double budget = part * double(count);
      Choice choice = mxquant::chooseWithinBudget(items, budget);
      if (!choice) {
        EXPECT_EQ(kInfinity, previous);
        continue;
      }
      Option sum = sumUp(items, *choice);
      ASSERT_LE(sum.cost, budget);
      ASSERT_LE(sum.loss, previous);
      previous = sum.loss;
    }
  }
}

TEST(Budget, TheWholeBudgetMayBeSpent) {
  Items items = {{{1, 5}, {2, 1}}, {{1, 5}, {3, 0}}};
  EXPECT_EQ((std::vector<size_t>{1, 1}),
            *mxquant::chooseWithinBudget(items, 5));
  EXPECT_EQ((std::vector<size_t>{0, 1}),
            *mxquant::chooseWithinBudget(items, 4));
  EXPECT_EQ((std::vector<size_t>{0, 0}),
            *mxquant::chooseWithinBudget(items, 2));
  EXPECT_FALSE(mxquant::chooseWithinBudget(items, 1.999));
}

TEST(Budget, AllIsChosenUnderAnInfiniteBudget) {
  Random random(4);
  for (size_t count : {3, 150}) {
    Items items = drawItems(random, count, 5, 100);
    Choice choice = mxquant::chooseWithinBudget(items, kInfinity);
    for (size_t i = 0; i < count; ++i)
      for (const Option &option : items[i])
        EXPECT_LE(items[i][(*choice)[i]].loss, option.loss);
  }
}

TEST(Budget, NothingToChoose) {
  EXPECT_TRUE(mxquant::chooseWithinBudget({}, 0.0)->empty());
  EXPECT_FALSE(mxquant::chooseWithinBudget({}, -1.0));
  EXPECT_FALSE(mxquant::chooseWithinBudget({{{1, 1}}, {}}, 10.0));
  EXPECT_FALSE(mxquant::chooseWithinBudget({{{1, 1}}}, kNaN));
}

TEST(Budget, TiesGoToTheCheaperAndThenToTheFirst) {
  Items items(1, {{3, 1}, {2, 1}, {2, 1}, {4, 1}});
  EXPECT_EQ(std::vector<size_t>{1}, *mxquant::chooseWithinBudget(items, 10));
  // Alike items: the same choice every time.
  Items alike(150, {{1, 9}, {2, 4}, {3, 1}, {4, 0}});
  Choice first = mxquant::chooseWithinBudget(alike, 333);
  EXPECT_EQ(first, mxquant::chooseWithinBudget(alike, 333));
  EXPECT_EQ(333, sumUp(alike, *first).cost);
}

TEST(Budget, UnknownLossesAreChosenOnlyIfAllAre) {
  Items items = {{{1, kNaN}, {2, 7}, {3, kInfinity}},
                 {{5, kNaN}, {4, kInfinity}, {6, kNaN}}};
  EXPECT_EQ((std::vector<size_t>{1, 1}),
            *mxquant::chooseWithinBudget(items, 100));
  EXPECT_FALSE(mxquant::chooseWithinBudget(items, 5.5));
  EXPECT_FALSE(
      mxquant::chooseWithinBudget({{{kNaN, 1}, {kInfinity, 1}}}, kInfinity));
}
