//===- NumericsSweep.cpp - every f32 through every encoder
//------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N2 and N4.2 on all 2^32 inputs of each element format and of UE4M3.
// Magnitudes are visited in ascending order, so the right code is a staircase:
// it is the next code from the first f32 nearer to it on, which is found
// beforehand from the decoded grid by exact comparison. Nothing is shared with
// the encoder. Element formats are encoded one number at a time and, as in
// tensors, a block at a time.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/Quantize.h"
#include "mx/Numerics/SmallFloat.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace mxnum;

namespace {

constexpr uint32_t kInfinityBits = 0x7F800000;
constexpr uint64_t kMagnitudes = uint64_t(1) << 31;
constexpr uint32_t kChunk = 1 << 24;

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// One encoder with what is expected of it.
struct Target {
  const char *name;
  std::function<void(const float *, uint8_t *, uint32_t)> encode;
  /// Bits of the first f32 that gets each code.
  std::vector<uint32_t> firstBits;
  /// Codes of a negative number: `negativeOr | code`, or 0 if unsigned.
  uint8_t signBit;
  bool isSigned;
  uint8_t nanCode;
};

struct Tally {
  std::atomic<uint64_t> checked{0}, mismatches{0};
};

} // namespace

/// N2.1: whether a magnitude belongs to the upper of two neighbouring grid
/// points; at the middle the even code wins. Exact, as 2·value and low + high
/// are doubles.
static bool isNearerToUpper(float value, double low, double high,
                            unsigned upperCode) {
  double twice = 2 * double(value), middle = low + high;
  return twice == middle ? upperCode % 2 == 0 : twice > middle;
}

static uint32_t findFirstBits(ElementType type, unsigned code) {
  if (code == 0)
    return 0;
  double high = decodeElement(type, uint8_t(code));
  double low = decodeElement(type, uint8_t(code - 1));
  uint32_t begin = 0, end = kInfinityBits;
  while (begin < end) {
    uint32_t middle = begin + (end - begin) / 2;
    if (isNearerToUpper(fromBits(middle), low, high, code))
      end = middle;
    else
      begin = middle + 1;
  }
  return begin;
}

static Target makeTarget(ElementType type) {
  const ElementInfo &info = getElementInfo(type);
  Target target{info.name,
                [type](const float *x, uint8_t *codes, uint32_t count) {
                  for (uint32_t i = 0; i < count; ++i)
                    codes[i] = encodeElement(type, x[i]);
                },
                {},
                uint8_t(1u << (info.bits - 1)),
                true,
                0};
  for (unsigned code = 0; code < target.signBit; ++code)
    if (std::isfinite(decodeElement(type, uint8_t(code))))
      target.firstBits.push_back(findFirstBits(type, code));
  // N2.4
  target.nanCode = info.hasNaN ? 0x7F : uint8_t(target.firstBits.size() - 1);
  return target;
}

static Target makeUE4M3Target() {
  Target target = makeTarget(ElementType::E4M3);
  target.name = "UE4M3";
  target.encode = [](const float *x, uint8_t *codes, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i)
      codes[i] = encodeUE4M3(x[i]);
  };
  target.isSigned = false;
  return target;
}

/// The elements of a block whose scale and tensor scale make a step of 1, which
/// takes the way of whole tensors. Numbers that would poison the block go the
/// other way.
static Target makeBlockTarget(ElementType type) {
  static const char *const names[] = {"E2M1 block", "E2M3 block", "E3M2 block",
                                      "E4M3 block", "E5M2 block"};
  Target target = makeTarget(type);
  target.name = names[static_cast<unsigned>(type)];
  target.encode = [type](const float *x, uint8_t *codes, uint32_t count) {
    // N4.2: with F in it, and 1 / 448 as tensor scale, its scale is 448.
    constexpr float largestScale = 448.0f;
    std::vector<float> values(x, x + count);
    values.push_back(getElementInfo(type).maxFinite);
    for (float &value : values)
      value = std::isfinite(value) ? value : 0.0f;
    QuantizeOptions options;
    options.rule = ScaleRule::Amax;
    BlockFormat format{type, ScaleType::UE4M3, kMaxBlock, true};
    std::vector<uint8_t> all(values.size());
    quantizeBlock(format, options, 1.0f / largestScale, values.data(),
                  int64_t(values.size()), 0, 1, all.data());
    for (uint32_t i = 0; i < count; ++i)
      codes[i] = std::isfinite(x[i]) ? all[i] : encodeElement(type, x[i]);
  };
  return target;
}

/// What N2 requires for the number with these bits, `magnitudeCode` being the
/// stair that its magnitude stands on.
static uint8_t getExpected(const Target &target, uint32_t bits,
                           uint8_t magnitudeCode) {
  if ((bits & 0x7FFFFFFF) > kInfinityBits)
    return target.nanCode;
  if (bits >> 31 == 0)
    return magnitudeCode;
  return target.isSigned ? uint8_t(target.signBit | magnitudeCode) : 0;
}

/// Checks one sign of the magnitudes [begin, begin + kChunk).
static void checkChunk(const Target &target, uint32_t sign, uint32_t begin,
                       Tally &tally) {
  constexpr uint32_t batch = 4096;
  float values[batch];
  uint8_t codes[batch];
  uint64_t mismatches = 0;
  auto stair =
      std::upper_bound(target.firstBits.begin(), target.firstBits.end(), begin);
  for (uint32_t base = begin; base != begin + kChunk; base += batch) {
    for (uint32_t i = 0; i < batch; ++i)
      values[i] = fromBits(sign | (base + i));
    target.encode(values, codes, batch);
    for (uint32_t i = 0; i < batch; ++i) {
      while (stair != target.firstBits.end() && *stair <= base + i)
        ++stair;
      auto code = uint8_t(stair - target.firstBits.begin() - 1);
      mismatches += codes[i] != getExpected(target, sign | (base + i), code);
    }
  }
  tally.checked += kChunk;
  tally.mismatches += mismatches;
}

static void showProgress(const Target &target, uint64_t done, uint64_t total) {
  if (isatty(STDERR_FILENO))
    std::fprintf(stderr, "\r%s %3u%%", target.name,
                 unsigned(100 * done / total));
}

/// Both signs of every magnitude, chunks shared out among threads. Returns the
/// number of mismatches.
static uint64_t sweep(const Target &target, unsigned threads) {
  constexpr uint32_t perSign = kMagnitudes / kChunk, chunks = 2 * perSign;
  Tally tally;
  std::atomic<uint32_t> next{0};
  auto start = std::chrono::steady_clock::now();
  auto work = [&](bool reports) {
    for (uint32_t i = next++; i < chunks; i = next++) {
      uint32_t sign = i < perSign ? 0 : 0x80000000;
      checkChunk(target, sign, i % perSign * kChunk, tally);
      if (reports)
        showProgress(target, i, chunks);
    }
  };
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back(work, false);
  work(true);
  for (std::thread &thread : pool)
    thread.join();
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  if (isatty(STDERR_FILENO))
    std::fputs("\r", stderr);
  std::printf("%-10s %" PRIu64 " inputs, %" PRIu64 " mismatches, %.1f s\n",
              target.name, tally.checked.load(), tally.mismatches.load(),
              seconds.count());
  return tally.mismatches;
}

int main() {
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  uint64_t mismatches = 0;
  for (ElementType type : kElementTypes)
    mismatches += sweep(makeTarget(type), threads);
  for (ElementType type : kElementTypes)
    mismatches += sweep(makeBlockTarget(type), threads);
  mismatches += sweep(makeUE4M3Target(), threads);
  return mismatches == 0 ? 0 : 1;
}
