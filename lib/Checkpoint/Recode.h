//===- Recode.h - from one block format to another, exactly -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// MXFP4 and NVFP4 have the same elements, so codes stay as they are and only
// scales change. Powers of two are UE4M3 scales from 2^-9 to 2^8; the tensor
// scale moves that window to where the weight's scales are:
//
//   MXFP4   block of 32, 2^k                  NVFP4   two of 16, 2^(k-m) · 2^m
//
// The other way, both halves must have the same power of two. A block of zeros
// has no say in either.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_RECODE_H
#define MX_LIB_CHECKPOINT_RECODE_H

#include "mx/Checkpoint/StoredWeight.h"

namespace mlir::mx {

/// What happens to scales on the way between two formats.
enum class Recoding { Same, ToNVFP4, ToMXFP4 };

/// Whether, and how, values can stay the same; nothing if no way is known.
std::optional<Recoding> chooseRecoding(const mxnum::BlockFormat &from,
                                       const mxnum::BlockFormat &to);

/// The range of exponents of the scales of a weight, without those of blocks of
/// zeros.
struct ScaleRange {
  int least = INT_MAX, most = INT_MIN;
  bool isEmpty() const { return least > most; }
  void add(const WeightRows &rows);
};

/// The exponent m of the tensor scale 2^m by which a range of MXFP4 scales can
/// be had in NVFP4, also as its reciprocal; nothing if the range is too wide.
std::optional<int> chooseExponent(const ScaleRange &range);

/// Replaces MXFP4 scales by NVFP4 scales under a tensor scale of 2^exponent.
void recodeToNVFP4(WeightRows &rows, int exponent);

/// Replaces NVFP4 scales by MXFP4 scales; returns the first block of 32 that
/// has none, as an index over all blocks of `rows`. `tensorScale` is a power of
/// two.
std::optional<int64_t> recodeToMXFP4(WeightRows &rows, float tensorScale);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_RECODE_H
