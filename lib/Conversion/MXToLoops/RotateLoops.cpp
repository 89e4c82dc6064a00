//===- RotateLoops.cpp - mx.packed.rotate as loops ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   for each row
//     for each group of h neighbours
//       signs, log2(h) butterflies, 1/√h          (N6.2)
//
// A group is one vector<h x f32>. Its order of operations is part of the
// meaning of a rotation, so nothing here may be reordered or fused; multiplying
// by ±1 is exact, which lets one addition do both halves of a butterfly.
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/Hadamard.h"

using namespace mlir;
using namespace mlir::mx;

/// Multiplies by a constant for each lane.
static Value scaleLanes(OpBuilder &builder, Location loc, Value values,
                        ArrayRef<float> factors) {
  auto type = cast<VectorType>(values.getType());
  Value constant = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, factors));
  return arith::MulFOp::create(builder, loc, values, constant);
}

static int64_t countLanes(Value values) {
  return cast<VectorType>(values.getType()).getNumElements();
}

static Value applySigns(OpBuilder &builder, Location loc, Value values,
                        ArrayRef<int8_t> signs) {
  if (signs.empty())
    return values;
  SmallVector<float> factors;
  for (int64_t lane = 0, lanes = countLanes(values); lane < lanes; ++lane)
    factors.push_back(signs[lane % signs.size()]);
  return scaleLanes(builder, loc, values, factors);
}

/// Replaces each pair (a, b) at distance `stride` by (a + b, a - b): each lane
/// gets its partner plus or minus itself.
static Value applyButterflies(OpBuilder &builder, Location loc, Value values,
                              int64_t stride) {
  SmallVector<int64_t> partners;
  SmallVector<float> ownSigns;
  for (int64_t i = 0, lanes = countLanes(values); i < lanes; ++i) {
    partners.push_back(i ^ stride);
    ownSigns.push_back(i & stride ? -1.0f : 1.0f);
  }
  Value partner =
      vector::ShuffleOp::create(builder, loc, values, values, partners);
  Value own = scaleLanes(builder, loc, values, ownSigns);
  return arith::AddFOp::create(builder, loc, partner, own);
}

Value mx::rotateGroups(OpBuilder &builder, Location loc, Value values,
                       HadamardAttr rotation, bool inverse) {
  int64_t size = rotation.getSize();
  if (!inverse)
    values = applySigns(builder, loc, values, rotation.getSigns());
  for (int64_t stride = 1; stride < size; stride *= 2)
    values = applyButterflies(builder, loc, values, stride);
  values = scaleLanes(
      builder, loc, values,
      SmallVector<float>(countLanes(values), mxnum::getHadamardScale(size)));
  if (inverse)
    values = applySigns(builder, loc, values, rotation.getSigns());
  return values;
}

namespace {

/// mx.packed.rotate  ⇒  loops over rows and groups. A group is loaded whole
/// before it is stored, so source and destination may be one buffer.
struct LowerRotateToLoops : OpRewritePattern<PackedRotateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedRotateOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    Value source = op.getSource(), target = op.getInits();
    auto type = cast<MemRefType>(target.getType());
    int64_t last = type.getRank() - 1;
    int64_t size = op.getRotation().getSize();
    Value begin = createIndex(rewriter, loc, 0);
    // N6.1: `size` divides the axis; a dynamic one that it does not divide must
    // not be overrun all the same.
    Value end = arith::AndIOp::create(rewriter, loc,
                                      createDim(rewriter, loc, source, last),
                                      createIndex(rewriter, loc, -size));
    auto buildGroup = [&](OpBuilder &inner, ValueRange row, Value k) {
      Value values =
          widenToF32(inner, loc, loadLanes(inner, loc, source, row, k, size));
      values =
          rotateGroups(inner, loc, values, op.getRotation(), op.getInverse());
      values = narrowFromF32(inner, loc, values,
                             cast<FloatType>(type.getElementType()));
      storeLanes(inner, loc, values, target, row, k);
    };
    RowLoops(op, target).build(rewriter, begin, end, size, buildGroup);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateRotateLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerRotateToLoops>(patterns.getContext());
}
