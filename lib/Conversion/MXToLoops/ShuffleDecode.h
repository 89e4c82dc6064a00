//===- ShuffleDecode.h - FP4 codes to f32 by byte shuffles ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The part of a kernel that knows the instructions of a machine: AVX2, or NEON,
// where a vector of 32 bytes is two registers. A vector holds 4 bytes of each
// of 8 interleaved rows (N8.7), 64 codes, and becomes 8 vectors of f32:
//
//   bytes     [n0: k1k0 k3k2 k5k4 k7k6][n1: …] … [n7: …]
//   low half  [ k0 k2 k4 k6 ]    high half  [ k1 k3 k5 k7 ]     shift and mask
//   table     two bytes of each code as bf16, by two shuffles, then
//   interleaved:
//             near [n0: k0 k2][n0: k4 k6][n1 …][n1 …][n4 …][n4 …][n5 …][n5 …]
//             far  the same of n2, n3, n6 and n7
//   f32       a shift for the first code of each lane, a mask for the second
//
// A bf16 number is the upper half of an f32 one, and E2M1 numbers are bf16
// numbers, so nothing is rounded. Per 64 codes: 3 operations for halves, 4
// shuffles, 4 interleavings, 8 shifts and masks.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_SHUFFLEDECODE_H
#define MX_LIB_CONVERSION_MXTOLOOPS_SHUFFLEDECODE_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mx/Target/KernelRegistry.h"

namespace mlir::mx {

/// f32 lanes of a vector, and rows that one vector of bytes holds.
inline constexpr int64_t kShuffleLanes = 8;
/// Codes of a row in a vector of bytes, and pairs of them.
inline constexpr int64_t kShuffleCodes = 8;
inline constexpr int64_t kShufflePairs = kShuffleCodes / 2;

/// Which codes of a row are a pair, in the order of `decode`: the first in even
/// lanes, the second in odd ones.
struct CodePair {
  int64_t first, second;
};
inline constexpr CodePair kCodePairs[kShufflePairs] = {
    {0, 4}, {2, 6}, {1, 5}, {3, 7}};

/// Twice the numbers of a pair as f32: near holds rows 0, 1, 4 and 5, two lanes
/// each, far rows 2, 3, 6 and 7. Twice, so that subnormal factors lose no bit.
struct PairVectors {
  Value near, far;
};

/// Emits the decoding of vectors of bytes. Its tables stand where `builder`
/// inserts at first.
class ShuffleDecoder {
public:
  ShuffleDecoder(ImplicitLocOpBuilder &b, const Machine &machine);

  /// Decodes a vector<32 x i8>, pair by pair.
  SmallVector<PairVectors> decode(ImplicitLocOpBuilder &b, Value bytes) const;

  /// Lanes of a pair to rows 0 to 7 of its first, and of its second code.
  static std::pair<Value, Value> splitPair(ImplicitLocOpBuilder &b,
                                           PairVectors pair);

private:
  Value lookUp(ImplicitLocOpBuilder &b, Value table, Value codes) const;

  /// Whether shuffles are those of NEON, and not of AVX2.
  bool isNeon;
  /// Lower and upper bytes of 16 bf16 numbers, once for each 16 bytes of a
  /// register.
  Value lowTable, highTable;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_SHUFFLEDECODE_H
