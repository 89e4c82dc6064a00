//===- FastQuantizer.cpp - quantisation several values at a time ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Blocks are taken in groups of as many as a vector has lanes. Scales are
// chosen block by block or, where errors are compared, for all of a group at
// once; then the codes of each block are made in one loop without branches or
// calls, which compilers turn into vector instructions. All of it is compiled
// once for each set of instructions.
//===----------------------------------------------------------------------===//

#include "FastQuantizer.h"
#include "ScaleSearch.h"

using namespace mxnum;

namespace {

/// What is the same for all blocks.
struct Setting {
  const BlockFormat &format;
  const QuantizeOptions &options;
  ElementInfo element;
  float tensorScale;
  /// Nothing is quick.
  bool needsDefinition;

  Setting(const BlockFormat &format, const QuantizeOptions &options,
          float tensorScale)
      : format(format), options(options),
        element(getElementInfo(format.element)),
        tensorScale(format.tensorScale ? tensorScale : 1.0f), // N4.1
        needsDefinition(options.rounding != Rounding::NearestEven ||
                        isTensorScaleBad(format, tensorScale)) {}

  bool comparesErrors() const {
    return format.scale == ScaleType::E8M0 ? options.rule == ScaleRule::Mse
                                           : options.rule != ScaleRule::Amax;
  }
  /// N4.2.
  float getBase(float amax) const {
    return (amax / element.maxFinite) / tensorScale;
  }
};

/// How a block's values are scaled before they are rounded.
struct Product { // N3.8
  float factor;
  MX_ALWAYS_INLINE float operator()(float x) const { return x * factor; }
};
struct TripleProduct { // N3.4
  float factor;
  MX_ALWAYS_INLINE float operator()(float x) const {
    return (3.0f * x) * factor;
  }
};
struct Quotient { // N4.5
  float step;
  MX_ALWAYS_INLINE float operator()(float x) const { return x / step; }
};

/// N blocks.
template <int N>
class BlockGroup {
public:
  MX_ALWAYS_INLINE BlockGroup(const Setting &setting, const BlockRun &run,
                              int64_t first)
      : setting(setting), run(run), first(first) {}

  /// `buffer` has room for roundUp(length) · N numbers; null if no errors are
  /// compared.
  MX_ALWAYS_INLINE void quantize(float *buffer);

private:
  MX_ALWAYS_INLINE int64_t getSize(int64_t lane) const {
    int64_t left = run.count - (first + lane) * run.length;
    return left < run.length ? (left < 0 ? 0 : left) : run.length;
  }
  MX_ALWAYS_INLINE const float *getValues(int64_t lane) const {
    return run.values + (first + lane) * run.length;
  }
  MX_ALWAYS_INLINE bool measure(int64_t lane);
  MX_ALWAYS_INLINE void improve(float *buffer);
  MX_ALWAYS_INLINE void gather(float *buffer) const;
  MX_ALWAYS_INLINE BitLanes<N> search(const BlockLanes<N> &lanes) const;
  MX_ALWAYS_INLINE void encode(int64_t lane) const;

  const Setting &setting;
  const BlockRun &run;
  int64_t first;
  /// The largest magnitude of each block, and what is known of its scale; 0 for
  /// blocks that are done or not there.
  uint32_t amax[N] = {};
  uint32_t bytes[N] = {};
  bool isOpen[N] = {};
};

} // namespace

static MX_ALWAYS_INLINE int64_t roundUp(int64_t length) {
  return (length + kValuesPerCheck - 1) / kValuesPerCheck * kValuesPerCheck;
}

/// The bits of the largest magnitude. As signed numbers, which they are as
/// well, machines compare them sooner.
static MX_ALWAYS_INLINE uint32_t findLargest(const float *values,
                                             int64_t count) {
  int32_t largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    auto magnitude = static_cast<int32_t>(magnitudeBits(values[i]));
    largest = magnitude > largest ? magnitude : largest;
  }
  return static_cast<uint32_t>(largest);
}

/// Finds the largest magnitude of a block and the scale that follows from it.
/// Returns false if the definition has dealt with the block.
template <int N>
MX_ALWAYS_INLINE bool BlockGroup<N>::measure(int64_t lane) {
  const BlockFormat &format = setting.format;
  const QuantizeOptions &options = setting.options;
  int64_t block = first + lane, start = block * run.length;
  uint32_t largest = findLargest(getValues(lane), getSize(lane));
  if (setting.needsDefinition || largest >= kF32InfinityBits) {
    run.scales[block] = quantizeBlockByDefinition(
        format, options, setting.tensorScale, getValues(lane), getSize(lane),
        run.index + block * run.blockStride, run.valueStride,
        run.codes + start);
    return false;
  }
  amax[lane] = largest;
  bytes[lane] = format.scale == ScaleType::E8M0
                    ? chooseE8M0(options.rule, format.element, largest)
                    : encodeUE4M3(setting.getBase(fromBits(largest)));
  return true;
}

/// Lays the magnitudes of all blocks side by side.
template <int N>
MX_ALWAYS_INLINE void BlockGroup<N>::gather(float *buffer) const {
  for (int64_t lane = 0; lane < N; ++lane) {
    int64_t size = isOpen[lane] ? getSize(lane) : 0;
    const float *values = getValues(lane);
    for (int64_t i = 0; i < size; ++i)
      buffer[i * N + lane] = fromBits(magnitudeBits(values[i]));
    for (int64_t i = size; i < roundUp(run.length); ++i)
      buffer[i * N + lane] = 0.0f;
  }
}

