//===- MatmulResults.cpp - from accumulators to C -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulResults.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mx/Conversion/SmallFloatArith.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Writes the results of one warp.
class ResultWriter {
public:
  ResultWriter(ImplicitLocOpBuilder &b, const MatmulEpilogue &epilogue,
               FloatType product, const WarpPlace &warp,
               ValueRange accumulators, const ResultTile &tile)
      : b(b), epilogue(epilogue), product(product), warp(warp),
        accumulators(accumulators), tile(tile),
        bytes(tile.type.getIntOrFloatBitWidth() / 8) {}

  void write();
  void stage(Value staging, int pitch);

private:
  void writeRows(bool inPairs);
  void writeRow(int rowTile, int half, bool inPairs);
  /// `slot` numbers the columns of this thread.
  void writePair(Value row, Word column, int slot, ValueRange sums);
  void writeOne(Value row, Word column, int slot, Value sum);
  Value finish(Value sum, Value old, int slot);
  Value applyTail(Value result, int slot);
  SmallVector<Value> loadRow(Value base, FloatType type);
  void loadRows();
  Value arePairsAligned();
  void when(Value condition, function_ref<void()> body);

  ImplicitLocOpBuilder &b;
  const MatmulEpilogue &epilogue;
  FloatType product;
  const WarpPlace &warp;
  ValueRange accumulators;
  const ResultTile &tile;
  /// Of a number that is written.
  int bytes;
  /// What C starts from, and the operands of the tail, for each slot.
  SmallVector<Value> starts;
  SmallVector<SmallVector<Value>> tailRows;
};

} // namespace

void ResultWriter::when(Value condition, function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

/// N7.1, N7.2: three roundings after the sum (the product of the tensor scales,
/// its product with the sum, the addition), then that to the type of C. What is
/// added is `old` if C is read.
Value ResultWriter::finish(Value sum, Value old, int slot) {
  if (tile.tensorScale)
    sum = arith::MulFOp::create(b, sum, tile.tensorScale);
  Value wide = old ? widenToF32(b, b.getLoc(), old) : starts[slot];
  Value result = arith::AddFOp::create(b, wide, sum);
  return applyTail(narrowFromF32(b, b.getLoc(), result, product), slot);
}

/// The body of the operation that follows, on one number of C.
Value ResultWriter::applyTail(Value result, int slot) {
  const Tail &tail = epilogue.tail;
  if (!tail)
    return result;
  IRMapping mapping;
  for (BlockArgument product : tail.products)
    mapping.map(product, result);
  for (auto [row, values] : llvm::zip_equal(tail.rows, tailRows))
    mapping.map(row.second, values[slot]);
  for (auto [outside, inside] : llvm::zip_equal(tail.numbers, tile.tailNumbers))
    mapping.map(outside, inside);
  // What is left comes from constants outside.
  auto bring = [&](Value value) {
    if (!mapping.contains(value))
      mapping.map(value, b.clone(*value.getDefiningOp())->getResult(0));
    return mapping.lookup(value);
  };
  Block *body = linalg::GenericOp(tail.op).getBody();
  for (Operation &op : body->without_terminator()) {
    llvm::for_each(op.getOperands(), bring);
    b.clone(op, mapping);
  }
  return bring(body->getTerminator()->getOperand(0));
}

/// The numbers of a vector at the columns of this thread; past the last one, of
/// that one.
SmallVector<Value> ResultWriter::loadRow(Value base, FloatType type) {
  int size = int(type.getWidth() / 8);
  SmallVector<Value> values;
  for (int j = 0; j < warp.getColumnTiles(); ++j)
    for (int i = 0; i < 2; ++i) {
      Word column = tile.firstColumn + warp.getColumn(j, i);
      Word place = column.min(tile.columns - 1) * size;
      values.push_back(
          loadFrom(b, type, offsetPointer(b, base, place.widen()), size));
    }
  return values;
}

void ResultWriter::loadRows() {
  if (epilogue.start == Start::Zero)
    starts.assign(2 * warp.getColumnTiles(),
                  arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f)));
  if (epilogue.start == Start::Row)
    for (Value value : loadRow(tile.startRow, product))
      starts.push_back(widenToF32(b, b.getLoc(), value));
  for (auto [row, base] : llvm::zip_equal(epilogue.tail.rows, tile.tailRows))
    tailRows.push_back(loadRow(base, cast<FloatType>(row.second.getType())));
}

void ResultWriter::writePair(Value row, Word column, int slot,
                             ValueRange sums) {
  auto type = VectorType::get({2}, tile.type);
  Value place = offsetPointer(b, row, (column * bytes).widen());
  Value pair;
  if (epilogue.start == Start::Memory)
    pair = loadFrom(b, type, place, 2 * bytes);
  Value results = LLVM::PoisonOp::create(b, type);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value index = column.constant(i);
    Value old;
    if (pair)
      old = LLVM::ExtractElementOp::create(b, pair, index);
    Value one = finish(sum, old, slot + int(i));
    results = LLVM::InsertElementOp::create(b, results, one, index);
  }
  storeTo(b, results, place, 2 * bytes);
}

