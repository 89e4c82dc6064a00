//===- MatmulTiles.cpp - the loops of a product on a CPU ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   for each batch, or range of rows of an expert
//     for each 128 rows of A
//       for each 512 rows of B (columns of C)
//         sums = 0
//         for each 256 of K
//           decode A into the panel lhs [128 x 256]
//           for each 16 of these rows of B
//             sums += lhs · Bᵀ                          as the kernel does it
//         C += t_A · t_B · sums
//
// Batches and tiles are independent of each other, and threads may divide them:
// each tile has scratch memory of its own, of a fixed size, whatever the
// problem. Panels are filled up with zeros, so that nothing past K contributes.
//
// N7.2: a kernel adds the terms of a slice, then the slices and C are added.
// These are K + 1 terms and so at most K + 1 additions, in an order that
// depends neither on the tile a result lies in nor on the machine.
//===----------------------------------------------------------------------===//

#include "MatmulTiles.h"
#include "MXToLoops.h"
#include "MatmulParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Tiles, in the order of the loops above.
static constexpr int64_t kRows = 128;
static constexpr int64_t kColumns = 512;
/// f32 numbers that are cleared and written at once.
static constexpr int64_t kLanes = 8;
/// Alignment of scratch memory: a cache line.
static constexpr int64_t kAlignment = 64;

//===----------------------------------------------------------------------===//
// Small helpers
//===----------------------------------------------------------------------===//

TiledProduct::TiledProduct(PackedMatmulOp op, OpBuilder &builder)
    : op(op), b(op.getLoc(), builder), lhs(op.getLhs(), op.getLhsFormatAttr()),
      depth(op.getK()), init(op.getInits()), lhsPadding(kLanes) {}

TiledProduct::~TiledProduct() = default;

Value TiledProduct::add(Value x, Value y) {
  return arith::AddIOp::create(b, x, y);
}

void TiledProduct::loop(Value begin, Value end, int64_t step,
                        function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, begin, end, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

Value TiledProduct::clampTile(Value begin, Value end, int64_t size) {
  Value rest = arith::SubIOp::create(b, end, begin);
  return arith::MinSIOp::create(b, rest, index(size));
}

Value TiledProduct::roundUp(Value value, int64_t multiple) {
  return arith::AndIOp::create(b, add(value, index(multiple - 1)),
                               index(-multiple));
}

/// The size of a tile: smaller if the whole dimension is known to be, but
/// never zero.
static int64_t fitTile(int64_t size, int64_t tile, int64_t multiple) {
  if (ShapedType::isDynamic(size) || size >= tile)
    return tile;
  return llvm::alignTo(std::max<int64_t>(size, 1), multiple);
}

//===----------------------------------------------------------------------===//
// Batches, groups and tiles
//===----------------------------------------------------------------------===//

void TiledProduct::emit() {
  for (ValueRange parts : {ValueRange(op.getLhs()), ValueRange(op.getRhs())})
    if (Value scale = loadTensorScale(b, parts))
      tensorScales.push_back(scale);
  if (op.getGroupEnds())
    emitGroups();
  else
    emitBatches();
}

void TiledProduct::withScratch(function_ref<void()> body) {
  auto type = cast<MemRefType>(init.getType());
  ArrayRef<int64_t> shape = type.getShape().take_back(2);
  int64_t rows = fitTile(shape[0], kRows, 1);
  int64_t columns = fitTile(shape[1], kColumns, kPanelColumns);
  lhsPanel = allocate({rows, kSliceDepth});
  sums = allocate({rows, columns});
  prepare();
  body();
  release();
  for (Value buffer : {lhsPanel, sums})
    memref::DeallocOp::create(b, buffer);
}

void TiledProduct::emitParallel(ArrayRef<Value> begins, ArrayRef<Value> ends,
                                ArrayRef<int64_t> steps,
                                function_ref<void(ValueRange)> body) {
  SmallVector<Value> stepValues;
  for (int64_t step : steps)
    stepValues.push_back(index(step));
  auto loops = scf::ParallelOp::create(b, begins, ends, stepValues);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loops.getBody());
  body(loops.getInductionVars());
}

Value TiledProduct::allocate(ArrayRef<int64_t> shape, ValueRange sizes) {
  auto type = MemRefType::get(shape, b.getF32Type());
  return memref::AllocOp::create(b, type, sizes,
                                 b.getI64IntegerAttr(kAlignment));
}

