//===- MatmulKernel.cpp - the inner loop of a product ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Loads, multiplications and additions; shuffles only after the loop.
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mx;

/// Loads the vector at column `k` of `count` rows of a panel.
static SmallVector<Value> loadRows(ImplicitLocOpBuilder &b, Value panel,
                                   Value first, int64_t count, Value k) {
  auto type = VectorType::get({kLanes}, b.getF32Type());
  llvm::MaybeAlign alignment(kLanes * sizeof(float));
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < count; ++i) {
    Value row =
        arith::AddIOp::create(b, first, arith::ConstantIndexOp::create(b, i));
    loaded.push_back(vector::LoadOp::create(b, type, panel, ValueRange{row, k},
                                            /*nontemporal=*/false, alignment));
  }
  return loaded;
}

/// Adds the products of each pair of rows to the sums, row-major.
static SmallVector<Value> addProducts(ImplicitLocOpBuilder &b,
                                      ArrayRef<Value> left,
                                      ArrayRef<Value> right, ValueRange sums) {
  auto contract = arith::FastMathFlags::contract;
  SmallVector<Value> results;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value product = arith::MulFOp::create(b, left[i / right.size()],
                                          right[i % right.size()], contract);
    results.push_back(arith::AddFOp::create(b, sum, product, contract));
  }
  return results;
}

/// Adds the lanes of each of four vectors: lane j of the result is the sum of
/// vector j.
static Value sumLanes(ImplicitLocOpBuilder &b, ArrayRef<Value> vectors) {
  auto addShuffled = [&](Value x, Value y, ArrayRef<int64_t> first,
                         ArrayRef<int64_t> second) -> Value {
    return arith::AddFOp::create(b, vector::ShuffleOp::create(b, x, y, first),
                                 vector::ShuffleOp::create(b, x, y, second));
  };
  auto addNeighbours = [&](Value x, Value y) {
    return addShuffled(x, y, {0, 2, 8, 10, 4, 6, 12, 14},
                       {1, 3, 9, 11, 5, 7, 13, 15});
  };
  // [x01 x23 y01 y23 x45 x67 y45 y67], then [x0-3 y0-3 z0-3 w0-3 x4-7 …].
  Value quarters = addNeighbours(addNeighbours(vectors[0], vectors[1]),
                                 addNeighbours(vectors[2], vectors[3]));
  return addShuffled(quarters, quarters, {0, 1, 2, 3}, {4, 5, 6, 7});
}

SmallVector<Value> mx::emitDotProducts(ImplicitLocOpBuilder &b, Value lhs,
                                       Value row, int64_t rows, Value rhs,
                                       Value column, Value depth) {
  auto type = VectorType::get({kLanes}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, DenseElementsAttr::get(type, 0.0f));
  auto forOp =
      scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0), depth,
                         arith::ConstantIndexOp::create(b, kLanes),
                         SmallVector<Value>(rows * kKernelColumns, zero));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value k = forOp.getInductionVar();
    SmallVector<Value> left = loadRows(b, lhs, row, rows, k);
    SmallVector<Value> right = loadRows(b, rhs, column, kKernelColumns, k);
    scf::YieldOp::create(
        b, addProducts(b, left, right, forOp.getRegionIterArgs()));
  }
  SmallVector<Value> sums(forOp.getResults()), dots;
  for (int64_t i = 0; i < rows; ++i)
    dots.push_back(
        sumLanes(b, ArrayRef(sums).slice(i * kKernelColumns, kKernelColumns)));
  return dots;
}
