//===- MXToLoops.h - the loop lowerings and what they share -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Internal to this folder: one set of patterns for each family of packed
// operations, and the few loop and memory idioms that all of them use. Buffers
// may have any strides; only a last dimension without gaps is read and written
// by vectors.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_MXTOLOOPS_H
#define MX_LIB_CONVERSION_MXTOLOOPS_MXTOLOOPS_H

#include "mlir/IR/PatternMatch.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

void populateDequantizeLoopsPatterns(RewritePatternSet &patterns);
void populateInterleaveLoopsPatterns(RewritePatternSet &patterns);
void populateMatmulLoopsPatterns(RewritePatternSet &patterns);
/// `mx.packed.pack` and `mx.packed.unpack`.
void populatePackLoopsPatterns(RewritePatternSet &patterns);
/// `mx.packed.quantize` and, by the second set, `mx.packed.tensor_scale`.
void populateQuantizeLoopsPatterns(RewritePatternSet &patterns);
void populateTensorScaleLoopsPatterns(RewritePatternSet &patterns);
void populateRotateLoopsPatterns(RewritePatternSet &patterns);

/// Succeeds if a packed operation works on buffers and its kernel, if it names
/// one, is an emulated row: what every pattern of this folder requires.
LogicalResult matchEmulated(Operation *op, PatternRewriter &rewriter);

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The body of a loop: a builder inside it and the induction variables.
using LoopBody = function_ref<void(OpBuilder &, ValueRange)>;

/// Returns the constant `value` of type index.
Value createIndex(OpBuilder &builder, Location loc, int64_t value);

/// Returns the size of dimension `dim` of `buffer`, a constant where known.
Value createDim(OpBuilder &builder, Location loc, Value buffer, int64_t dim);

/// Builds a loop from `begin` to `end`.
void buildLoop(OpBuilder &builder, Location loc, Value begin, Value end,
               int64_t step, function_ref<void(OpBuilder &, Value)> body);

/// Builds a nest of loops over the first `count` dimensions of `buffer`.
void buildLoopNest(OpBuilder &builder, Location loc, Value buffer,
                   int64_t count, LoopBody body);

/// Calls `body(builder, k, lanes)` for chunks of `lanes` (a power of two)
/// elements, as long as whole ones fit between `begin` and `end`, then with one
/// lane for each element that is left.
void buildChunkLoops(OpBuilder &builder, Location loc, Value begin, Value end,
                     int64_t lanes,
                     function_ref<void(OpBuilder &, Value, int64_t)> body);

/// Loops over the rows of a buffer, which are its dimensions but the last, and
/// within a row. Iterations are independent of each other: all loops of one
/// call are one parallel nest.
class RowLoops {
public:
  /// Loops on behalf of `op` over the rows of `buffer`.
  RowLoops(Operation *op, Value buffer) : loc(op->getLoc()), buffer(buffer) {}

  /// Calls `body(builder, row, k)` for `k` from `begin` to `end` in steps.
  void build(OpBuilder &builder, Value begin, Value end, int64_t step,
             function_ref<void(OpBuilder &, ValueRange, Value)> body) const;

  /// Calls `body(builder, row, k, lanes)` as `buildChunkLoops`.
  void buildChunks(
      OpBuilder &builder, Value begin, Value end, int64_t lanes,
      function_ref<void(OpBuilder &, ValueRange, Value, int64_t)> body) const;

private:
  Location loc;
  Value buffer;
};

/// A number in memory that every iteration needs: loaded once before the loops,
/// or, where code is for a GPU, by each thread, so that the host need not wait.
class InvariantScalar {
public:
  /// Made where `builder` inserts before the loops of `op`. `buffer`, of rank
  /// 0, may be null.
  InvariantScalar(OpBuilder &builder, Operation *op, Value buffer);

  /// The number, inside or outside of the loops; null if there is no buffer.
  Value get(OpBuilder &builder) const;

private:
  Location loc;
  Value buffer, loaded;
};

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Loads `lanes` neighbours along the last dimension: a scalar if `lanes` is 1,
/// else a vector. `row` and `column` make the index of the first.
Value loadLanes(OpBuilder &builder, Location loc, Value buffer, ValueRange row,
                Value column, int64_t lanes);

/// Stores a scalar or vector that `loadLanes` would load.
void storeLanes(OpBuilder &builder, Location loc, Value values, Value buffer,
                ValueRange row, Value column);

/// Returns `scalar`, or a vector of copies if `lanes` is not 1.
Value splat(OpBuilder &builder, Location loc, Value scalar, int64_t lanes);

/// Rotates each group of neighbours in a vector of f32 whose length is a
/// multiple of the rotation's size (N6.2), as mxnum::rotateGroup.
Value rotateGroups(OpBuilder &builder, Location loc, Value values,
                   HadamardAttr rotation, bool inverse);

/// Returns `type`, or vector<`lanes` x `type`> if `lanes` is not 1.
Type getLanesType(Type type, int64_t lanes);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_MXTOLOOPS_H
