//===- MatmulLoops.cpp - mx.packed.matmul as tiled loops ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Both sides are decoded to f32 a tile at a time, and a small kernel multiplies
// the tiles:
//
//   for each batch, or range of rows of an expert
//     for each 128 rows of A
//       for each 512 rows of B (columns of C)
//         sums = 0
//         for each 256 of K
//           decode A into the panel lhs [128 x 256]
//           for each 16 of these rows of B
//             decode B into the panel rhs [16 x 256]
//             sums += lhs · rhsᵀ, 2 x 4 results at a time
//         C += t_A · t_B · sums
//
// Panels are filled up with zeros to a whole number of vectors, so that nothing
// past K contributes. Scratch memory has a fixed size, whatever the problem.
//
// N7.2: the kernel (MatmulKernel.h) adds the terms of a slice, then the slices
// and C are added. These are K + 1 terms and so at most K + 1 additions, in an
// order that depends neither on the tile a result lies in nor on the machine.
//===----------------------------------------------------------------------===//

#include "BlockDecode.h"
#include "MXToLoops.h"
#include "MatmulKernel.h"
#include "MatmulParts.h"
#include "MatmulThreads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Tiles, in the order of the loops above. Changing them changes speed; only
/// kDepth changes the order of additions.
static constexpr int64_t kRows = 128;
static constexpr int64_t kColumns = 512;
static constexpr int64_t kDepth = 256;
static constexpr int64_t kPanelColumns = 16;
/// Alignment of scratch memory: a cache line.
static constexpr int64_t kAlignment = 64;

namespace {

/// A range of rows of one matrix: the indices before the row, and the row.
struct Rows {
  SmallVector<Value> leading;
  Value first;
};

/// A tile of C.
struct Tile {
  Rows lhs, rhs, result;
  /// Rows and columns of the tile.
  Value rows, columns;
};

/// Emits the loops of one operation.
class MatmulEmitter {
public:
  MatmulEmitter(PackedMatmulOp op, OpBuilder &builder);

  void emit();

private:
  void emitBatches();
  void emitGroups();
  void emitProduct(Rows lhs, Rows rhs, Rows result, Value end);
  void emitTile(const Tile &tile);
  void emitSlice(const Tile &tile, Value k, Value depth);
  void fillPanel(const RowReader &reader, const Rows &rows, Value count,
                 Value k, Value depth, Value panel);
  void clear(Value buffer, Value rows, Value columns);
  void emitKernels(Value rows, Value columns, Value firstColumn, Value depth);
  void emitKernel(int64_t rows, Value row, Value rhsRow, Value column,
                  Value depth);
  void emitResults(const Tile &tile);

