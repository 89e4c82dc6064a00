//===- DecodedWarp.h - the products of a warp that decodes ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As WarpTile.h, with operands that are decoded to bf16 on the way:
//
//   packed codes and scales of both sides for the whole step
//   for each run of 8 elements of a quarter (DecodedSpec.h)
//     decode the run of every row
//     for each pair of tiles: C += A · Bᵀ, two MMAs for each pair of planes
//
// A few numbers are no sums of bf16 numbers: 8-bit elements with the smallest
// scales, and bits of f32 below 2^-133. And if a number has several planes,
// zeros among them must not meet an infinity. Where a warp has an exception of
// these, the step, or what is left of its f32 numbers, is multiplied element by
// element:
//
//   for each k of the step: C += a · b, in f32, for each accumulator
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H

#include "ElementReader.h"
#include "QuarterReader.h"
#include "WarpPlace.h"

namespace mlir::mx {

class DecodedWarp : public WarpPlace {
public:
  DecodedWarp(ImplicitLocOpBuilder &b, const DecodedSpec &spec, Word thread);

  /// Where a step lies: its stage, and for each side the byte of a panel's row
  /// at which the scales of a row begin.
  struct Step {
    Value stage;
    function_ref<Word(Word row)> lhsScaleStart, rhsScaleStart;
  };

  /// Accumulators before the first step: four f32 for each pair of tiles.
  SmallVector<Value> getZeros();
  /// Adds the products of `step` to `sums`.
  SmallVector<Value> multiply(const Step &step, ValueRange sums);

private:
  using Run = QuarterReader::Run;
  /// For each plane, the run of some groups of 8 rows.
  using Planes = SmallVector<SmallVector<Run>>;

  /// What is multiplied of f32 numbers.
  enum class Part { Whole, Rest };
  using Sums = SmallVector<Value>;

  Planes decode(QuarterReader &side, int firstGroup, int groups, int run);
  void multiplyPlanes(MutableArrayRef<Value> sums, ArrayRef<Run> lhsRuns,
                      ArrayRef<Run> rhsRuns);
  void multiplyTiles(MutableArrayRef<Value> sums, ValueRange lhsRegisters,
                     ValueRange rhsRegisters);
  Sums multiplyRuns(ValueRange sums, Value &hasRest);
  WarpPlace placeAgain();
  ElementReader getReader(const Step &step, bool isLhs, Word row);
  Sums multiplyElements(const Step &step, ValueRange sums, Part part);
  Value isAny(Value condition);
  Sums chooseIf(Value condition, function_ref<Sums()> rare,
                function_ref<Sums()> usual);

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  Word thread;
  QuarterReader lhs, rhs;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDWARP_H
