//===- TensorMap.cpp - descriptions of tensors for copies -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Run.h"
#include "mx/Runtime/GpuRuntime.h"

using namespace mxgpu;

namespace {

/// What the driver writes, and kernels take by value.
struct alignas(128) TensorMap {
  char bytes[128];
};

/// A number of the driver for one of ours.
struct Spelling {
  int32_t ours;
  int driver;
};

} // namespace

static constexpr int32_t kMaxRank = 5;
static constexpr unsigned kKeptMaps = 64;
/// Unsigned numbers; those of 4 bits are packed without gaps.
static constexpr Spelling kElements[] = {
    {4, 13}, {8, 0}, {16, 1}, {32, 2}, {64, 4}};
static constexpr Spelling kSwizzles[] = {{0, 0}, {32, 1}, {64, 2}, {128, 3}};
/// How much of L2 a copy fetches at once: 128 bytes.
static constexpr int kL2Promotion = 2;

template <size_t Count>
static const Spelling *lookup(const Spelling (&list)[Count], int32_t ours) {
  for (const Spelling &spelling : list)
    if (spelling.ours == ours)
      return &spelling;
  return nullptr;
}

/// The next of the thread's maps, each used in turn: a launch copies the few
/// that it is given.
static TensorMap *takeMap() {
  static thread_local TensorMap maps[kKeptMaps];
  static thread_local unsigned next;
  return &maps[next++ % kKeptMaps];
}

void *mx_gpu_encode_tensor_map(void *address, int32_t rank, int32_t elementBits,
                               const int64_t *extents, const int64_t *strides,
                               const int32_t *box, int32_t swizzle) {
  const Spelling *element = lookup(kElements, elementBits);
  const Spelling *pattern = lookup(kSwizzles, swizzle);
  Entered run;
  if (!run || !element || !pattern || rank < 1 || rank > kMaxRank ||
      !run->driver->encodeTensorMap)
    return nullptr;
  uint64_t sizes[kMaxRank] = {}, gaps[kMaxRank] = {};
  uint32_t boxSizes[kMaxRank] = {}, steps[kMaxRank] = {};
  for (int32_t axis = 0; axis < rank; ++axis) {
    sizes[axis] = extents[axis];
    boxSizes[axis] = box[axis];
    steps[axis] = 1;
    if (axis > 0)
      gaps[axis - 1] = strides[axis - 1];
  }
  TensorMap *map = takeMap();
  int result = run->driver->encodeTensorMap(
      map, element->driver, rank, address, sizes, gaps, boxSizes, steps,
      /*interleave=*/0, pattern->driver, kL2Promotion, /*fill=*/0);
  // The tensor does not fit; the program has another way.
  if (result == kInvalidValue)
    return nullptr;
  return run->check(result, "a tensor map") ? map : nullptr;
}