  /// Builds `body` in a loop; inside, `b` inserts into the loop.
  void loop(Value begin, Value end, int64_t step,
            function_ref<void(Value)> body);
  Value index(int64_t value) { return createIndex(b, b.getLoc(), value); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  /// The part of a tile of `size` that lies before `end`.
  Value clampTile(Value begin, Value end, int64_t size);
  Value roundUp(Value value, int64_t multiple);

  PackedMatmulOp op;
  ImplicitLocOpBuilder b;
  RowReader lhs, rhs;
  Value depth, init;
  /// Tensor scales of both sides as f64.
  SmallVector<Value> tensorScales;
  Value lhsPanel, rhsPanel, sums;
};

} // namespace

//===----------------------------------------------------------------------===//
// Small helpers
//===----------------------------------------------------------------------===//

MatmulEmitter::MatmulEmitter(PackedMatmulOp op, OpBuilder &builder)
    : op(op), b(op.getLoc(), builder), lhs(op.getLhs(), op.getLhsFormatAttr()),
      rhs(op.getRhs(), op.getRhsFormatAttr()), depth(op.getK()),
      init(op.getInits()) {}

void MatmulEmitter::loop(Value begin, Value end, int64_t step,
                         function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, begin, end, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

Value MatmulEmitter::clampTile(Value begin, Value end, int64_t size) {
  Value rest = arith::SubIOp::create(b, end, begin);
  return arith::MinSIOp::create(b, rest, index(size));
}

Value MatmulEmitter::roundUp(Value value, int64_t multiple) {
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

void MatmulEmitter::emit() {
  for (ValueRange parts : {ValueRange(op.getLhs()), ValueRange(op.getRhs())})
    if (Value scale = loadTensorScale(b, parts))
      tensorScales.push_back(scale);
  auto type = cast<MemRefType>(init.getType());
  ArrayRef<int64_t> shape = type.getShape().take_back(2);
  int64_t rows = fitTile(shape[0], kRows, 1);
  int64_t columns = fitTile(shape[1], kColumns, kPanelColumns);
  auto allocate = [&](int64_t height, int64_t width) -> Value {
    auto type = MemRefType::get({height, width}, b.getF32Type());
    return memref::AllocOp::create(b, type, b.getI64IntegerAttr(kAlignment));
  };
  lhsPanel = allocate(rows, kDepth);
  rhsPanel = allocate(kPanelColumns, kDepth);
  sums = allocate(rows, columns);
  // The kernel reads rows of B in fours, past the last one too.
  clear(rhsPanel, index(kPanelColumns), index(kDepth));
  if (op.getGroupEnds())
    emitGroups();
  else
    emitBatches();
  for (Value buffer : {lhsPanel, rhsPanel, sums})
    memref::DeallocOp::create(b, buffer);
}

void MatmulEmitter::emitBatches() {
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value rows = createDim(b, b.getLoc(), init, rank - 2);
  buildLoopNest(b, b.getLoc(), init, rank - 2,
                [&](OpBuilder &inner, ValueRange batch) {
                  OpBuilder::InsertionGuard guard(b);
                  b.restoreInsertionPoint(inner.saveInsertionPoint());
                  Rows start{SmallVector<Value>(batch), index(0)};
                  emitProduct(start, start, start, rows);
                });
}

void MatmulEmitter::emitGroups() {
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

/// The rows from `result.first` to `end`, and all columns.
void MatmulEmitter::emitProduct(Rows lhs, Rows rhs, Rows result, Value end) {
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value columns = createDim(b, b.getLoc(), init, rank - 1);
  loop(result.first, end, kRows, [&](Value row) {
    Value rows = clampTile(row, end, kRows);
    loop(index(0), columns, kColumns, [&](Value column) {
      emitTile({{lhs.leading, row},
                {rhs.leading, column},
                {result.leading, row},
                rows,
                clampTile(column, columns, kColumns)});
    });
  });
}

void MatmulEmitter::emitTile(const Tile &tile) {
  clear(sums, tile.rows, tile.columns);
  loop(index(0), depth, kDepth,
       [&](Value k) { emitSlice(tile, k, clampTile(k, depth, kDepth)); });
  emitResults(tile);
}

void MatmulEmitter::emitSlice(const Tile &tile, Value k, Value depth) {
  fillPanel(lhs, tile.lhs, tile.rows, k, depth, lhsPanel);
  loop(index(0), tile.columns, kPanelColumns, [&](Value column) {
    Value columns = clampTile(column, tile.columns, kPanelColumns);
    Rows rows{tile.rhs.leading, add(tile.rhs.first, column)};
    fillPanel(rhs, rows, columns, k, depth, rhsPanel);
    emitKernels(tile.rows, columns, column, depth);
  });
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

/// Stores zeros, columns rounded up to whole vectors.
void MatmulEmitter::clear(Value buffer, Value rows, Value columns) {
  Value zero = arith::ConstantOp::create(
      b,
      DenseElementsAttr::get(VectorType::get({kLanes}, b.getF32Type()), 0.0f));
  loop(index(0), rows, 1, [&](Value row) {
    loop(index(0), columns, kLanes, [&](Value column) {
      storeLanes(b, b.getLoc(), zero, buffer, row, column);
    });
  });
}

/// Decodes elements `k` … `k + depth - 1` of `count` rows, and adds zeros up to
/// a whole number of vectors.
void MatmulEmitter::fillPanel(const RowReader &reader, const Rows &rows,
                              Value count, Value k, Value depth, Value panel) {
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
    loop(depth, roundUp(depth, kLanes), 1,
         [&](Value column) { storeLanes(b, loc, zero, panel, row, column); });
  });
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Multiplies `rows` rows of the lhs panel by `columns` rows of the rhs panel:
/// by kernels of full height, then one row by itself, so that a single row
/// costs no more than it must.
void MatmulEmitter::emitKernels(Value rows, Value columns, Value firstColumn,
                                Value depth) {
  Value whole = arith::AndIOp::create(b, rows, index(-kKernelRows));
  auto emitRows = [&](Value begin, Value end, int64_t count) {
    loop(begin, end, count, [&](Value row) {
      loop(index(0), columns, kKernelColumns, [&](Value column) {
        emitKernel(count, row, column, add(firstColumn, column), depth);
      });
    });
  };
  emitRows(index(0), whole, kKernelRows);
  emitRows(whole, rows, 1);
}

/// Adds `rows` x 4 dot products to `sums`, at (`row`, `column`).
void MatmulEmitter::emitKernel(int64_t rows, Value row, Value rhsRow,
                               Value column, Value depth) {
  SmallVector<Value> dots =
      emitDotProducts(b, lhsPanel, row, rows, rhsPanel, rhsRow, depth);
  for (auto [i, dot] : llvm::enumerate(dots)) {
    Value target = add(row, index(i));
    Value old = loadLanes(b, b.getLoc(), sums, target, column, kKernelColumns);
    storeLanes(b, b.getLoc(), arith::AddFOp::create(b, old, dot), sums, target,
               column);
  }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Adds the tile of sums to C.
void MatmulEmitter::emitResults(const Tile &tile) {
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

//===----------------------------------------------------------------------===//
// Pattern
//===----------------------------------------------------------------------===//

namespace {

/// mx.packed.matmul  ⇒  the loops at the top of this file, or those of
/// MatmulThreads.cpp.
struct LowerMatmulToLoops : OpRewritePattern<PackedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    if (isForDevice(op))
      buildMatmulThreads(rewriter, op);
    else
      MatmulEmitter(op, rewriter).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateMatmulLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerMatmulToLoops>(patterns.getContext());
}
