//===- DecodedWarp.h - the products of a warp that decodes ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As WarpTile.h, with operands that are decoded to bf16 on the way:
//
//   packed codes and scales of both sides for the whole step
//   for each run of 8 elements of a quarter (DecodedSpec.h)
//     decode the run of every row
//     for each pair of tiles: C += A · Bᵀ, two MMAs
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H

#include "QuarterReader.h"
#include "WarpPlace.h"

namespace mlir::mx {

class DecodedWarp : public WarpPlace {
public:
  DecodedWarp(ImplicitLocOpBuilder &b, const DecodedSpec &spec, Word thread);

  const QuarterReader &getLhs() const { return lhs; }
  const QuarterReader &getRhs() const { return rhs; }

  /// Accumulators before the first step: four f32 for each pair of tiles.
  SmallVector<Value> getZeros();
  /// Adds the products of the stage at `stage` to `sums`. Scales of each side
  /// begin at these bytes of the rows of their panels.
  SmallVector<Value> multiply(Value stage, Word lhsScaleStart,
                              Word rhsScaleStart, ValueRange sums);

private:
  using Run = QuarterReader::Run;
  /// For each plane, the run of some groups of 8 rows.
  using Planes = SmallVector<SmallVector<Run>>;

  Planes decode(QuarterReader &side, int firstGroup, int groups, int run);
  Planes decodeRest(QuarterReader &side, int firstGroup, int groups, int run);
  SmallVector<Run> makeFinite(QuarterReader &side, ArrayRef<Run> runs);
  Planes decodeFinite(QuarterReader &side, int firstGroup, int groups, int run);
  void multiplyRun(MutableArrayRef<Value> sums, const Planes &rows,
                   const Planes &columns);
  void multiplyPlanes(MutableArrayRef<Value> sums, ArrayRef<Run> lhsRuns,
                      ArrayRef<Run> rhsRuns);
  void multiplyTiles(MutableArrayRef<Value> sums, ValueRange lhsRegisters,
                     ValueRange rhsRegisters);
  void addRest(SmallVector<Value> &sums, Value hasTiny, bool ofLhs);
  SmallVector<Value> multiplyRest(ValueRange sums, bool ofLhs);

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  QuarterReader lhs, rhs;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H