void ResultWriter::writeOne(Value row, Word column, int slot, Value sum) {
  Value place = offsetPointer(b, row, (column * bytes).widen());
  Value old;
  if (epilogue.start == Start::Memory)
    old = loadFrom(b, tile.type, place, bytes);
  storeTo(b, finish(sum, old, slot), place, bytes);
}

/// Accumulators 0 and 1 of a tile lie in its first half, 2 and 3 eight rows
/// below, each two in neighbouring columns.
void ResultWriter::writeRow(int rowTile, int half, bool inPairs) {
  Word row = tile.firstRow + warp.getRow(rowTile, 2 * half);
  when(row.isBelow(tile.rows), [&] {
    Value elements =
        arith::MulIOp::create(b, row.widen(), tile.columns.widen());
    Value size = arith::ConstantIntOp::create(b, b.getI64Type(), bytes);
    Value offset = arith::MulIOp::create(b, elements, size);
    Value start = offsetPointer(b, tile.base, offset);
    for (int j = 0; j < warp.getColumnTiles(); ++j) {
      int first = (rowTile * warp.getColumnTiles() + j) * 4 + 2 * half;
      ValueRange sums = accumulators.slice(first, 2);
      Word column = tile.firstColumn + warp.getColumn(j, 0);
      if (inPairs) {
        when(column.isBelow(tile.columns),
             [&] { writePair(start, column, 2 * j, sums); });
        continue;
      }
      for (int i = 0; i < 2; ++i)
        when((column + i).isBelow(tile.columns),
             [&] { writeOne(start, column + i, 2 * j + i, sums[i]); });
    }
  });
}

void ResultWriter::writeRows(bool inPairs) {
  for (int i = 0; i < warp.getRowTiles(); ++i)
    for (int half = 0; half < 2; ++half)
      writeRow(i, half, inPairs);
}

/// Whether every pair of C begins at a multiple of its size.
Value ResultWriter::arePairsAligned() {
  Type i64 = b.getI64Type();
  Value address = LLVM::PtrToIntOp::create(b, i64, tile.base);
  Value size = arith::ConstantIntOp::create(b, i64, 2 * bytes - 1);
  Value rest = arith::AndIOp::create(b, address, size);
  Value zero = arith::ConstantIntOp::create(b, i64, 0);
  Value aligned =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, zero);
  Value even = (tile.columns & 1)
                   .compare(arith::CmpIPredicate::eq, tile.columns.constant(0));
  return arith::AndIOp::create(b, aligned, even);
}

void ResultWriter::write() {
  loadRows();
  auto ifOp = scf::IfOp::create(b, arePairsAligned(), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  writeRows(/*inPairs=*/true);
  b.setInsertionPointToStart(ifOp.elseBlock());
  writeRows(/*inPairs=*/false);
}

void ResultWriter::stage(Value staging, int pitch) {
  loadRows();
  SmallVector<Value> areInside;
  for (int j = 0; j < warp.getColumnTiles(); ++j)
    for (int i = 0; i < 2; ++i)
      areInside.push_back(
          (tile.firstColumn + warp.getColumn(j, i)).isBelow(tile.columns));
  auto pairType = VectorType::get({2}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  int place = 0;
  for (int i = 0; i < warp.getRowTiles(); ++i)
    for (int slot = 0; slot < 2 * warp.getColumnTiles(); slot += 2)
      for (int half = 0; half < 2; ++half) {
        Value pair = LLVM::PoisonOp::create(b, pairType);
        for (int k = 0; k < 2; ++k) {
          Value one = widenToF32(
              b, b.getLoc(), finish(accumulators[place++], Value(), slot + k));
          one = arith::SelectOp::create(b, areInside[slot + k], one, zero);
          pair = LLVM::InsertElementOp::create(b, pair, one,
                                               tile.columns.constant(k));
        }
        Word offset = warp.getRow(i, 2 * half) * pitch +
                      warp.getColumn(slot / 2, 0) * int32_t(sizeof(float));
        storeTo(b, pair, offsetPointer(b, staging, offset), 2 * sizeof(float));
      }
}

void mx::emitResults(ImplicitLocOpBuilder &b, const MatmulEpilogue &epilogue,
                     FloatType product, const WarpPlace &warp,
                     ValueRange accumulators, const ResultTile &tile) {
  ResultWriter(b, epilogue, product, warp, accumulators, tile).write();
}

void mx::stageResults(ImplicitLocOpBuilder &b, const MatmulEpilogue &epilogue,
                      FloatType product, const WarpPlace &warp,
                      ValueRange accumulators, const ResultTile &tile,
                      Value staging, int pitch) {
  ResultWriter(b, epilogue, product, warp, accumulators, tile)
      .stage(staging, pitch);
}
