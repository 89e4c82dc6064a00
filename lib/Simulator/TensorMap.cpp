//===- TensorMap.cpp - which bytes a tile of a tensor is ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Encoding refuses what cuTensorMapEncodeTiled refuses, as far as tile mode
// without interleaving goes.
//===----------------------------------------------------------------------===//

#include "TensorMap.h"
#include "mx/Simulator/Launch.h"
#include <algorithm>
#include <cstring>

using namespace mxsim;

static constexpr uint32_t kMagic = 0x6D78746D;
static constexpr size_t kMapBytes = 128;
static constexpr int64_t kMaxExtent = int64_t(1) << 32, kMaxBox = 256;
static constexpr int64_t kMaxStride = int64_t(1) << 40;
static_assert(sizeof(TensorMap) <= kMapBytes, "a map has 128 bytes");

bool TensorMap::isValid() const { return magic == kMagic; }

uint32_t TensorMap::countRows() const {
  uint32_t rows = 1;
  for (int axis = 1; axis < rank; ++axis)
    rows *= box[axis];
  return rows;
}

TensorMap::Row TensorMap::getRow(const int32_t *coordinates,
                                 uint32_t row) const {
  uint8_t *start = address;
  bool isInside = true;
  for (int axis = 1; axis < rank; ++axis) {
    int64_t index = int64_t(coordinates[axis]) + row % box[axis];
    row /= box[axis];
    isInside &= index >= 0 && index < int64_t(extents[axis]);
    if (isInside)
      start += uint64_t(index) * strides[axis - 1];
  }
  if (!isInside)
    return {nullptr, 0, 0};
  // Of the box's elements [0, box) those of the tensor, in bytes.
  int64_t first = std::max<int64_t>(0, -int64_t(coordinates[0]));
  int64_t last =
      std::min<int64_t>(box[0], int64_t(extents[0]) - int64_t(coordinates[0]));
  if (last <= first)
    return {nullptr, 0, 0};
  int64_t offset = int64_t(coordinates[0]) * elementBits / 8;
  return {start + offset, uint32_t(first * elementBits / 8),
          uint32_t((last * elementBits + 7) / 8)};
}

static bool isOneOf(int32_t value, std::initializer_list<int32_t> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// Whether the machine would take the numbers.
static bool isEncodable(void *address, int32_t rank, int32_t elementBits,
                        const int64_t *extents, const int64_t *strides,
                        const int32_t *box, int32_t swizzle) {
  constexpr uintptr_t align = kSwizzleChunk;
  if (rank < 1 || rank > kMaxTensorRank ||
      !isOneOf(elementBits, {4, 8, 16, 32, 64}) ||
      !isOneOf(swizzle, {0, 32, 64, 128}) ||
      reinterpret_cast<uintptr_t>(address) % align != 0)
    return false;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (extents[axis] < 1 || extents[axis] >= kMaxExtent || box[axis] < 1 ||
        box[axis] > kMaxBox)
      return false;
    if (axis > 0 && (strides[axis - 1] < 1 || strides[axis - 1] >= kMaxStride ||
                     strides[axis - 1] % int64_t(align) != 0))
      return false;
  }
  int64_t rowBits = int64_t(box[0]) * elementBits;
  return rowBits % int64_t(8 * align) == 0 &&
         (swizzle == 0 || rowBits <= 8 * swizzle) &&
         (elementBits != 4 || extents[0] % 2 == 0);
}

int32_t mxsim_encode_tensor_map(void *tensorMap, void *address, int32_t rank,
                                int32_t elementBits, const int64_t *extents,
                                const int64_t *strides, const int32_t *box,
                                int32_t swizzle) {
  if (!isEncodable(address, rank, elementBits, extents, strides, box, swizzle))
    return 1;
  TensorMap map = {};
  map.magic = kMagic;
  map.rank = uint8_t(rank);
  map.elementBits = uint8_t(elementBits);
  map.swizzle = uint8_t(swizzle);
  map.address = static_cast<uint8_t *>(address);
  for (int32_t axis = 0; axis < rank; ++axis) {
    map.extents[axis] = uint32_t(extents[axis]);
    map.box[axis] = uint32_t(box[axis]);
    if (axis > 0)
      map.strides[axis - 1] = uint64_t(strides[axis - 1]);
  }
  std::memset(tensorMap, 0, kMapBytes);
  std::memcpy(tensorMap, &map, sizeof(map));
  return 0;
}
