//===- WarpgroupSpec.h - what a kernel of warpgroups is made for *- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The geometry of the matmul kernels that multiply by wgmma. Operands are
// swapped: weights, decoded to bf16 in registers, are its A, and activations,
// which shared memory holds as they are, its B. So a tile of C has as many
// columns as the consumers have rows of A, and as many rows as a product has
// columns:
//
//              128 columns of C: two warpgroups
//             ┌────────────────┬────────────────┐
//   rows of C │ 64 rows of A   │ 64 rows of A   │
//             └────────────────┴────────────────┘
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPGROUPSPEC_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPGROUPSPEC_H

#include "DecodedSpec.h"

namespace mlir::mx {

/// Threads of a warpgroup, and the rows of A that it multiplies.
inline constexpr int kGroupThreads = 128;
inline constexpr int kWarpgroupRows = 64;
/// Warpgroups that multiply; one more brings operands.
inline constexpr int kConsumers = 2;
/// Elements of K in a step: 128 bytes of activations.
inline constexpr int kStepDepth = 64;

/// One row of the tile table: rows of C, and for how many rows of A it is worth
/// it.
struct WarpgroupTile {
  llvm::StringLiteral name;
  int rows, rowsBelow;
  /// Of shared memory, at most; 0 for as many as fit.
  int stages = 0;

  int getColumns() const { return kConsumers * kWarpgroupRows; }
};

/// From the best on.
inline constexpr WarpgroupTile kWarpgroupTiles[] = {
    {"256x128", 256, 128},
    {"128x128", 128, 64},
};

struct WarpgroupSpec {
  /// The right side of the product.
  MatmulSide weights;
  /// f32, bf16 or f16.
  FloatType result;
  WarpgroupTile tile;

  /// Whether kernels take these sides: bf16 numbers, and a format with a name
  /// whose elements times their scale are bf16 numbers.
  static bool areSupported(const MatmulSide &lhs, const MatmulSide &rhs);

  std::string getName() const;
  int getThreads() const { return (kConsumers + 1) * kGroupThreads; }
  /// The panel of codes.
  PanelShape getPayloadShape() const;
  /// Bytes of scales of a row in a step, and bytes of shared memory for them.
  int getScaleBytes() const;
  int getScalePitch() const;
  int getStages() const;
  /// Dynamic shared memory: stages, and behind them the barriers.
  int getSharedBytes() const;
};

/// Where the parts of a stage lie in shared memory, in bytes.
struct WarpgroupStage {
  explicit WarpgroupStage(const WarpgroupSpec &spec);

  int activations, payload, scales;
  int bytes;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPGROUPSPEC_H
