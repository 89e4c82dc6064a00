//===- PackedCodes.cpp - canonical bytes in vectors -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A group is the shortest run of codes that fills whole bytes: two codes of 4
// bits in one byte, four codes of 6 bits in three. Equal positions of all
// groups are gathered in one vector, so that each byte of the layout is one
// expression on vectors.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/PackedCodes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/LaneBuilder.h"

using namespace mlir;
using namespace mlir::mx;

static int64_t getLanes(Value vector) {
  return cast<VectorType>(vector.getType()).getNumElements();
}

/// Splits a vector into `ways` vectors: lane i of result j is lane i·ways + j.
static SmallVector<Value> deinterleave(OpBuilder &builder, Location loc,
                                       Value vector, int64_t ways) {
  int64_t groups = getLanes(vector) / ways;
  SmallVector<Value> results;
  for (int64_t way = 0; way < ways; ++way) {
    SmallVector<int64_t> lanes;
    for (int64_t group = 0; group < groups; ++group)
      lanes.push_back(group * ways + way);
    results.push_back(
        vector::ShuffleOp::create(builder, loc, vector, vector, lanes));
  }
  return results;
}

static Value concatenate(OpBuilder &builder, Location loc, Value first,
                         Value second) {
  SmallVector<int64_t> lanes =
      llvm::to_vector(llvm::seq(getLanes(first) + getLanes(second)));
  return vector::ShuffleOp::create(builder, loc, first, second, lanes);
}

/// Merges vectors: lane i·ways + j is lane i of part j.
static Value interleave(OpBuilder &builder, Location loc, ValueRange parts) {
  Value joined = parts.front();
  for (Value part : parts.drop_front())
    joined = concatenate(builder, loc, joined, part);
  int64_t ways = parts.size(), groups = getLanes(parts.front());
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < ways * groups; ++lane)
    lanes.push_back(lane % ways * groups + lane / ways);
  return vector::ShuffleOp::create(builder, loc, joined, joined, lanes);
}

Value mlir::mx::packLanes(OpBuilder &builder, Location loc, Value codes,
                          unsigned bits) {
  if (bits == 8)
    return codes;
  SmallVector<Value> code =
      deinterleave(builder, loc, codes, bits == 4 ? 2 : 4);
  LaneBuilder lanes(builder, loc, code.front());
  auto left = [&](Value value, unsigned count) {
    return lanes.shiftLeft(value, lanes.constant(8, count));
  };
  auto right = [&](Value value, unsigned count) {
    return lanes.shiftRight(value, lanes.constant(8, count));
  };
  if (bits == 4)
    return lanes.bitOr(code[0], left(code[1], 4));
  return interleave(builder, loc,
                    {lanes.bitOr(code[0], left(code[1], 6)),
                     lanes.bitOr(right(code[1], 2), left(code[2], 4)),
                     lanes.bitOr(right(code[2], 4), left(code[3], 2))});
}
