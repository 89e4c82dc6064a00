//===- MatmulThreads.cpp - mx.packed.matmul with a thread for each result -===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What a GPU runs where no row with tensor cores fits:
//
//   parallel over batches, rows and columns of C
//     find the expert of the row, if there are groups
//     sums = 0                           as many lanes as a chunk has
//     for each chunk of K
//       sums += A · B
//     C += t_A · t_B · (sum of the sums)
//
// N7.2: K terms and C, in an order that depends on K alone.
//===----------------------------------------------------------------------===//

#include "MatmulThreads.h"
#include "BlockDecode.h"
#include "MXToLoops.h"
#include "MatmulParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Emits the code of one thread.
class ThreadEmitter {
public:
  ThreadEmitter(PackedMatmulOp op, OpBuilder &builder)
      : op(op), b(op.getLoc(), builder),
        lhs(op.getLhs(), op.getLhsFormatAttr()),
        rhs(op.getRhs(), op.getRhsFormatAttr()) {}

  void emit(ValueRange row, Value column);

private:
  void emitGrouped(Value row, Value column);
  void emitResult(ValueRange lhsRow, ValueRange rhsRow, ValueRange place);
  Value addChunks(ValueRange lhsRow, ValueRange rhsRow, Value begin, Value end,
                  int64_t lanes, Value sums);
  Value addLanes(Value lanes);
  Value index(int64_t value) { return createIndex(b, b.getLoc(), value); }

  PackedMatmulOp op;
  ImplicitLocOpBuilder b;
  RowReader lhs, rhs;
};

} // namespace

/// Adds the products of elements `begin` to `end` to `sums`.
Value ThreadEmitter::addChunks(ValueRange lhsRow, ValueRange rhsRow,
                               Value begin, Value end, int64_t lanes,
                               Value sums) {
  auto loop = scf::ForOp::create(b, begin, end, index(lanes), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar();
  Value product =
      arith::MulFOp::create(b, lhs.read(b, b.getLoc(), lhsRow, k, lanes),
                            rhs.read(b, b.getLoc(), rhsRow, k, lanes));
  Value sum = arith::AddFOp::create(b, loop.getRegionIterArg(0), product);
  scf::YieldOp::create(b, sum);
  return loop.getResult(0);
}

/// The sum of all lanes, from the first to the last.
Value ThreadEmitter::addLanes(Value lanes) {
  if (!isa<VectorType>(lanes.getType()))
    return lanes;
  return vector::ReductionOp::create(b, vector::CombiningKind::ADD, lanes);
}

/// C at `place` from a row of A and one of B.
void ThreadEmitter::emitResult(ValueRange lhsRow, ValueRange rhsRow,
                               ValueRange place) {
  int64_t lanes = std::min(lhs.getChunk(), rhs.getChunk());
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  Value depth = op.getK();
  Value whole = arith::AndIOp::create(b, depth, index(-lanes));
  Value sums = addChunks(lhsRow, rhsRow, index(0), whole, lanes,
                         splat(b, b.getLoc(), zero, lanes));
  Value sum = addChunks(lhsRow, rhsRow, whole, depth, 1, addLanes(sums));
  SmallVector<Value> tensorScales;
  for (ValueRange parts : {ValueRange(op.getLhs()), ValueRange(op.getRhs())})
    if (Value scale = loadTensorScale(b, parts))
      tensorScales.push_back(scale);
  Value old = memref::LoadOp::create(b, op.getInits(), place);
  memref::StoreOp::create(b, finishProduct(b, sum, old, tensorScales),
                          op.getInits(), place);
}

/// N7.4: the row is of the expert whose range it lies in, or of none.
void ThreadEmitter::emitGrouped(Value row, Value column) {
  Value rows = createDim(b, b.getLoc(), op.getInits(), 0);
  Value experts = createDim(b, b.getLoc(), op.getGroupEnds(), 0);
  Value none = index(-1);
  auto loop = scf::ForOp::create(b, index(0), experts, index(1),
                                 ValueRange{index(0), none});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value begin = loop.getRegionIterArg(0), expert = loop.getInductionVar();
    Value end = loadGroupEnd(b, op.getGroupEnds(), expert, begin, rows);
    auto compare = [&](arith::CmpIPredicate predicate, Value limit) -> Value {
      return arith::CmpIOp::create(b, predicate, row, limit);
    };
    Value isInside =
        arith::AndIOp::create(b, compare(arith::CmpIPredicate::sge, begin),
                              compare(arith::CmpIPredicate::slt, end));
    Value found =
        arith::SelectOp::create(b, isInside, expert, loop.getRegionIterArg(1));
    scf::YieldOp::create(b, ValueRange{end, found});
  }
  Value expert = loop.getResult(1);
  auto ifOp = scf::IfOp::create(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::ne, expert, none));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitResult(row, {expert, column}, {row, column});
}

void ThreadEmitter::emit(ValueRange row, Value column) {
  if (op.getGroupEnds())
    return emitGrouped(row.front(), column);
  SmallVector<Value> place(row), rhsRow(row.drop_back());
  place.push_back(column);
  rhsRow.push_back(column);
  emitResult(row, rhsRow, place);
}

void mx::buildMatmulThreads(OpBuilder &builder, PackedMatmulOp op) {
  Value init = op.getInits();
  int64_t last = cast<MemRefType>(init.getType()).getRank() - 1;
  Location loc = op.getLoc();
  RowLoops(op, init).build(builder, createIndex(builder, loc, 0),
                           createDim(builder, loc, init, last), 1,
                           [&](OpBuilder &inner, ValueRange row, Value column) {
                             ThreadEmitter(op, inner).emit(row, column);
                           });
}
