//===- ScaleSearch.cpp - the best of several scales -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An error is a sum in element order, so the values of one block cannot share a
// vector, but four scales can: each lane does what the definition does, in the
// same order. Scales that cannot win are passed by, which is safe because a
// rounded sum of terms that are not negative is at least each term and at least
// each of its own partial sums.
//===----------------------------------------------------------------------===//

#include "ScaleSearch.h"
#include "ElementGrid.h"
#include "FastGrid.h"
#include "QuantizeBlock.h"
#include <cstddef>
#include <limits>

using namespace mxnum;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Four scales on one block
//===----------------------------------------------------------------------===//

namespace {

/// N3.3: scales 2^offset times that of `rceil`.
struct E8M0Lanes {
  FastGrid<FloatLanes> grid;
  /// 2^-offset and 2^offset.
  FloatLanes down;
  FloatLanes up;
  float toUnit;

  /// The error of a magnitude; that of its negative is the opposite.
  FloatLanes measure(float magnitude) const {
    FloatLanes unit = broadcast(magnitude * toUnit);
    return unit - grid.round(unit * down) * up;
  }
};

/// N4.3: scales s with the tensor scale t.
struct UE4M3Lanes {
  FastGrid<FloatLanes> grid;
  FloatLanes tensorScale;
  FloatLanes scale{};
  /// s · t, which divides the values.
  FloatLanes step{};

  UE4M3Lanes(ElementType element, float tensorScale)
      : grid(getElementInfo(element)), tensorScale(broadcast(tensorScale)) {}

  void setScale(FloatLanes newScale) {
    scale = newScale;
    step = scale * tensorScale;
    // N4.5: a step of zero leaves only signs, and so does one of infinity.
    step = step == FloatLanes{} ? broadcast(kInfinity) : step;
  }

  FloatLanes measure(float magnitude) const {
    FloatLanes value = broadcast(magnitude);
    return value - grid.round(value / step) * scale * tensorScale;
  }
};

} // namespace

// Lambdas, so that sumErrors is compiled for each of them.
static constexpr auto square = [](FloatLanes difference) {
  return difference * difference;
};
static constexpr auto getMagnitude = [](FloatLanes difference) {
  return fromBits(toBits(difference) & ~kF32SignBit);
};

static bool isAnyAtMost(FloatLanes numbers, float limit) {
  auto isAtMost = numbers <= broadcast(limit);
  return (isAtMost[0] | isAtMost[1] | isAtMost[2] | isAtMost[3]) != 0;
}

