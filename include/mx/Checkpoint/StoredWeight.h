//===- StoredWeight.h - block-scaled weights in a checkpoint ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Finds the parts that belong together, by the table of conventions, and reads
// rows of a weight in the canonical layout (N8.1) whatever the file calls them.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_STOREDWEIGHT_H
#define MX_CHECKPOINT_STOREDWEIGHT_H

#include "mx/Checkpoint/Convention.h"

namespace mlir::mx {

struct StoredWeight {
  /// What all parts' names begin with.
  std::string stem;
  const Convention *convention;
  /// [..., N, K].
  std::vector<int64_t> shape;
  /// Names of the parts; empty where there is none.
  std::string payload, scales, tensorScaleName, inputScaleName;
  /// The tensor scale that multiplies (N8.6), 1 if there is none.
  float tensorScale = 1.0f;

  /// The product of all dimensions but the last, and the last.
  int64_t getRows() const;
  int64_t getColumns() const { return shape.back(); }
};

/// Bytes of a row of payload, and of scales, in the canonical layout.
int64_t getPayloadRowBytes(const mxnum::BlockFormat &format, int64_t columns);
int64_t getScaleRowBytes(const mxnum::BlockFormat &format, int64_t columns);

/// Finds all weights that are stored by a convention. A part that is missing,
/// of another type or shape, or that belongs to no weight is an error that
/// names it.
llvm::Expected<std::vector<StoredWeight>>
findWeights(const Checkpoint &checkpoint);

/// Canonical payload and scales of some rows.
struct WeightRows {
  std::vector<uint8_t> payload, scales;
};

/// Reads rows of a weight. A scale that is NaN, or that the type of scales does
/// not have, is an error that says in which block. May be called from several
/// threads.
llvm::Expected<WeightRows> readWeightRows(const Checkpoint &checkpoint,
                                          const StoredWeight &weight,
                                          int64_t first, int64_t count);

/// The tensor scale that a stored scale means, and the stored scale that means
/// exactly this tensor scale, if f32 has one (N8.6).
float decodeTensorScale(ScaleDirection direction, float stored);
std::optional<float> encodeTensorScale(ScaleDirection direction,
                                       float tensorScale);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_STOREDWEIGHT_H
