//===- ExpandViews.cpp - dimensions split into unknown sizes --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A batch and a sequence of unknown sizes that were joined are split again
// after each linear layer. MLIR's own expansion of memref.expand_shape computes
// one unknown size of a group from the others and fails where there are two;
// here all sizes are taken from the operation, which states them.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_EXPANDVIEWSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;

/// Whether a dimension is split into several of unknown size.
static bool hasSeveralUnknown(memref::ExpandShapeOp op) {
  return llvm::any_of(op.getReassociationIndices(),
                      [&](ArrayRef<int64_t> dims) {
                        return llvm::count_if(dims, [&](int64_t dim) {
                                 return op.getResultType().isDynamicDim(dim);
                               }) > 1;
                      });
}

/// The strides of the result: the innermost of a group has that of the source,
/// the others those of their neighbour times its size.
static SmallVector<OpFoldResult> getStrides(OpBuilder &builder,
                                            memref::ExpandShapeOp op,
                                            ArrayRef<OpFoldResult> sizes,
                                            ValueRange sourceStrides) {
  auto [known, offset] = op.getResultType().getStridesAndOffset();
  SmallVector<OpFoldResult> strides(sizes.size());
  for (auto [group, sourceStride] :
       llvm::zip(op.getReassociationIndices(), sourceStrides)) {
    Value stride = sourceStride;
    for (int64_t dim : llvm::reverse(group)) {
      strides[dim] = stride;
      if (ShapedType::isStatic(known[dim]))
        strides[dim] = builder.getIndexAttr(known[dim]);
      Value size =
          getValueOrCreateConstantIndexOp(builder, op.getLoc(), sizes[dim]);
      stride = arith::MulIOp::create(builder, op.getLoc(), stride, size);
    }
  }
  return strides;
}

static void expand(OpBuilder &builder, memref::ExpandShapeOp op) {
  builder.setInsertionPoint(op);
  auto source = memref::ExtractStridedMetadataOp::create(builder, op.getLoc(),
                                                         op.getSrc());
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  SmallVector<OpFoldResult> strides =
      getStrides(builder, op, sizes, source.getStrides());
  auto [known, knownOffset] = op.getResultType().getStridesAndOffset();
  OpFoldResult offset = source.getOffset();
  if (ShapedType::isStatic(knownOffset))
    offset = builder.getIndexAttr(knownOffset);
  Value view = memref::ReinterpretCastOp::create(
      builder, op.getLoc(), op.getResultType(), source.getBaseBuffer(), offset,
      sizes, strides);
  op.getResult().replaceAllUsesWith(view);
  op.erase();
}

namespace {

struct ExpandViewsPass : public mx::impl::ExpandViewsPassBase<ExpandViewsPass> {
  void runOnOperation() override {
    SmallVector<memref::ExpandShapeOp> views;
    getOperation().walk([&](memref::ExpandShapeOp op) {
      if (hasSeveralUnknown(op))
        views.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (memref::ExpandShapeOp op : views)
      expand(builder, op);
  }
};

} // namespace
