//===- TensorScaleLoops.cpp - the tensor scale as loops -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N4.1: the largest finite magnitude of a buffer, found as an integer because
// magnitudes are ordered like their bits, then a few scalar operations.
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/BlockQuantizer.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mx;

/// Lanes of the running maximum.
static constexpr int64_t kMaxLanes = 32;
/// Elements that a thread of a GPU looks at.
static constexpr int64_t kThreadSpan = 1024;
static constexpr uint32_t kF32InfinityBits = 0x7F800000;

/// Returns the bits (i32) of each magnitude that is finite, and 0 for others.
/// An infinity counts under N3.7 only, NaN never.
static Value getFiniteBits(OpBuilder &builder, Location loc, Value numbers,
                           bool satfinite) {
  Value bits = getMagnitudeBits(builder, loc, widenToF32(builder, loc, numbers),
                                satfinite);
  LaneBuilder lanes(builder, loc, bits);
  Value isFinite = lanes.isBelow(bits, lanes.bits(kF32InfinityBits));
  return lanes.select(isFinite, bits, lanes.bits(0));
}

/// Raises `largest`, lane by lane, to the finite magnitudes of one row between
/// `begin` and `end`, read in chunks of the shape of `largest`.
static Value raiseToRow(OpBuilder &builder, PackedTensorScaleOp op,
                        ValueRange row, Value begin, Value end, Value largest) {
  Location loc = op.getLoc();
  auto type = dyn_cast<VectorType>(largest.getType());
  int64_t lanes = type ? type.getNumElements() : 1;
  auto loop = scf::ForOp::create(
      builder, loc, begin, end, createIndex(builder, loc, lanes), largest,
      [&](OpBuilder &inner, Location, Value column, ValueRange carried) {
        Value numbers =
            loadLanes(inner, loc, op.getSource(), row, column, lanes);
        if (auto rotation = op.getRotation())
          numbers = rotateGroups(inner, loc, widenToF32(inner, loc, numbers),
                                 *rotation, /*inverse=*/false);
        Value bits = getFiniteBits(inner, loc, numbers, op.getSatfinite());
        scf::YieldOp::create(
            inner, loc,
            LaneBuilder(inner, loc, bits).maxUnsigned(bits, carried.front()));
      });
  return loop.getResult(0);
}

/// Returns the largest lane of a vector, or a scalar as it is.
static Value reduceLanes(OpBuilder &builder, Location loc, Value values) {
  if (!isa<VectorType>(values.getType()))
    return values;
  return vector::ReductionOp::create(builder, loc, vector::CombiningKind::MAXUI,
                                     values);
}

/// A row that is rotated is a whole number of groups of this size.
static int64_t getGroup(PackedTensorScaleOp op) {
  return op.getRotation() ? op.getRotation()->getSize() : 1;
}

/// Returns the larger of `largest` (i32 bits) and the finite magnitudes between
/// `begin` and `end` of a row, where groups begin and end.
static Value findLargestInRow(OpBuilder &builder, PackedTensorScaleOp op,
                              ValueRange row, Value begin, Value end,
                              Value largest) {
  Location loc = op.getLoc();
  int64_t group = getGroup(op);
  int64_t chunk = std::max(kMaxLanes, group);
  Value length = arith::SubIOp::create(builder, loc, end, begin);
  Value tail = arith::RemUIOp::create(builder, loc, length,
                                      createIndex(builder, loc, chunk));
  Value whole = arith::SubIOp::create(builder, loc, end, tail);
  largest = raiseToRow(builder, op, row, begin, whole,
                       splat(builder, loc, largest, chunk));
  largest = reduceLanes(builder, loc, largest);
  largest = raiseToRow(builder, op, row, whole, end,
                       splat(builder, loc, largest, group));
  return reduceLanes(builder, loc, largest);
}

