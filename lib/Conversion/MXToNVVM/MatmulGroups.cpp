//===- MatmulGroups.cpp - tiles of a grouped product ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulGroups.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

Word mx::boundGroupTiles(const GroupEnds &ends) {
  return ends.rows / ends.tileRows + ends.groups.min(ends.rows);
}

/// N7.4, before the end is cut to 32 bits, so that no far one comes back.
static Word loadEnd(ImplicitLocOpBuilder &b, const GroupEnds &ends, Word group,
                    Word begin) {
  unsigned bytes = ends.bits / 8;
  Value place = offsetPointer(b, ends.base, (group * int32_t(bytes)).widen());
  Type i64 = b.getI64Type();
  Value end = loadFrom(b, b.getIntegerType(ends.bits), place, bytes);
  if (ends.bits < 64)
    end = arith::ExtSIOp::create(b, i64, end);
  end = arith::MaxSIOp::create(b, end, begin.widen());
  end = arith::MinSIOp::create(b, end, ends.rows.widen());
  return {b, Value(arith::TruncIOp::create(b, b.getI32Type(), end))};
}

static Word divideUp(Word x, int y) { return (x + (y - 1)) / y; }

Word mx::countGroupTiles(ImplicitLocOpBuilder &b, const GroupEnds &ends) {
  Word zero(b, 0), one(b, 1);
  // Where the group begins, and the tiles before it.
  auto loop =
      scf::ForOp::create(b, zero, ends.groups, one, ValueRange{zero, zero});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word group(b, loop.getInductionVar()), begin(b, loop.getRegionIterArg(0)),
      before(b, loop.getRegionIterArg(1));
  Word end = loadEnd(b, ends, group, begin);
  Word count = divideUp(end - begin, ends.tileRows);
  scf::YieldOp::create(b, ValueRange{end, before + count});
  return {b, loop.getResult(1)};
}

GroupTile mx::findGroupTile(ImplicitLocOpBuilder &b, const GroupEnds &ends,
                            Word tile) {
  Word zero = tile.constant(0), one = tile.constant(1);
  // Where the group begins, the tile's number in it, and what was found.
  auto loop =
      scf::ForOp::create(b, zero, ends.groups, one,
                         ValueRange{zero, tile, ends.groups, zero, zero});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    auto carried = [&](int i) { return Word(b, loop.getRegionIterArg(i)); };
    Word group(b, loop.getInductionVar()), begin = carried(0),
                                           rest = carried(1);
    Word end = loadEnd(b, ends, group, begin);
    Word count = divideUp(end - begin, ends.tileRows);
    Value isHere = rest.isBelow(count);
    auto choose = [&](Word found, int i) -> Value {
      return arith::SelectOp::create(b, isHere, found, carried(i));
    };
    // Once found, the rest is negative, which is more than any group has.
    scf::YieldOp::create(b, ValueRange{end, rest - count, choose(group, 2),
                                       choose(begin + rest * ends.tileRows, 3),
                                       choose(end, 4)});
  }
  Word group(b, loop.getResult(2));
  return {group,
          {b, loop.getResult(3)},
          {b, loop.getResult(4)},
          group.isBelow(ends.groups)};
}
