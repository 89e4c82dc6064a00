//===- MatmulEpilogue.h - what surrounds a product --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A product reads C, adds to it and writes it back. Where the program has just
// filled C, or computes with each number of C next and then overwrites C or
// needs it no more, the kernel does this as well, on numbers in registers:
//
//   C = 0                 ⇒  C is not read
//   C[m, n] = v[n]        ⇒  v is read instead
//   D = f(C, w[n], x)     ⇒  D is written instead of C
//   P, S = quantize(C)    ⇒  P and S are written instead of C, or of D
//
// Nothing else changes: f gets the number that C would have held.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULEPILOGUE_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULEPILOGUE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// Where a kernel finds what it adds the product to.
enum class Start { Memory, Zero, Row };

/// The element-wise operation that follows a product.
struct Tail {
  /// Null if there is none.
  linalg::GenericOp op;
  /// The vectors that it reads, one number for each column, with the arguments
  /// of its body; and numbers from outside that are no constants.
  SmallVector<std::pair<Value, BlockArgument>> rows;
  SmallVector<Value> numbers;

  explicit operator bool() const { return bool(op); }
  /// The arguments that are a number of C.
  SmallVector<BlockArgument, 2> products;
  /// The type of what it makes.
  FloatType getType() const;
};

struct MatmulEpilogue {
  Start start = Start::Memory;
  /// The vector, if that is the start.
  Value row;
  /// What wrote C before, if nobody needs that any more, or null.
  Operation *writer = nullptr;
  /// C, and what was filled for it: C, or an array that was copied to it.
  Value result, filled;
  /// What is quantised, C or what the tail wrote, or null.
  Value made;
  Tail tail;
  /// What quantises the numbers that the product or the tail makes, or null.
  PackedQuantizeOp quantizer;

  /// The type of what is written or quantised, for products of type `product`.
  FloatType getOutputType(FloatType product) const {
    return tail ? tail.getType() : product;
  }
};

/// A tile of results in shared memory, as f32.
struct StagedTile {
  int rows, columns;
  /// Threads that share the work of quantising it.
  int threads;

  /// Bytes of a row; the gap behind each lets neighbouring rows lie in
  /// different banks.
  int getPitch() const { return (columns + 4) * int(sizeof(float)); }
  int getBytes() const { return rows * getPitch(); }
};

/// Finds what the kernel of `op` can do too, and remarks it, and why not.
MatmulEpilogue findEpilogue(PackedMatmulOp op);

/// Makes `op` the place of a launch that does all of it: it stands where the
/// last operation stood that the kernel does, and C is what the tail wrote.
/// What wrote C before is removed, what follows is left.
void takeEpilogue(PackedMatmulOp op, const MatmulEpilogue &epilogue);

/// Removes `op`, which was launched, and what its kernels do beside it.
void removeLaunched(PackedMatmulOp op, const MatmulEpilogue &epilogue);

/// Removes what no program needs whose products are lowered: arrays that are
/// filled and not read.
void removeUnusedBuffers(ArrayRef<MatmulEpilogue> epilogues);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULEPILOGUE_H
