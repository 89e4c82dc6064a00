//===- InterleavedTiles.cpp - many rows of A share decoded numbers --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Within the loops of MatmulTiles.cpp, 16 rows of B are decoded to a panel of
// f32 [256 x 16], scales applied (N7.1), and kernels of 6 x 16 results read it:
//
//   for each k     2 vectors of the panel, 6 numbers of A to all lanes,
//                  12 fused multiplications and additions
//
// 12 vectors of sums, 2 of the panel and 1 of A fit 16 registers. Kernels of
// fewer rows, for the last of A, sum several k apart, so that sums which do not
// depend on each other hide the latency of an addition.
//===----------------------------------------------------------------------===//

#include "InterleavedProduct.h"
#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/SmallFloatArith.h"

using namespace mlir;
using namespace mlir::mx;

/// Rows of a kernel.
static constexpr int64_t kTallKernel = 6;
/// Vectors of sums that hide the latency of one addition.
static constexpr int64_t kIndependentSums = 8;

/// How many k a round of a kernel's loop takes. It divides every block.
static constexpr int64_t kRound = 8;

/// How many k are summed apart: a power of two, at most a round.
static int64_t getParts(int64_t rows) {
  int64_t parts = 1;
  while (parts * rows * kHalves < kIndependentSums)
    parts *= 2;
  return parts;
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

void InterleavedProduct::multiply(const ProductTile &tile, Value column, Value,
                                  Value k, Value depth) {
  fillRhsPanel(tile, column, k, depth);
  emitKernels(tile.rows, column, roundUp(depth, format.getBlock()));
}

/// Decodes the blocks of elements `k` … `k + depth - 1` of a group of rows.
void InterleavedProduct::fillRhsPanel(const ProductTile &tile, Value column,
                                      Value k, Value depth) {
  Location loc = b.getLoc();
  int64_t block = format.getBlock();
  SmallVector<Value> group = getGroup(tile.rhs, add(tile.rhs.first, column));
  Value begin =
      multiplyIndex(arith::DivUIOp::create(b, k, index(block)), blockLines);
  Value blocks = arith::DivUIOp::create(b, roundUp(depth, block), index(block));
  loop(index(0), blocks, 1, [&](Value i) {
    Value first = multiplyIndex(i, blockLines);
    Value place =
        arith::DivUIOp::create(b, add(begin, first), index(blockLines));
    SmallVector<Value> factors;
    for (int64_t half = 0; half < kHalves; ++half) {
      Value byte = add(multiplyIndex(place, mxnum::kInterleavedRows),
                       index(half * kShuffleLanes));
      Value scale =
          decodeScale(b, loc, format.getScale(),
                      loadLanes(b, loc, scales, group, byte, kShuffleLanes));
      // Numbers are decoded to twice their value. Exact: a power of two.
      factors.push_back(arith::MulFOp::create(b, scale, splatNumber(0.5f)));
    }
    loop(index(0), index(blockLines), 1, [&](Value line) {
      Value panelLine = add(first, line);
      decodeLine(group, add(begin, panelLine),
                 multiplyIndex(panelLine, kShuffleCodes), factors);
    });
  });
}

/// Stores the numbers of one line from row `panelRow` of the panel on.
void InterleavedProduct::decodeLine(ArrayRef<Value> group, Value line,
                                    Value panelRow, ArrayRef<Value> scales) {
  for (int64_t half = 0; half < kHalves; ++half) {
    Value column = index(half * kShuffleLanes);
    auto store = [&](Value numbers, int64_t k) {
      Value scaled = arith::MulFOp::create(b, numbers, scales[half]);
      storeLanes(b, b.getLoc(), scaled, rhsPanel, add(panelRow, index(k)),
                 column);
    };
    SmallVector<PairVectors> pairs =
        decoder.decode(b, loadLine(group, line, index(half)));
    for (auto [places, pair] : llvm::zip_equal(kCodePairs, pairs)) {
      auto [first, second] = ShuffleDecoder::splitPair(b, pair);
      store(first, places.first);
      store(second, places.second);
    }
  }
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Kernels of full height, and one of what is left.
void InterleavedProduct::emitKernels(Value rows, Value column, Value depth) {
  if (isException)
    return loop(index(0), rows, 1,
                [&](Value row) { emitKernel(1, row, column, depth); });
  Value rest = arith::RemUIOp::create(b, rows, index(kTallKernel));
  Value whole = arith::SubIOp::create(b, rows, rest);
  loop(index(0), whole, kTallKernel,
       [&](Value row) { emitKernel(kTallKernel, row, column, depth); });
  SmallVector<int64_t> heights;
  for (int64_t height = 1; height < kTallKernel; ++height)
    heights.push_back(height);
  auto switchOp =
      scf::IndexSwitchOp::create(b, TypeRange(), rest, heights, heights.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [height, region] :
       llvm::zip_equal(heights, switchOp.getCaseRegions())) {
    b.setInsertionPointToStart(&region.emplaceBlock());
    emitKernel(height, whole, column, depth);
    scf::YieldOp::create(b);
  }
  b.setInsertionPointToStart(&switchOp.getDefaultRegion().emplaceBlock());
  scf::YieldOp::create(b);
}

/// Adds the products of element `k` of `rows` rows and of 16 rows of B.
void InterleavedProduct::addProducts(Value row, int64_t rows, Value k,
                                     MutableArrayRef<Value> results) {
  Location loc = b.getLoc();
  SmallVector<Value> right;
  for (int64_t half = 0; half < kHalves; ++half)
    right.push_back(loadLanes(b, loc, rhsPanel, k, index(half * kShuffleLanes),
                              kShuffleLanes));
  for (int64_t i = 0; i < rows; ++i) {
    Value number =
        memref::LoadOp::create(b, lhsPanel, ValueRange{add(row, index(i)), k});
    Value left = splat(b, loc, number, kShuffleLanes);
    for (int64_t half = 0; half < kHalves; ++half) {
      Value &sum = results[i * kHalves + half];
      sum = multiplyAdd(left, right[half], sum);
    }
  }
}

/// Adds `rows` x 16 results to `sums`, at (`row`, `column`).
void InterleavedProduct::emitKernel(int64_t rows, Value row, Value column,
                                    Value depth) {
  Location loc = b.getLoc();
  int64_t parts = getParts(rows), count = rows * kHalves;
  auto forOp =
      scf::ForOp::create(b, index(0), depth, index(kRound),
                         SmallVector<Value>(parts * count, splatNumber(0)));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    SmallVector<Value> results(forOp.getRegionIterArgs());
    for (int64_t step = 0; step < kRound; ++step)
      addProducts(row, rows, add(forOp.getInductionVar(), index(step)),
                  MutableArrayRef(results).slice(step % parts * count, count));
    scf::YieldOp::create(b, results);
  }
  for (int64_t i = 0; i < count; ++i) {
    Value sum = forOp.getResult(i);
    for (int64_t part = 1; part < parts; ++part)
      sum = arith::AddFOp::create(b, sum, forOp.getResult(part * count + i));
    Value place = add(column, index(i % kHalves * kShuffleLanes));
    Value target = add(row, index(i / kHalves));
    Value old = loadLanes(b, loc, sums, target, place, kShuffleLanes);
    storeLanes(b, loc, arith::AddFOp::create(b, old, sum), sums, target, place);
  }
}