/// Sums what `norm` makes of the errors. Stops early once every lane is above
/// `limit`.
template <typename Lanes, typename Norm>
static FloatLanes sumErrors(const FiniteBlock &block, const Lanes &lanes,
                            Norm norm, float limit = kInfinity) {
  constexpr int64_t valuesPerCheck = 4;
  FloatLanes sum{};
  for (int64_t i = 0; i < block.count && isAnyAtMost(sum, limit);) {
    int64_t end = std::min(i + valuesPerCheck, block.count);
    for (; i < end; ++i)
      sum += norm(lanes.measure(fromBits(magnitudeBits(block.values[i]))));
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// E8M0
//===----------------------------------------------------------------------===//

static constexpr size_t kNumOffsets = sizeof(kMseOffsets) / sizeof(int);
static_assert(kNumOffsets == kLanes + 1, "one candidate has no lane");

/// The candidate without a lane. Under it the largest value saturates at a
/// quarter of itself or less, and that error alone is nearly always larger than
/// the error of the whole block under another candidate.
static constexpr size_t kLast = 1;
static_assert(kMseOffsets[kLast] == -3, "the smallest scale comes last");

static size_t findFirstLeast(const float *errors, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; ++i)
    if (errors[i] < errors[best])
      best = i;
  return best;
}

uint8_t mxnum::searchE8M0(ElementType element, const FiniteBlock &block,
                          uint8_t rceil) {
  auto getPower = [](int offset) { return broadcast(powerOfTwo(offset)); };
  E8M0Lanes last{FastGrid<FloatLanes>(getElementInfo(element)),
                 getPower(-kMseOffsets[kLast]), getPower(kMseOffsets[kLast]),
                 powerOfTwo(kF32Bias - rceil)};
  E8M0Lanes others = last;
  for (size_t i = 0, lane = 0; i < kNumOffsets; ++i) {
    if (i == kLast)
      continue;
    others.down[lane] = powerOfTwo(-kMseOffsets[i]);
    others.up[lane++] = powerOfTwo(kMseOffsets[i]);
  }
  FloatLanes sums = sumErrors(block, others, square);
  float errors[kNumOffsets];
  for (size_t i = 0, lane = 0; i < kNumOffsets; ++i) {
    int candidate = rceil + kMseOffsets[i];
    errors[i] = i == kLast ? square(last.measure(block.amax))[0] : sums[lane++];
    if (candidate < 0 || candidate > kLargestE8M0)
      errors[i] = kInfinity;
  }
  size_t best = findFirstLeast(errors, kNumOffsets);
  if (best == kLast) {
    errors[kLast] = sumErrors(block, last, square)[0];
    best = findFirstLeast(errors, kNumOffsets);
  }
  return static_cast<uint8_t>(rceil + kMseOffsets[best]);
}

//===----------------------------------------------------------------------===//
// UE4M3
//===----------------------------------------------------------------------===//

/// The values of the bytes up to kLargestUE4M3; then comes a NaN.
static const float *getScales() { return getDecodeTable(ElementType::E4M3); }

uint8_t mxnum::searchFourOverSix(ElementType element, ScaleRule rule,
                                 const FiniteBlock &block, float tensorScale,
                                 uint8_t toSix, uint8_t toFour) {
  FloatLanes scale = broadcast(getScales()[toSix]);
  scale[1] = getScales()[toFour];
  UE4M3Lanes lanes(element, tensorScale);
  lanes.setScale(scale);
  FloatLanes sums = rule == ScaleRule::FourOverSixMae
                        ? sumErrors(block, lanes, getMagnitude)
                        : sumErrors(block, lanes, square);
  return sums[1] < sums[0] ? toFour : toSix;
}

namespace {

/// N4.4 on one block. Codes are measured in groups of four.
class Sweep {
public:
  Sweep(ElementType element, const FiniteBlock &block, float tensorScale,
        uint8_t start)
      : element(element), block(block), tensorScale(tensorScale), start(start),
        lanes(element, tensorScale) {}

  uint8_t run();

private:
  void measureGroup(int group);
  bool isTooSmall(int group) const;
  int findTooLarge(int group) const;

  ElementType element;
  const FiniteBlock &block;
  float tensorScale;
  uint8_t start;
  UE4M3Lanes lanes;
  /// The least error so far.
  float least = kInfinity;
  /// Errors of measured codes; of some that lose, only a part.
  float errors[kLargestUE4M3 + 2];
};

constexpr int kGroups = kLargestUE4M3 / kLanes + 1;

} // namespace

void Sweep::measureGroup(int group) {
  int first = group * kLanes;
  lanes.setScale(loadLanes(getScales() + first));
  storeLanes(sumErrors(block, lanes, square, least), errors + first);
  // Code 0 competes only as the start.
  for (int code = std::max(first, start == 0 ? 0 : 1);
       code < first + kLanes && code <= kLargestUE4M3; ++code)
    least = std::min(least, errors[code]);
}

/// Whether a group and those below it lose: where the largest value exceeds the
/// largest product it saturates, and its error grows as scales fall. (Products
/// of few significant bits make errors whose squares are 0.)
bool Sweep::isTooSmall(int group) const {
  float scale = getScales()[group * kLanes + kLanes - 1];
  float largest = getElementInfo(element).maxFinite;
  float excess = block.amax - largest * scale * tensorScale;
  return excess > 0.0f && excess * excess > least;
}

/// Returns a group that loses together with those above it: a value that
/// becomes zero does so under larger scales too, and is all error. One group of
/// each of the four binades from `group` on is looked at.
int Sweep::findTooLarge(int group) const {
  constexpr int groupsPerBinade = 2;
  FloatLanes step;
  for (int lane = 0; lane < kLanes; ++lane) {
    int code = (group + lane * groupsPerBinade) * kLanes;
    step[lane] = getScales()[std::min(code, kLargestUE4M3)] * tensorScale;
  }
  // N2.1: what becomes zero is at most half the smallest element. The power of
  // two that takes it to a whole step is exact.
  float toStep = 2.0f / decodeElement(element, 1);
  FloatLanes error{};
  for (int64_t i = 0; i < block.count; ++i) {
    float magnitude = fromBits(magnitudeBits(block.values[i]));
    auto becomesZero = broadcast(magnitude * toStep) <= step;
    error += becomesZero ? broadcast(magnitude * magnitude) : FloatLanes{};
  }
  for (int lane = 0; lane < kLanes; ++lane)
    if (error[lane] > least)
      return group + lane * groupsPerBinade;
  return kGroups;
}

uint8_t Sweep::run() {
  int low = start / kLanes, high = low + 1;
  measureGroup(low);
  while (low > 0 && !isTooSmall(low - 1))
    measureGroup(--low);
  constexpr int fewGroups = 2; // Measured sooner than looked at.
  int end = kGroups;
  if (high + fewGroups < kGroups)
    end = std::min(findTooLarge(high), kGroups);
  while (high < end)
    measureGroup(high++);
  int best = start;
  int last = std::min(high * kLanes - 1, kLargestUE4M3);
  for (int code = std::max(low * kLanes, 1); code <= last; ++code)
    if (errors[code] < errors[best])
      best = code;
  return static_cast<uint8_t>(best);
}

uint8_t mxnum::searchSweep(ElementType element, const FiniteBlock &block,
                           float tensorScale, uint8_t start) {
  return Sweep(element, block, tensorScale, start).run();
}
