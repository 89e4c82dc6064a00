//===- Import.h - the parts of mx-import ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Matching comes first and touches nothing; it ends in values of the types
// below or in a reason. Building comes second and cannot fail. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_IMPORT_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_IMPORT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// What became of an operation, for the remark: the operation that stands in
/// its place, or why it was left.
class ImportReport {
public:
  /// Records why the operation was left.
  LogicalResult miss(const Twine &reason) {
    text = reason.str();
    return failure();
  }
  /// Records what the operation became.
  LogicalResult pass(const Twine &became) {
    text = became.str();
    return success();
  }
  StringRef getText() const { return text; }

private:
  std::string text;
};

/// "'f32'".
std::string quote(Type type);

/// Whether `op` is one of TOSA's block-scaled operations.
bool isTosaBlockScaled(Operation *op);

/// Replaces an operation for which `isTosaBlockScaled`, or says why not.
LogicalResult importTosa(Operation *op, RewriterBase &rewriter,
                         ImportReport &report);

/// Replaces a `linalg.generic` that contracts scaled operands, or says why not.
LogicalResult importContraction(linalg::GenericOp op, RewriterBase &rewriter,
                                ImportReport &report);

/// Replaces an element-wise `linalg.generic` that scales, or says why not.
LogicalResult importDequantize(linalg::GenericOp op, RewriterBase &rewriter,
                               ImportReport &report);

/// One side of a product or the source of a conversion: a payload with its
/// scales, or plain numbers.
struct ImportParts {
  /// The payload or the plain numbers.
  Value payload;
  /// Null for plain numbers.
  Value scales;
  /// The type that payload and scales make; null for plain numbers.
  BlockTensorType type;
  /// Whether the contracted dimension of `payload` is two, k-block and
  /// k-in-block.
  bool blocksApart = false;
};

/// Returns the format of payload and scales of the given element types, or says
/// why there is none.
FailureOr<FormatAttr> getImportFormat(Type element, Type scale, int64_t block,
                                      ImportReport &report);

/// Returns the type of a payload of `shape`, or says why there is none, or why
/// `scales`, unless null, are not its scales.
FailureOr<BlockTensorType> getImportType(Location loc, ArrayRef<int64_t> shape,
                                         FormatAttr format, int64_t axis,
                                         RankedTensorType scales,
                                         ImportReport &report);

/// Returns `value` with dimensions `first` … `last` joined.
Value joinDimensions(RewriterBase &rewriter, Location loc, Value value,
                     int64_t first, int64_t last);

/// The inverse: returns `value` with dimension `first` split into `first` …
/// `last` of `like`, whose sizes it has then.
Value splitDimension(RewriterBase &rewriter, Location loc, Value value,
                     int64_t first, int64_t last, Value like);

/// Returns `value` as `type`, which differs at most in what it says about
/// sizes.
Value castResult(RewriterBase &rewriter, Location loc, Value value, Type type);

/// Makes one value of payload and scales. A bundle of what an unbundle gave
/// folds to its source.
Value bundleParts(RewriterBase &rewriter, Location loc,
                  const ImportParts &parts);

/// Makes `mx.matmul`. With `oneRhs`, every batch of `lhs` meets the one matrix
/// of `rhs`: the batches are joined with the rows, and split again afterwards.
Value buildMatmul(RewriterBase &rewriter, Location loc, const ImportParts &lhs,
                  const ImportParts &rhs, Value init, bool oneRhs);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_IMPORT_H
