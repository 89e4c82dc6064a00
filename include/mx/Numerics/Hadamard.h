//===- Hadamard.h - block Hadamard rotation ---------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N6: the orthogonal transform R = diag(s)·H/√h on groups of h neighbours. Its
// order of operations is part of its meaning, so that every lowering gives
// the same bits.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_HADAMARD_H
#define MX_NUMERICS_HADAMARD_H

#include <cstddef>
#include <cstdint>

namespace mxnum {

inline constexpr int64_t kMinHadamard = 2;
inline constexpr int64_t kMaxHadamard = 256;

/// Whether `size` is a power of two in 2..256.
bool isHadamardSize(int64_t size);

/// rne_f32(1/√size), the last factor of N6.2.
float getHadamardScale(int64_t size);

/// Rotates one contiguous group of `size` values in place. `signs` is null or
/// points to `size` values of +1 or -1.
void rotateGroup(float *values, int64_t size, const int8_t *signs,
                 bool inverse);

} // namespace mxnum

#endif // MX_NUMERICS_HADAMARD_H
