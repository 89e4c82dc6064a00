//===- MatmulResults.cpp - from accumulators to C -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulResults.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mx/Conversion/SmallFloatArith.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Writes the results of one warp.
class ResultWriter {
public:
  ResultWriter(ImplicitLocOpBuilder &b, const WarpPlace &warp,
               ValueRange accumulators, const ResultTile &tile)
      : b(b), warp(warp), accumulators(accumulators), tile(tile),
        bytes(tile.type.getIntOrFloatBitWidth() / 8) {}

  void write();

private:
  void writeRows(bool inPairs);
  void writeRow(int rowTile, int half, bool inPairs);
  void writePair(Value row, Word column, ValueRange sums);
  void writeOne(Value row, Word column, Value sum);
  Value finish(Value sum, Value old);
  Value arePairsAligned();
  void when(Value condition, function_ref<void()> body);

  ImplicitLocOpBuilder &b;
  const WarpPlace &warp;
  ValueRange accumulators;
  const ResultTile &tile;
  /// Of a number of C.
  int bytes;
};

} // namespace

void ResultWriter::when(Value condition, function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

/// N7.1, N7.2: three roundings after the sum (the product of the tensor scales,
/// its product with the sum, the addition), then that to the type of C.
Value ResultWriter::finish(Value sum, Value old) {
  if (tile.tensorScale)
    sum = arith::MulFOp::create(b, sum, tile.tensorScale);
  Value wide = widenToF32(b, b.getLoc(), old);
  Value result = arith::AddFOp::create(b, wide, sum);
  return narrowFromF32(b, b.getLoc(), result, tile.type);
}

void ResultWriter::writePair(Value row, Word column, ValueRange sums) {
  auto type = VectorType::get({2}, tile.type);
  Value place = offsetPointer(b, row, (column * bytes).widen());
  Value old = loadFrom(b, type, place, 2 * bytes);
  Value results = LLVM::PoisonOp::create(b, type);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value index = column.constant(i);
    Value one = finish(sum, LLVM::ExtractElementOp::create(b, old, index));
    results = LLVM::InsertElementOp::create(b, results, one, index);
  }
  storeTo(b, results, place, 2 * bytes);
}

void ResultWriter::writeOne(Value row, Word column, Value sum) {
  Value place = offsetPointer(b, row, (column * bytes).widen());
  Value old = loadFrom(b, tile.type, place, bytes);
  storeTo(b, finish(sum, old), place, bytes);
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
             [&] { writePair(start, column, sums); });
        continue;
      }
      for (int i = 0; i < 2; ++i)
        when((column + i).isBelow(tile.columns),
             [&] { writeOne(start, column + i, sums[i]); });
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
  auto ifOp = scf::IfOp::create(b, arePairsAligned(), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  writeRows(/*inPairs=*/true);
  b.setInsertionPointToStart(ifOp.elseBlock());
  writeRows(/*inPairs=*/false);
}

void mx::emitResults(ImplicitLocOpBuilder &b, const WarpPlace &warp,
                     ValueRange accumulators, const ResultTile &tile) {
  ResultWriter(b, warp, accumulators, tile).write();
}
