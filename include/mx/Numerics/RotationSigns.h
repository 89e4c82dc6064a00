//===- RotationSigns.h - the signs that a seed stands for -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Random signs make a rotation spread what a Hadamard matrix alone would not.
// They depend on seed and size alone, so that whoever rotates by the same seed
// rotates alike.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_ROTATIONSIGNS_H
#define MX_NUMERICS_ROTATIONSIGNS_H

#include <cstdint>

namespace mxnum {

/// Writes the `size` signs of N6.1, 1 or -1, for `seed`; all 1 for seed 0.
void drawRotationSigns(uint64_t seed, int64_t size, int8_t *signs);

} // namespace mxnum

#endif // MX_NUMERICS_ROTATIONSIGNS_H
