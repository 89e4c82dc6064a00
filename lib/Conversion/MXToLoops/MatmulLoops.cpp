//===- MatmulLoops.cpp - mx.packed.matmul as tiled loops ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The emulated kernel of products on a CPU. Within the loops of
// MatmulTiles.cpp, 16 rows of B are decoded to a panel like that of A, and
// 2 x 4 results at a time are summed (MatmulKernel.h).
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "MatmulKernel.h"
#include "MatmulThreads.h"
#include "MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Conversion/DeviceKernels.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Decodes both sides to f32.
class EmulatedProduct : public TiledProduct {
public:
  EmulatedProduct(PackedMatmulOp op, OpBuilder &builder)
      : TiledProduct(op, builder), rhs(op.getRhs(), op.getRhsFormatAttr()) {}

private:
  void prepare() override;
  void release() override { memref::DeallocOp::create(b, rhsPanel); }
  void multiply(const ProductTile &tile, Value column, Value columns, Value k,
                Value depth) override;
  void emitKernels(Value rows, Value columns, Value firstColumn, Value depth);
  void emitKernel(int64_t rows, Value row, Value rhsRow, Value column,
                  Value depth);

  RowReader rhs;
  Value rhsPanel;
};

} // namespace

void EmulatedProduct::prepare() {
  rhsPanel = allocate({kPanelColumns, kSliceDepth});
  // The kernel reads rows of B in fours, past the last one too.
  clear(rhsPanel, index(kPanelColumns), index(kSliceDepth));
}

void EmulatedProduct::multiply(const ProductTile &tile, Value column,
                               Value columns, Value k, Value depth) {
  MatrixRows rows{tile.rhs.leading, add(tile.rhs.first, column)};
  fillPanel(rhs, rows, columns, k, depth, rhsPanel, kLanes);
  emitKernels(tile.rows, columns, column, depth);
}

/// Multiplies `rows` rows of the lhs panel by `columns` rows of the rhs panel:
/// by kernels of full height, then one row by itself, so that a single row
/// costs no more than it must.
void EmulatedProduct::emitKernels(Value rows, Value columns, Value firstColumn,
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
void EmulatedProduct::emitKernel(int64_t rows, Value row, Value rhsRow,
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
// Pattern
//===----------------------------------------------------------------------===//

namespace {

/// mx.packed.matmul  ⇒  the loops of MatmulTiles.cpp, or those of
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
      EmulatedProduct(op, rewriter).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateMatmulLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerMatmulToLoops>(patterns.getContext());
}