void TiledProduct::emitBatches() {
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value rows = createDim(b, b.getLoc(), init, rank - 2);
  auto emitBatch = [&](ValueRange batch) {
    MatrixRows start{SmallVector<Value>(batch), index(0)};
    emitProduct(start, start, start, rows);
  };
  if (rank == 2)
    return emitBatch({});
  SmallVector<Value> begins(rank - 2, index(0)), ends;
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    ends.push_back(createDim(b, b.getLoc(), init, dim));
  emitParallel(begins, ends, SmallVector<int64_t>(rank - 2, 1), emitBatch);
}

void TiledProduct::emitGroups() {
  Value ends = op.getGroupEnds();
  Value rows = createDim(b, b.getLoc(), init, 0);
  Value experts = createDim(b, b.getLoc(), ends, 0);
  auto forOp =
      scf::ForOp::create(b, index(0), experts, index(1), ValueRange(index(0)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Value expert = forOp.getInductionVar();
  Value begin = forOp.getRegionIterArg(0);
  Value end = loadGroupEnd(b, ends, expert, begin, rows);
  emitProduct({{}, begin}, {{expert}, index(0)}, {{}, begin}, end);
  scf::YieldOp::create(b, end);
}

void TiledProduct::emitProduct(MatrixRows lhs, MatrixRows rhs,
                               MatrixRows result, Value end) {
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value columns = createDim(b, b.getLoc(), init, rank - 1);
  auto emitPlace = [&](ValueRange place) {
    Value row = place[0], column = place[1];
    emitTile({{lhs.leading, row},
              {rhs.leading, column},
              {result.leading, row},
              clampTile(row, end, kRows),
              clampTile(column, columns, kColumns)});
  };
  emitParallel(
      {result.first, index(0)}, {end, columns}, {kRows, kColumns},
      [&](ValueRange place) { withScratch([&] { emitPlace(place); }); });
}

void TiledProduct::emitTile(const ProductTile &tile) {
  clear(sums, tile.rows, tile.columns);
  loop(index(0), depth, kSliceDepth,
       [&](Value k) { emitSlice(tile, k, clampTile(k, depth, kSliceDepth)); });
  emitResults(tile);
}

void TiledProduct::emitSlice(const ProductTile &tile, Value k, Value depth) {
  fillPanel(lhs, tile.lhs, tile.rows, k, depth, lhsPanel, lhsPadding);
  loop(index(0), tile.columns, kPanelColumns, [&](Value column) {
    multiply(tile, column, clampTile(column, tile.columns, kPanelColumns), k,
             depth);
  });
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

void TiledProduct::clear(Value buffer, Value rows, Value columns) {
  Value zero = arith::ConstantOp::create(
      b,
      DenseElementsAttr::get(VectorType::get({kLanes}, b.getF32Type()), 0.0f));
  loop(index(0), rows, 1, [&](Value row) {
    loop(index(0), columns, kLanes, [&](Value column) {
      storeLanes(b, b.getLoc(), zero, buffer, row, column);
    });
  });
}

void TiledProduct::fillPanel(const RowReader &reader, const MatrixRows &rows,
                             Value count, Value k, Value depth, Value panel,
                             int64_t padding) {
  Location loc = b.getLoc();
  Value end = add(k, depth);
  loop(index(0), count, 1, [&](Value row) {
    SmallVector<Value> source(rows.leading);
    source.push_back(add(rows.first, row));
    auto buildChunk = [&](OpBuilder &inner, Value column, int64_t lanes) {
      Value values = reader.read(inner, loc, source, column, lanes);
      Value target = arith::SubIOp::create(inner, loc, column, k);
      storeLanes(inner, loc, values, panel, row, target);
    };
    buildChunkLoops(b, loc, k, end, reader.getChunk(), buildChunk);
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
    loop(depth, roundUp(depth, padding), 1,
         [&](Value column) { storeLanes(b, loc, zero, panel, row, column); });
  });
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void TiledProduct::emitResults(const ProductTile &tile) {
  loop(index(0), tile.rows, 1, [&](Value row) {
    SmallVector<Value> target(tile.result.leading);
    target.push_back(add(tile.result.first, row));
    auto buildChunk = [&](OpBuilder &inner, Value column, int64_t lanes) {
      OpBuilder::InsertionGuard guard(b);
      b.restoreInsertionPoint(inner.saveInsertionPoint());
      Location loc = b.getLoc();
      Value sum = loadLanes(b, loc, sums, row, column, lanes);
      Value place = add(tile.rhs.first, column);
      Value old = loadLanes(b, loc, init, target, place, lanes);
      storeLanes(b, loc, finishProduct(b, sum, old, tensorScales), init, target,
                 place);
    };
    buildChunkLoops(b, b.getLoc(), index(0), tile.columns, kLanes, buildChunk);
  });
}
