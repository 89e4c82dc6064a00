//===- MatmulSpec.h - what a kernel is made for -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The geometry of block-scaled matmul kernels as data: the instruction that
// formats need, and the tiles of which one is chosen by size and alignment.
// Equal specs give equal kernels, named by getName.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULSPEC_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULSPEC_H

#include "MatmulSignature.h"
#include "MmaFragments.h"
#include "PanelCopy.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include <optional>

namespace mlir::mx {

/// The instruction that multiplies two formats.
struct MmaKind {
  NVVM::MMABlockScaleKind kind;
  NVVM::ScaleVecSize scaleVector;
  NVVM::BlockScaleFormat scaleFormat;
  NVVM::MMATypes lhs, rhs;
  /// Elements of K that one MMA consumes, and scales among them.
  int depth, scales;

  /// Bytes of scales of one row in a step of kRowBytes bytes of payload.
  int getScaleBytes() const { return kSlices * scales; }
  /// The register, and the byte in it, where the scales of slice `slice` lie.
  int getScaleWord(int slice) const { return slice * scales / 4; }
  int getScaleByte(int slice) const { return slice * scales % 4; }
};

/// Returns the instruction for `lhs` times `rhs`, if there is one.
std::optional<MmaKind> lookupMma(FormatAttr lhs, FormatAttr rhs);

/// Threads that multiply.
inline constexpr int kThreads = 256;
/// Stages of shared memory: one is multiplied while the next is filled.
inline constexpr int kStages = 2;

/// Who brings operands to shared memory.
enum class Supply {
  /// All threads, each a part (MatmulKernel.h).
  AllThreads,
  /// A warp of its own, payload by tensor copies (MatmulRing.h).
  Producer,
};

/// One row of the tile table: the tile of a block of kThreads threads, how its
/// warps share it, and what memory must be like.
struct TileShape {
  llvm::StringLiteral name;
  int rows, columns;
  /// Warps along the rows and along the columns.
  int warpRows, warpColumns;
  /// Bytes of a row that are read at once; addresses of rows are multiples.
  int payloadUnit, scaleUnit;
  /// Worth it only for more rows of A than this.
  int rowsBelow;
  Supply supply = Supply::AllThreads;
  /// What a measurement says, which these kernels have no choice of.
  int stages = 0;

  bool isRing() const { return supply == Supply::Producer; }
  int getThreads() const { return kThreads + (isRing() ? kWarpLanes : 0); }
  int getWarpHeight() const { return rows / warpRows; }
  int getWarpWidth() const { return columns / warpColumns; }
};

/// From the best to the one that can do everything.
inline constexpr TileShape kTileShapes[] = {
    {"128x128_ring", 128, 128, 2, 4, 16, 4, 32, Supply::Producer},
    {"128x128", 128, 128, 2, 4, 16, 4, 32},
    {"128x128_scales2", 128, 128, 2, 4, 16, 2, 32},
    {"32x128", 32, 128, 1, 8, 16, 4, 0},
    {"32x128_scales2", 32, 128, 1, 8, 16, 2, 0},
    {"32x128_bytes", 32, 128, 1, 8, 1, 1, 0},
};

/// What a kernel is made for.
struct MatmulSpec {
  FormatAttr lhs, rhs;
  /// f32, bf16 or f16.
  FloatType result;
  MmaKind mma;
  TileShape tile;
  /// Bits of the end of a group; 0 for a product without groups.
  unsigned endBits = 0;

  /// What the kernel does beside the product.
  const MatmulEpilogue &epilogue;
  /// The name of the tail among kernels.
  std::string tailName = "";

  bool isGrouped() const { return endBits != 0; }
  /// The type that is written.
  FloatType getOutputType() const { return epilogue.getOutputType(result); }
  std::string getName() const;
  MatmulSignature getSignature() const;
  /// What is staged at once: all of the tile where stages were, or by each warp
  /// of a ring, whose stages are filled again, a row of MMAs behind them.
  StagedTile getStaging() const;
  /// The panels of a side with `rows` rows in the tile.
  PanelShape getPayloadShape(FormatAttr format, int rows) const;
  PanelShape getScalesShape(int rows) const;
  /// Dynamic shared memory in bytes: stages, and behind them the barriers of a
  /// ring, and what its warps quantise.
  int getSharedBytes() const;
  /// Where the results of a ring's warps are staged.
  int getRingStaging() const;
};

/// Where the parts of a stage lie in shared memory, in bytes.
struct StageLayout {
  explicit StageLayout(const MatmulSpec &spec);

  int lhs, rhs, lhsScales, rhsScales;
  int bytes;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULSPEC_H
