//===- DecodedSpec.h - what a decoding kernel is made for -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The geometry of the matmul kernels that decode block-scaled operands to bf16
// and multiply them by mma.sync. A warp's lane 4 · group + place owns, of each
// row with its group's number modulo 8, every place-th quarter of a step:
//
//   place          0         1         2         3
//   a step of K   |─────────|─────────|─────────|─────────|
//                  quarter
//
// An MMA adds in any order, so both sides may number K in this way. A quarter
// is 16 or 32 neighbours: few wide loads, and few scales.
//
// Where B lies in the order of fragments (N8.8), K is numbered as there: a step
// is one or two pieces of 64 elements, and a lane owns a quarter of each. The
// panel of A has a part for each piece.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDSPEC_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDSPEC_H

#include "MatmulSignature.h"
#include "MmaFragments.h"
#include "PanelCopy.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Lanes that share a row.
inline constexpr int kPlaces = 4;
/// Rows of a fragment that a lane holds one of.
inline constexpr int kGroupRows = 8;
/// K of mma.sync on bf16.
inline constexpr int kDecodedMmaDepth = 16;

/// One row of the tile table.
struct DecodedTile {
  llvm::StringLiteral name;
  int rows, columns;
  /// Warps along the rows and along the columns.
  int warpRows, warpColumns;
  /// Elements of K in a step.
  int depth;
  /// Worth it only for more rows of A than this.
  int rowsBelow;
  /// Rows of payload begin at multiples of 16 bytes, scales as a whole at
  /// multiples of 4.
  bool isAligned = true;

  int getWarpHeight() const { return rows / warpRows; }
  int getWarpWidth() const { return columns / warpColumns; }
  /// Elements that a lane owns of a row in a step.
  int getQuarter() const { return depth / kPlaces; }
};

/// From the best to the one that can do everything.
inline constexpr DecodedTile kDecodedTiles[] = {
    {"128x128", 128, 128, 2, 4, 64, 32},
    {"32x128", 32, 128, 1, 8, 128, 16},
    {"16x128", 16, 128, 1, 8, 128, 0},
    {"32x128_bytes", 32, 128, 1, 8, 64, 0, /*isAligned=*/false},
};

/// What a kernel does of a product.
enum class DecodedPart {
  Whole,
  /// Each block a range of K; the sums of its threads go to memory as they are.
  Sums,
  /// What follows: sums of all ranges are added up, always in the same order.
  Total,
};

/// What a kernel is made for.
struct DecodedSpec {
  MatmulSide lhs, rhs;
  /// f32, bf16 or f16.
  FloatType result;
  DecodedTile tile;
  /// Bits of the end of a group; 0 for a product without groups.
  unsigned endBits;
  /// What the kernel does beside the product.
  MatmulEpilogue epilogue;
  /// The name of the tail among kernels.
  std::string tailName = "";
  DecodedPart part = DecodedPart::Whole;
  /// Ranges that K is split into.
  int splits = 1;

  std::string getName() const;
  MatmulSignature getSignature() const;
  StagedTile getStaging() const;
  /// Whether runs fill many registers: those of f32, or of f16 beside codes of
  /// 8 bits. There are too few for the largest tile then, and for deep steps.
  bool hasLargeRuns() const;
  /// Pieces of a step, in each of which lanes own quarters, and their elements.
  int getPieces() const;
  int getPieceDepth() const { return tile.depth / getPieces(); }
  int getPieceQuarter() const { return getPieceDepth() / kPlaces; }
  /// The panel of a piece of a side with `rows` rows in the tile, or that of a
  /// step for a side of fragments, whose rows are groups of 16.
  PanelShape getPayloadShape(const MatmulSide &side, int rows) const;
  int getPayloadBytes(const MatmulSide &side, int rows) const;
  /// The panel of scales of a side of fragments.
  PanelShape getGroupScalesShape(const MatmulSide &side, int rows) const;
  /// Bytes of scales of a row in a step, and bytes of shared memory for them.
  int getScaleBytes(const MatmulSide &side) const;
  int getScalePitch(const MatmulSide &side) const;
  /// Stages of shared memory: one is multiplied, the others are filled.
  int getStages() const;
  int getSharedBytes() const;
  /// Sums of all threads of a block.
  int countSums() const { return tile.rows * tile.columns; }
};

/// Where the parts of a stage lie in shared memory, in bytes.
struct DecodedStage {
  explicit DecodedStage(const DecodedSpec &spec);

  int lhs, rhs, lhsScales, rhsScales;
  int bytes;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDSPEC_H