/// On a GPU: each thread looks at a span of a row, and raises the number in
/// `largest`.
static Value findLargestByThreads(OpBuilder &builder, PackedTensorScaleOp op,
                                  Value zero, Value largest) {
  Location loc = op.getLoc();
  Value source = op.getSource();
  memref::StoreOp::create(builder, loc, zero, largest);
  int64_t last = cast<MemRefType>(source.getType()).getRank() - 1;
  int64_t span = std::max(kThreadSpan, getGroup(op));
  Value length = createDim(builder, loc, source, last);
  auto raise = [&](OpBuilder &inner, ValueRange row, Value begin) {
    Value end =
        arith::AddIOp::create(inner, loc, begin, createIndex(inner, loc, span));
    end = arith::MinUIOp::create(inner, loc, end, length);
    Value found = findLargestInRow(inner, op, row, begin, end, zero);
    memref::AtomicRMWOp::create(inner, loc, arith::AtomicRMWKind::maxu, found,
                                largest, ValueRange());
  };
  RowLoops(op, source)
      .build(builder, createIndex(builder, loc, 0), length, span, raise);
  return memref::LoadOp::create(builder, loc, largest);
}

/// Returns the largest finite magnitude of the source as i32 bits; on a GPU by
/// way of `scratch`.
static Value findLargestFinite(OpBuilder &builder, PackedTensorScaleOp op,
                               Value scratch) {
  Location loc = op.getLoc();
  int64_t rank = cast<MemRefType>(op.getSource().getType()).getRank();
  Value zero = LaneBuilder(builder, loc, builder.getI32Type()).bits(0);
  if (rank == 0) {
    Value number =
        memref::LoadOp::create(builder, loc, op.getSource(), ValueRange());
    return getFiniteBits(builder, loc, number, op.getSatfinite());
  }
  if (scratch)
    return findLargestByThreads(builder, op, zero, scratch);
  Value length = createDim(builder, loc, op.getSource(), rank - 1);
  SmallVector<Value> ends;
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    ends.push_back(createDim(builder, loc, op.getSource(), dim));
  SmallVector<Value> begins(rank - 1, createIndex(builder, loc, 0));
  SmallVector<Value> steps(rank - 1, createIndex(builder, loc, 1));
  scf::LoopNest nest = scf::buildLoopNest(
      builder, loc, begins, ends, steps, zero,
      [&](OpBuilder &inner, Location, ValueRange row, ValueRange carried) {
        return scf::ValueVector{findLargestInRow(inner, op, row,
                                                 createIndex(inner, loc, 0),
                                                 length, carried.front())};
      });
  return nest.results.front();
}

/// N4.1 from the data, or N3.4's constant.
static Value computeTensorScale(OpBuilder &builder, PackedTensorScaleOp op,
                                Value scratch) {
  Location loc = op.getLoc();
  LaneBuilder scalars(builder, loc, builder.getF32Type());
  mxnum::ScaleRule rule = toNumerics(op.getScaleRule());
  if (rule == mxnum::ScaleRule::Abs3)
    return scalars.number(1.0f / 3.0f);
  Value bits = findLargestFinite(builder, op, scratch);
  Value amax = addHeadRoom(builder, loc, rule, toNumerics(op.getRounding()),
                           scalars.asNumber(bits));
  float divisor =
      mxnum::getTensorScaleDivisor(rule, op.getFormat().getElement());
  Value quotient = scalars.divideNumbers(amax, scalars.number(divisor));
  constexpr float smallest = 0x1p-126f;
  Value scale = scalars.asNumber(
      scalars.maxUnsigned(scalars.asBits(quotient),
                          scalars.bits(llvm::bit_cast<uint32_t>(smallest))));
  Value isZero = scalars.isEqual(bits, scalars.bits(0));
  return scalars.select(isZero, scalars.number(1.0f), scale);
}

namespace {

/// mx.packed.tensor_scale ⇒ a loop that finds the largest magnitude, and a few
/// scalar operations.
struct LowerTensorScaleToLoops : public OpRewritePattern<PackedTensorScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedTensorScaleOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    Location loc = op.getLoc();
    Value scratch;
    if (isForDevice(op))
      scratch = memref::AllocOp::create(
          rewriter, loc, MemRefType::get({}, rewriter.getI32Type()));
    Value scale = computeTensorScale(rewriter, op, scratch);
    memref::StoreOp::create(rewriter, loc, scale, op.getInits(), ValueRange());
    if (scratch)
      memref::DeallocOp::create(rewriter, loc, scratch);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::mx::populateTensorScaleLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerTensorScaleToLoops>(patterns.getContext());
}