template <int N>
MX_ALWAYS_INLINE BitLanes<N>
BlockGroup<N>::search(const BlockLanes<N> &lanes) const {
  ElementType element = setting.format.element;
  ScaleRule rule = setting.options.rule;
  auto start = loadLanes<BitLanes<N>>(bytes);
  if (setting.format.scale == ScaleType::E8M0)
    return searchE8M0<N>(element, lanes, start);
  UE4M3Search<N> search(element, setting.tensorScale, lanes);
  if (rule == ScaleRule::Sweep)
    return search.sweep(start);
  uint32_t toFour[N];
  for (int lane = 0; lane < N; ++lane)
    toFour[lane] = encodeUE4M3(1.5f * setting.getBase(fromBits(amax[lane])));
  return search.searchFourOverSix(rule == ScaleRule::FourOverSixMae, start,
                                  loadLanes<BitLanes<N>>(toFour));
}

/// Replaces scales by those of least error.
template <int N>
MX_ALWAYS_INLINE void BlockGroup<N>::improve(float *buffer) {
  gather(buffer);
  BlockLanes<N> lanes{buffer, roundUp(run.length),
                      fromBits(loadLanes<BitLanes<N>>(amax))};
  storeLanes(search(lanes), bytes);
}

/// Writes the codes of `scaleValue(x)`, which must not be NaN. `grid` is a copy
/// that nothing written to `codes` can change.
template <typename Scaling>
static MX_ALWAYS_INLINE void
encodeValues(FastGrid<float> grid, const float *values, int64_t count,
             Scaling scaleValue, uint8_t *__restrict codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<uint8_t>(grid.encode(scaleValue(values[i])));
}

template <int N>
MX_ALWAYS_INLINE void BlockGroup<N>::encode(int64_t lane) const {
  FastGrid<float> grid(setting.element);
  const float *values = getValues(lane);
  int64_t size = getSize(lane);
  auto byte = static_cast<uint8_t>(bytes[lane]);
  run.scales[first + lane] = byte;
  uint8_t *codes = run.codes + (first + lane) * run.length;
  if (setting.format.scale == ScaleType::UE4M3) {
    float step = decodeScale(ScaleType::UE4M3, byte) * setting.tensorScale;
    // N4.5: a step of zero leaves only signs, and so does one of infinity.
    if (step == 0.0f)
      step = std::numeric_limits<float>::infinity();
    encodeValues(grid, values, size, Quotient{step}, codes);
    return;
  }
  float factor = powerOfTwo(kF32Bias - byte);
  if (setting.options.rule == ScaleRule::Abs3)
    encodeValues(grid, values, size, TripleProduct{factor}, codes);
  else
    encodeValues(grid, values, size, Product{factor}, codes);
}

template <int N>
MX_ALWAYS_INLINE void BlockGroup<N>::quantize(float *buffer) {
  for (int64_t lane = 0; lane < N; ++lane)
    isOpen[lane] = getSize(lane) > 0 && measure(lane);
  if (buffer)
    improve(buffer);
  for (int64_t lane = 0; lane < N; ++lane)
    if (isOpen[lane])
      encode(lane);
}

template <int N>
static MX_ALWAYS_INLINE void
quantizeGroups(const Setting &setting, const BlockRun &run, float *buffer) {
  for (int64_t first = 0; first * run.length < run.count; first += N)
    BlockGroup<N>(setting, run, first).quantize(buffer);
}

//===----------------------------------------------------------------------===//
// Sets of instructions
//===----------------------------------------------------------------------===//

static void quantizeBaseline(const Setting &setting, const BlockRun &run,
                             float *buffer) {
  quantizeGroups<4>(setting, run, buffer);
}

#if defined(__x86_64__)

// Not with FMA: nothing here may be contracted.
__attribute__((target("avx2"))) static void
quantizeAVX2(const Setting &setting, const BlockRun &run, float *buffer) {
  quantizeGroups<8>(setting, run, buffer);
}

static bool hasAVX2() { return __builtin_cpu_supports("avx2"); }

#else

static void quantizeAVX2(const Setting &setting, const BlockRun &run,
                         float *buffer) {
  quantizeBaseline(setting, run, buffer);
}

static bool hasAVX2() { return false; }

#endif

void mxnum::quantizeRun(const BlockFormat &format,
                        const QuantizeOptions &options, float tensorScale,
                        const BlockRun &run, Instructions instructions) {
  constexpr int64_t mostLanes = 8;
  Setting setting(format, options, tensorScale);
  bool compares = !setting.needsDefinition && setting.comparesErrors();
  std::vector<float> buffer(compares ? roundUp(run.length) * mostLanes : 0);
  auto *quantize = instructions == Instructions::Native && hasAVX2()
                       ? quantizeAVX2
                       : quantizeBaseline;
  quantize(setting, run, compares ? buffer.data() : nullptr);
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

uint8_t mxnum::quantizeBlock(const BlockFormat &format,
                             const QuantizeOptions &options, float tensorScale,
                             const float *values, int64_t count, uint64_t index,
                             uint64_t stride, uint8_t *codes) {
  uint8_t scale;
  quantizeRun(
      format, options, tensorScale,
      {values, count, count, index, stride, /*blockStride=*/0, codes, &scale});
  return scale;
}

void mxnum::quantizeRow(const BlockFormat &format,
                        const QuantizeOptions &options, float tensorScale,
                        const float *values, int64_t count, uint64_t index,
                        uint8_t *codes, uint8_t *scales) {
  auto blockStride = static_cast<uint64_t>(format.block);
  quantizeRun(format, options, tensorScale,
              {values, count, format.block, index, /*valueStride=*/1,
               blockStride, codes, scales});
}
