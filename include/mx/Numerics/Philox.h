//===- Philox.h - the random numbers of stochastic rounding -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Philox4x32-10 (Salmon et al., SC 2011), a counter-based generator: the number
// for an element depends only on seed and index (N5.1), so results do not
// depend on tiling or threads.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_PHILOX_H
#define MX_NUMERICS_PHILOX_H

#include <array>
#include <cstdint>

namespace mxnum {

inline constexpr unsigned kPhiloxRounds = 10;
inline constexpr uint32_t kPhiloxMultiplier0 = 0xD2511F53;
inline constexpr uint32_t kPhiloxMultiplier1 = 0xCD9E8D57;
inline constexpr uint32_t kPhiloxWeyl0 = 0x9E3779B9;
inline constexpr uint32_t kPhiloxWeyl1 = 0xBB67AE85;

/// The four words of one counter value.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key);

/// The top `bits` (1..32) of the word that N5.1 assigns to element `index`.
uint32_t getRandomBits(uint64_t seed, uint64_t index, unsigned bits);

} // namespace mxnum

#endif // MX_NUMERICS_PHILOX_H
