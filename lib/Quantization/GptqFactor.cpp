//===- GptqFactor.cpp - the Hessian as the rounding loop reads it ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Sorts columns, takes dead ones out of the Hessian, and adds damping until the
// decomposition succeeds.
//===----------------------------------------------------------------------===//

#include "GptqFactor.h"
#include <cmath>
#include <limits>
#include <numeric>

using namespace mxquant;

namespace {

/// Multiplies the damping when it did not suffice, this often.
constexpr double kEscalation = 10.0;
constexpr int kEscalations = 3;

/// The damping after none at all.
constexpr double kLeastEscalated = 0.01;

} // namespace

GptqFactor::GptqFactor(const std::vector<double> &hessian, int64_t columns,
                       bool actOrder)
    : order(columns), isDead(columns), hessian(hessian), columns(columns) {
  for (int64_t column = 0; column < columns; ++column) {
    double diagonal = hessian[column * columns + column];
    isDead[column] = diagonal == 0.0;
    mean += diagonal;
    largest = std::max(largest, std::fabs(diagonal));
  }
  int64_t live = columns - countDead();
  // Of no consequence if all are dead.
  mean = live == 0 ? 1.0 : mean / static_cast<double>(live);
  std::iota(order.begin(), order.end(), 0);
  if (actOrder && std::isfinite(mean))
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      double left = hessian[a * columns + a], right = hessian[b * columns + b];
      return left != right ? left > right : a < b;
    });
  std::reverse(order.begin(), order.end());
}

void GptqFactor::gatherRow(int64_t place, double damping) {
  int64_t row = order[place];
  const double *source = hessian.data() + row * columns;
  for (int64_t i = 0; i < place; ++i) {
    int64_t column = order[i];
    lower(place, i) = isDead[row] || isDead[column] ? 0.0 : source[column];
  }
  // A dead column is on its own, and any positive number will do.
  double diagonal = isDead[row] ? mean : source[row];
  lower(place, place) = diagonal + damping * mean;
}

bool GptqFactor::tryDamping(double damping, const ParallelFor &parallel) {
  lower.resize(columns, columns);
  forEachTile(0, columns, parallel, [&](int64_t tile, int64_t size) {
    for (int64_t place = tile; place < tile + size; ++place)
      gatherRow(place, damping);
  });
  // A pivot this small is the rounding error of what should be zero.
  double tolerance = static_cast<double>(columns) *
                     std::numeric_limits<double>::epsilon() * largest;
  return decomposeCholesky(lower, tolerance, parallel);
}

std::optional<double> GptqFactor::decompose(double damping,
                                            const ParallelFor &parallel) {
  for (int attempt = 0; attempt <= kEscalations; ++attempt) {
    if (tryDamping(damping, parallel))
      return damping;
    damping = std::max(damping * kEscalation, kLeastEscalated);
  }
  return std::nullopt;
}
