//===- LoopIdioms.cpp - loops and memory accesses of the lowerings --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A few shapes of code that each lowering of this folder is made of. A buffer
// whose last dimension has gaps, or unknown strides, is accessed lane by lane,
// so that the lowerings need not care.
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/DeviceKernels.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value mx::createIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value mx::createDim(OpBuilder &builder, Location loc, Value buffer,
                    int64_t dim) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(dim))
    return createIndex(builder, loc, type.getDimSize(dim));
  return memref::DimOp::create(builder, loc, buffer, dim);
}

void mx::buildLoop(OpBuilder &builder, Location loc, Value begin, Value end,
                   int64_t step, function_ref<void(OpBuilder &, Value)> body) {
  scf::ForOp::create(builder, loc, begin, end, createIndex(builder, loc, step),
                     ValueRange(),
                     [&](OpBuilder &inner, Location, Value index, ValueRange) {
                       body(inner, index);
                       scf::YieldOp::create(inner, loc);
                     });
}

void mx::buildLoopNest(OpBuilder &builder, Location loc, Value buffer,
                       int64_t count, LoopBody body) {
  SmallVector<Value> indices;
  std::function<void(OpBuilder &)> buildRest = [&](OpBuilder &outer) {
    int64_t dim = indices.size();
    if (dim == count)
      return body(outer, indices);
    buildLoop(outer, loc, createIndex(outer, loc, 0),
              createDim(outer, loc, buffer, dim), 1,
              [&](OpBuilder &inner, Value index) {
                indices.push_back(index);
                buildRest(inner);
                indices.pop_back();
              });
  };
  buildRest(builder);
}

/// Where whole chunks of `lanes` elements end.
static Value findRest(OpBuilder &builder, Location loc, Value begin, Value end,
                      int64_t lanes) {
  Value count = arith::SubIOp::create(builder, loc, end, begin);
  Value whole = arith::AndIOp::create(builder, loc, count,
                                      createIndex(builder, loc, -lanes));
  return arith::AddIOp::create(builder, loc, begin, whole);
}

void mx::buildChunkLoops(OpBuilder &builder, Location loc, Value begin,
                         Value end, int64_t lanes,
                         function_ref<void(OpBuilder &, Value, int64_t)> body) {
  assert(llvm::isPowerOf2_64(lanes) && "chunks have a power of two of lanes");
  Value rest = begin;
  if (lanes != 1) {
    rest = findRest(builder, loc, begin, end, lanes);
    buildLoop(builder, loc, begin, rest, lanes,
              [&](OpBuilder &inner, Value k) { body(inner, k, lanes); });
  }
  buildLoop(builder, loc, rest, end, 1,
            [&](OpBuilder &inner, Value k) { body(inner, k, 1); });
}

void RowLoops::build(
    OpBuilder &builder, Value begin, Value end, int64_t step,
    function_ref<void(OpBuilder &, ValueRange, Value)> body) const {
  int64_t rows = cast<MemRefType>(buffer.getType()).getRank() - 1;
  SmallVector<Value> begins(rows, createIndex(builder, loc, 0)), ends;
  SmallVector<Value> steps(rows, createIndex(builder, loc, 1));
  for (int64_t dim = 0; dim < rows; ++dim)
    ends.push_back(createDim(builder, loc, buffer, dim));
  begins.push_back(begin);
  ends.push_back(end);
  steps.push_back(createIndex(builder, loc, step));
  scf::ParallelOp::create(builder, loc, begins, ends, steps,
                          [&](OpBuilder &inner, Location, ValueRange indices) {
                            body(inner, indices.drop_back(), indices.back());
                          });
}

void RowLoops::buildChunks(
    OpBuilder &builder, Value begin, Value end, int64_t lanes,
    function_ref<void(OpBuilder &, ValueRange, Value, int64_t)> body) const {
  auto buildLanes = [&](Value from, Value to, int64_t count) {
    build(builder, from, to, count,
          [&](OpBuilder &inner, ValueRange row, Value k) {
            body(inner, row, k, count);
          });
  };
  Value rest = begin;
  if (lanes != 1) {
    rest = findRest(builder, loc, begin, end, lanes);
    buildLanes(begin, rest, lanes);
  }
  buildLanes(rest, end, 1);
}

InvariantScalar::InvariantScalar(OpBuilder &builder, Operation *op,
                                 Value buffer)
    : loc(op->getLoc()), buffer(buffer) {
  if (buffer && !isForDevice(op))
    loaded = memref::LoadOp::create(builder, loc, buffer);
}

Value InvariantScalar::get(OpBuilder &builder) const {
  if (!buffer || loaded)
    return loaded;
  return memref::LoadOp::create(builder, loc, buffer);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Type mx::getLanesType(Type type, int64_t lanes) {
  return lanes == 1 ? type : VectorType::get({lanes}, type);
}

Value mx::splat(OpBuilder &builder, Location loc, Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(
      builder, loc, getLanesType(scalar.getType(), lanes), scalar);
}

/// Returns the index `row`, `column + lane`.
static SmallVector<Value> getLaneIndex(OpBuilder &builder, Location loc,
                                       ValueRange row, Value column,
                                       int64_t lane) {
  SmallVector<Value> indices(row);
  if (lane != 0)
    column = arith::AddIOp::create(builder, loc, column,
                                   createIndex(builder, loc, lane));
  indices.push_back(column);
  return indices;
}

/// Whether vectors may be loaded from and stored to `buffer`.
static bool isContiguous(Value buffer) {
  return cast<MemRefType>(buffer.getType()).isLastDimUnitStride();
}

Value mx::loadLanes(OpBuilder &builder, Location loc, Value buffer,
                    ValueRange row, Value column, int64_t lanes) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (lanes != 1 && isContiguous(buffer))
    return vector::LoadOp::create(builder, loc,
                                  VectorType::get({lanes}, element), buffer,
                                  getLaneIndex(builder, loc, row, column, 0));
  SmallVector<Value> loaded;
  for (int64_t lane = 0; lane < lanes; ++lane)
    loaded.push_back(memref::LoadOp::create(
        builder, loc, buffer, getLaneIndex(builder, loc, row, column, lane)));
  if (lanes == 1)
    return loaded.front();
  return vector::FromElementsOp::create(
      builder, loc, VectorType::get({lanes}, element), loaded);
}

void mx::storeLanes(OpBuilder &builder, Location loc, Value values,
                    Value buffer, ValueRange row, Value column) {
  auto type = dyn_cast<VectorType>(values.getType());
  if (!type) {
    memref::StoreOp::create(builder, loc, values, buffer,
                            getLaneIndex(builder, loc, row, column, 0));
    return;
  }
  if (isContiguous(buffer)) {
    vector::StoreOp::create(builder, loc, values, buffer,
                            getLaneIndex(builder, loc, row, column, 0));
    return;
  }
  for (int64_t lane = 0; lane < type.getDimSize(0); ++lane)
    memref::StoreOp::create(
        builder, loc, vector::ExtractOp::create(builder, loc, values, lane),
        buffer, getLaneIndex(builder, loc, row, column, lane));
}
