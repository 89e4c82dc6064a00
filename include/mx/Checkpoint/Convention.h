//===- Convention.h - how checkpoints name and store weights ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Everybody stores the same codes, and everybody calls them otherwise. A
// convention is a row of a table: the names, types and shapes of the parts of a
// weight, and which way its tensor scale goes. Nothing else in the project
// knows them.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_CONVENTION_H
#define MX_CHECKPOINT_CONVENTION_H

#include "mx/Checkpoint/Checkpoint.h"
#include "mx/Numerics/BlockFormat.h"

namespace mlir::mx {

/// What becomes of the shape [..., N, K] of a weight.
enum class PartShape {
  /// The weight has no such part.
  None,
  /// [..., N, bytes of a row] (N8.1).
  Packed,
  /// [..., N, K / block, bytes of a block] (N8.2).
  Blocks,
  /// [..., N, K], in a type that counts elements.
  Logical,
  /// [..., N, K / block].
  PerBlock,
  /// [].
  Scalar,
  /// [1].
  One,
};

/// A part of a weight: what its name ends with, and what it is.
struct PartRule {
  llvm::StringLiteral suffix;
  llvm::StringLiteral type;
  PartShape shape;
};

/// Which way a tensor scale goes (N8.6).
enum class ScaleDirection {
  None,
  /// It multiplies when values are decoded: it is the tensor scale.
  Multiply,
  /// Values are divided by it: it is the reciprocal.
  Divide,
};

struct Convention {
  /// What users call it; a name has a row for each format.
  llvm::StringLiteral name;
  mxnum::BlockFormat format;
  FileFormat file;
  PartRule payload, scales, tensorScale;
  ScaleDirection direction;
  /// The scale of the activations of a weight, if it is stored, goes the same
  /// way; empty if there is none.
  llvm::StringLiteral inputScale;
  /// The `quantization_config` of a model's config.json; empty if nobody reads
  /// one.
  llvm::StringLiteral config;
  /// Whether those who read it join layers that stand beside each other (q, k
  /// and v; gate and up), and then take one tensor scale for all.
  bool joinsLayers = false;

  /// Whether payload and scales are one tensor of ggml's blocks.
  bool isInterleaved() const { return scales.shape == PartShape::None; }
};

/// All rows.
llvm::ArrayRef<Convention> getConventions();

/// The row of a name and a format, or null.
const Convention *lookupConvention(llvm::StringRef name,
                                   const mxnum::BlockFormat &format);

/// What a format is called here: its name, or "mxfp4_abs3" for MXFP4 by N3.4.
llvm::StringRef getStoredFormatName(const mxnum::BlockFormat &format);
std::optional<mxnum::BlockFormat> lookupStoredFormat(llvm::StringRef name);

/// The shape of a part of a weight of this shape, the last axis of which is a
/// whole number of blocks.
std::vector<int64_t> getPartShape(const mxnum::BlockFormat &format,
                                  PartShape part,
                                  llvm::ArrayRef<int64_t> shape);

/// How many elements along the last axis are stored together: the block, or
/// ggml's larger one.
int64_t getStoredBlock(const Convention &convention);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_CONVENTION_H
