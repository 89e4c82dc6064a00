//===- MatmulHost.h - the host code of matmuls ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the host side of all matmul kernels has in common: what types say about
// the rows of an operation, the arguments of a launch (MatmulSignature.h), how
// many blocks it has, and what memory is like when the program runs.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULHOST_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULHOST_H

#include "MatmulEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include <optional>

namespace mlir::mx {

/// Bits of the end of a group of `op` in memory; 0 without groups.
unsigned getEndBits(PackedMatmulOp op);

/// Whether A, or its average group, has more than `least` rows, if types say.
std::optional<bool> hasMoreRows(PackedMatmulOp op, int64_t least);

/// Emits the host code of one operation.
class MatmulHost {
protected:
  explicit MatmulHost(PackedMatmulOp op);

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  template <typename OpTy>
  Value make(Value x, Value y) {
    return b.createOrFold<OpTy>(x, y);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  }
  /// ⌈x / y⌉.
  Value divideUp(Value x, int64_t y) {
    return make<arith::DivUIOp>(make<arith::AddIOp>(x, index(y - 1)), index(y));
  }
  /// An i1: whether all numbers whose bits are in `bits` are multiples of
  /// `unit`.
  Value isMultiple(Value bits, int64_t unit);
  /// hasMoreRows, when the program runs.
  Value hasMoreRows(int64_t least);
  /// The tiles of C, at most so many in a grouped product (MatmulGroups.h).
  Value countTiles(int64_t tileRows, int64_t tileColumns);

  /// Adds a pointer to the first element of `buffer` to the operands; returns
  /// it as a number.
  Value addPointer(Value buffer);
  /// Adds operands: group_ends, and C with what `epilogue` reads, and sizes.
  void addRest(const MatmulEpilogue &epilogue);
  /// Goes on where there are results: a launch without blocks is an error.
  void enterIfAny();
  void launch(gpu::GPUFuncOp kernel, Value blocks, int threads, int sharedBytes,
              ValueRange all);

  PackedMatmulOp op;
  ImplicitLocOpBuilder b;
  /// `matrices` are those of A and C, `groups` those of B in a grouped product
  /// and else null.
  Value rows, columns, depth, matrices, groups;
  SmallVector<Value> operands;

private:
  void addSize(Value size);
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULHOST_H
