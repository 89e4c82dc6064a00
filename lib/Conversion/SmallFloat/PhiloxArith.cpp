//===- PhiloxArith.cpp - random numbers as arith operations ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Philox4x32-10 (N5.1) with one counter in each lane. Words are i32; products
// are formed in i64, for which every target has an instruction.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Numerics/Philox.h"
#include <array>

using namespace mlir;
using namespace mlir::mx;

static Value lowHalf(const LaneBuilder &lanes, Value wide) {
  return lanes.resize(32, wide);
}

static Value highHalf(const LaneBuilder &lanes, Value wide) {
  return lanes.resize(32, lanes.shiftRight(wide, lanes.constant(64, 32)));
}

static Value multiplyWide(const LaneBuilder &lanes, Value word,
                          uint32_t factor) {
  return lanes.multiply(lanes.resize(64, word), lanes.constant(64, factor));
}

using Words = std::array<Value, 4>;

/// The four words of each counter, as mxnum::philox4x32 computes them.
static Words runPhilox(const LaneBuilder &lanes, Words counter,
                       std::array<Value, 2> key) {
  for (unsigned round = 0; round < mxnum::kPhiloxRounds; ++round) {
    Value product0 = multiplyWide(lanes, counter[0], mxnum::kPhiloxMultiplier0);
    Value product1 = multiplyWide(lanes, counter[2], mxnum::kPhiloxMultiplier1);
    Value mixed0 = lanes.bitXor(highHalf(lanes, product1), counter[1]);
    Value mixed1 = lanes.bitXor(highHalf(lanes, product0), counter[3]);
    counter = {lanes.bitXor(mixed0, key[0]), lowHalf(lanes, product1),
               lanes.bitXor(mixed1, key[1]), lowHalf(lanes, product0)};
    key = {lanes.add(key[0], lanes.bits(mxnum::kPhiloxWeyl0)),
           lanes.add(key[1], lanes.bits(mxnum::kPhiloxWeyl1))};
  }
  return counter;
}

/// Word `index mod 4` of each lane.
static Value pickWord(const LaneBuilder &lanes, const Words &words,
                      Value index) {
  Value position = lanes.bitAnd(lowHalf(lanes, index), lanes.bits(3));
  Value word = words[3];
  for (unsigned i = 0; i < 3; ++i)
    word = lanes.select(lanes.isEqual(position, lanes.bits(i)), words[i], word);
  return word;
}

Value mlir::mx::philoxBits(OpBuilder &builder, Location loc, Value seed,
                           Value index, unsigned bits) {
  LaneBuilder lanes(builder, loc, index);
  Value key = seed;
  if (index.getType() != seed.getType())
    key = vector::BroadcastOp::create(builder, loc, index.getType(), seed);
  Value counter = lanes.shiftRight(index, lanes.constant(64, 2));
  Value zero = lanes.bits(0);
  Words words = runPhilox(
      lanes, {lowHalf(lanes, counter), highHalf(lanes, counter), zero, zero},
      {lowHalf(lanes, key), highHalf(lanes, key)});
  return lanes.shiftRight(pickWord(lanes, words, index), lanes.bits(32 - bits));
}
