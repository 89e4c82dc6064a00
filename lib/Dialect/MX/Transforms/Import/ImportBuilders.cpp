//===- ImportBuilders.cpp - make mx operations of loose parts -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the importers of TOSA and linalg share: which format two element types
// make, and how payloads, scales and plain numbers become the operands of
// mx.matmul.
//===----------------------------------------------------------------------===//

#include "Import/Import.h"
#include "Pack/SizeChecks.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::mx;

std::string mlir::mx::quote(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << '\'' << type << '\'';
  return text;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

FailureOr<FormatAttr> mlir::mx::getImportFormat(Type element, Type scale,
                                                int64_t block,
                                                ImportReport &report) {
  std::optional<mxnum::ElementType> elementType = getElementType(element);
  if (!elementType)
    return report.miss("expected elements of a block-scaled format, got " +
                       quote(element));
  mxnum::BlockFormat format{*elementType, mxnum::ScaleType::E8M0, block,
                            /*tensorScale=*/false};
  if (isa<Float8E4M3FNType>(scale))
    format.scale = mxnum::ScaleType::UE4M3;
  else if (!isa<Float8E8M0FNUType>(scale))
    return report.miss("expected scales of 'f8E8M0FNU' or 'f8E4M3FN', got " +
                       quote(scale));
  if (const char *expected = mxnum::explainInvalidFormat(format))
    return report.miss(Twine("expected ") + expected + ", got a block of " +
                       Twine(block) + " elements of " + quote(element));
  return FormatAttr::get(element.getContext(), format);
}

FailureOr<BlockTensorType>
mlir::mx::getImportType(Location loc, ArrayRef<int64_t> shape,
                        FormatAttr format, int64_t axis,
                        RankedTensorType scales, ImportReport &report) {
  // The type's own verifier knows its limits; its diagnostic is the reason.
  BlockTensorType type;
  {
    ScopedDiagnosticHandler handler(loc.getContext(), [&](Diagnostic &error) {
      (void)report.miss(error.str());
      return success();
    });
    type = BlockTensorType::getChecked([&] { return emitError(loc); },
                                       loc.getContext(), shape, format, axis,
                                       HadamardAttr());
  }
  if (!type)
    return failure();
  RankedTensorType expected = type.getScalesType();
  if (scales &&
      failed(verifyCompatibleShape(scales.getShape(), expected.getShape())))
    return report.miss("expected scales of type " + quote(expected) + ", got " +
                       quote(scales));
  return type;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

/// One group for each dimension, but one for all of `first` … `last`.
static SmallVector<ReassociationIndices> getJoin(int64_t rank, int64_t first,
                                                 int64_t last) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim > first && dim <= last)
      groups.back().push_back(dim);
    else
      groups.push_back({dim});
  }
  return groups;
}

Value mlir::mx::joinDimensions(RewriterBase &rewriter, Location loc,
                               Value value, int64_t first, int64_t last) {
  if (first == last)
    return value;
  return rewriter.createOrFold<tensor::CollapseShapeOp>(
      loc, value, getJoin(getRank(value), first, last));
}

Value mlir::mx::splitDimension(RewriterBase &rewriter, Location loc,
                               Value value, int64_t first, int64_t last,
                               Value like) {
  if (first == last)
    return value;
  auto shape = cast<RankedTensorType>(like.getType()).getShape();
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  return tensor::ExpandShapeOp::create(
      rewriter, loc, type, value, getJoin(shape.size(), first, last),
      tensor::getMixedSizes(rewriter, loc, like));
}

Value mlir::mx::castResult(RewriterBase &rewriter, Location loc, Value value,
                           Type type) {
  if (value.getType() == type)
    return value;
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked)
    return tensor::CastOp::create(rewriter, loc, type, value);
  return castChecked(rewriter, loc, value, ranked, "the result");
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// The payload with its contracted dimension in one piece.
static Value joinBlocks(RewriterBase &rewriter, Location loc,
                        const ImportParts &parts) {
  if (!parts.blocksApart)
    return parts.payload;
  int64_t axis = parts.type ? parts.type.getAxis() : getRank(parts.payload) - 2;
  return joinDimensions(rewriter, loc, parts.payload, axis, axis + 1);
}

Value mlir::mx::bundleParts(RewriterBase &rewriter, Location loc,
                            const ImportParts &parts) {
  return rewriter.createOrFold<BundleOp>(
      loc, parts.type, joinBlocks(rewriter, loc, parts), parts.scales, Value());
}

/// An operand of mx.matmul: one value, or plain numbers.
static Value buildOperand(RewriterBase &rewriter, Location loc,
                          const ImportParts &parts) {
  return parts.type ? bundleParts(rewriter, loc, parts)
                    : joinBlocks(rewriter, loc, parts);
}

/// Joins all dimensions but the last.
static Value joinRows(RewriterBase &rewriter, Location loc, Value value) {
  return joinDimensions(rewriter, loc, value, 0, getRank(value) - 2);
}

/// An operand of mx.matmul whose batches and rows are one dimension.
static Value buildFlatOperand(RewriterBase &rewriter, Location loc,
                              const ImportParts &parts) {
  if (!parts.type)
    return joinRows(rewriter, loc, joinBlocks(rewriter, loc, parts));
  ArrayRef<int64_t> shape = parts.type.getShape();
  if (shape.size() == 2)
    return bundleParts(rewriter, loc, parts);
  int64_t rows = ShapedType::isDynamicShape(shape.drop_back())
                     ? ShapedType::kDynamic
                     : ShapedType::getNumElements(shape.drop_back());
  BlockTensorType flat = parts.type.cloneWith({rows, shape.back()}, 1);
  // mx.reshape keeps the value whole, but wants static shapes.
  if (parts.type.hasStaticShape())
    return ReshapeOp::create(rewriter, loc, flat,
                             bundleParts(rewriter, loc, parts));
  Value payload = joinRows(rewriter, loc, joinBlocks(rewriter, loc, parts));
  return bundleParts(rewriter, loc,
                     {payload, joinRows(rewriter, loc, parts.scales), flat});
}

Value mlir::mx::buildMatmul(RewriterBase &rewriter, Location loc,
                            const ImportParts &lhs, const ImportParts &rhs,
                            Value init, bool oneRhs) {
  auto build = [&](Value left, Value right, Value into) -> Value {
    return MatmulOp::create(rewriter, loc, into.getType(), left, right, into,
                            StringAttr());
  };
  if (!oneRhs)
    return build(buildOperand(rewriter, loc, lhs),
                 buildOperand(rewriter, loc, rhs), init);
  Value product = build(buildFlatOperand(rewriter, loc, lhs),
                        buildFlatOperand(rewriter, loc, rhs),
                        joinRows(rewriter, loc, init));
  return splitDimension(rewriter, loc, product, 0, getRank(init) - 2, init);
}
