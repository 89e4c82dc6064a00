//===- WarpTile.h - the products of one warp --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A warp owns a part of the block's tile of C and keeps it in registers. From a
// stage of shared memory it fetches scales, then for each slice of K the
// fragments of both sides, and multiplies all pairs of them:
//
//   scales of A and B for the whole step, one register for 32 rows
//   for each slice of 32 bytes of K
//     fragments of A (16 rows each) and of B (8 rows each)
//     for each pair: C += A · Bᵀ, the scales picked by selectors
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WARPTILE_H
#define MX_LIB_CONVERSION_MXTONVVM_WARPTILE_H

#include "MatmulSpec.h"
#include "WarpPlace.h"

namespace mlir::mx {

class WarpTile : public WarpPlace {
public:
  WarpTile(ImplicitLocOpBuilder &b, const MatmulSpec &spec, Word thread);

  /// Accumulators before the first step: four f32 for each pair of tiles.
  SmallVector<Value> getZeros();
  /// Adds the products of the stage at `stage` to `accumulators`.
  SmallVector<Value> multiply(Value stage, ValueRange accumulators);

private:
  /// Scale registers: for each group of rows, the words of a step.
  using Scales = SmallVector<SmallVector<Value>>;
  /// The operand of an MMA: its fragment, and where its scales are.
  struct Tile {
    ArrayRef<Value> registers;
    ArrayRef<Value> scales;
    int scaleThread;
  };

  Scales loadScales(Value panel, Word first, int rows);
  Value poisonSignedScales(Value scales);
  /// Four registers from the four 8x8 matrices that lanes point to.
  SmallVector<Value> loadMatrices(Value pointer);
  SmallVector<Value> loadFragments(Value panel, Word rowOffset, Word chunk,
                                   int slice, int rows);
  /// Adds the product of two tiles to four accumulators.
  void multiplyTiles(MutableArrayRef<Value> sums, const Tile &lhs,
                     const Tile &rhs, int slice);
  Value selector(int value);

  ImplicitLocOpBuilder &b;
  const MatmulSpec &spec;
  StageLayout layout;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WARPTILE_H
