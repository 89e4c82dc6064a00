//===- TensorKernels.h - a product of tcgen05 for tests ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Where operands and scales lie in shared and in tensor memory. The block has
// four warps; one thread issues, each warp reads its lanes.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_TENSORKERNELS_H
#define MX_TEST_UNIT_SIMULATOR_TENSORKERNELS_H

#include "WarpgroupKernels.h"

namespace mxsim {

inline constexpr uint32_t kTensorThreads = 128, kTensorRows = 128;
inline constexpr uint32_t kPlaceOfA = 0, kPlaceOfB = 16384;
/// Tiles of scales of 128 rows, 512 bytes each: one of A, two of B.
inline constexpr uint32_t kPlaceOfScales = 49152;
inline constexpr uint32_t kSlot = 50688, kBarrier = 50696;
inline constexpr uint32_t kTensorShared = 50704;
/// Columns of tensor memory, of 512: scales lie behind 256 columns of sums.
inline constexpr uint32_t kScaleColumns = 256;

struct TensorProduct {
  int32_t kind, typeA, typeB, scaleFormat;
  /// Length of a block, and scales of a row.
  int32_t block;
  uint32_t scales, columns = 16, span = 128, inRow = 0;
  uint32_t byteA = 0, byteB = 0;

  uint32_t getK() const { return kind == MXSIM_KIND_MXF8F6F4 ? 32 : 64; }
  Place getA() const { return {kPlaceOfA, span, inRow}; }
  Place getB() const { return {kPlaceOfB, span, inRow}; }

  /// The field for a type.
  uint32_t getField(int32_t type) const {
    if (kind != MXSIM_KIND_MXF8F6F4)
      return 1;
    return type == MXSIM_TYPE_E4M3   ? 0
           : type == MXSIM_TYPE_E5M2 ? 1
           : type == MXSIM_TYPE_E2M3 ? 3
           : type == MXSIM_TYPE_E3M2 ? 4
                                     : 5;
  }
  uint32_t getInstruction() const {
    return byteB << 4 | getField(typeA) << 7 | getField(typeB) << 10 |
           columns / 8 << 17 |
           uint32_t(scaleFormat == MXSIM_SCALE_UE8M0) << 23 |
           kTensorRows / 16 << 24 | byteA << 29;
  }
};

/// MXFP4 times MXFP4.
inline TensorProduct makeMXFP4() {
  return {MXSIM_KIND_MXF4,
          MXSIM_TYPE_E2M1,
          MXSIM_TYPE_E2M1,
          MXSIM_SCALE_UE8M0,
          32,
          2};
}

/// The descriptor of a matrix, or of a tile of scales without a swizzle.
inline uint64_t describeMatrix(const Place &place) {
  return place.getDescriptor() | uint64_t(1) << 46;
}
inline uint64_t describeScales(uint32_t tile) {
  constexpr uint64_t groupBytes = 128;
  return uint64_t(kPlaceOfScales + 512 * tile) >> 4 | groupBytes >> 4 << 32 |
         uint64_t(1) << 46;
}

/// An address of tensor memory as device calls take it.
inline void *tensorAt(uint32_t address) {
  return reinterpret_cast<void *>(uintptr_t(address));
}
inline uint32_t loadSlot() { return load<uint32_t>(sharedAt(kSlot), 90); }

} // namespace mxsim

#endif // MX_TEST_UNIT_SIMULATOR_TENSORKERNELS_H
