//===- MXVerifiers.cpp - what graph operations require --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One message for each clause; test/Dialect/MX/*-invalid.mlir triggers each.
//===----------------------------------------------------------------------===//

#include "ShapeText.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "llvm/Support/ConvertUTF.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

/// Fails unless the static parts of two shapes agree.
static LogicalResult verifyShape(Operation *op, StringRef what,
                                 ArrayRef<int64_t> got,
                                 ArrayRef<int64_t> expected) {
  if (succeeded(verifyCompatibleShape(got, expected)))
    return success();
  return op->emitOpError("expected ")
         << what << " of shape " << formatShape(expected) << ", got "
         << formatShape(got);
}

/// Fails unless `type` is one of the two forms of a part: elements, or bytes.
static LogicalResult verifyPart(Operation *op, StringRef what,
                                RankedTensorType type,
                                RankedTensorType elements,
                                RankedTensorType bytes) {
  if (type.getElementType() != elements.getElementType() &&
      !type.getElementType().isInteger(8))
    return op->emitOpError("expected ")
           << what << " of " << elements.getElementType() << " or 'i8', got "
           << type.getElementType();
  RankedTensorType expected =
      type.getElementType().isInteger(8) ? bytes : elements;
  return verifyShape(op, what, type.getShape(), expected.getShape());
}

static LogicalResult verifyTensorScale(Operation *op, FormatAttr format,
                                       bool present) {
  if (format.getTensorScale() == present)
    return success();
  if (present)
    return op->emitOpError("expected no tensor scale, because the format has "
                           "none, got one");
  return op->emitOpError("expected a tensor scale, because the format has one, "
                         "got none");
}

/// The checks that `mx.bundle` and `mx.unbundle` share.
static LogicalResult verifyParts(Operation *op, BlockTensorType type,
                                 RankedTensorType payload,
                                 RankedTensorType scales, bool hasTensorScale) {
  if (failed(verifyPart(op, "a payload", payload, type.getPayloadType(),
                        type.getPackedPayloadType())) ||
      failed(verifyPart(op, "scales", scales, type.getScalesType(),
                        type.getPackedScalesType())))
    return failure();
  return verifyTensorScale(op, type.getFormat(), hasTensorScale);
}

//===----------------------------------------------------------------------===//
// Making and taking apart
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::verify() {
  BlockTensorType type = getResult().getType();
  if (!type.hasStaticShape())
    return emitOpError("expected a static shape, got ") << type;
  auto check = [&](ElementsAttr part, RankedTensorType expected,
                   StringRef what) -> LogicalResult {
    if (part.getShapedType() != expected)
      return emitOpError("expected ") << what << " of type " << expected
                                      << ", got " << part.getShapedType();
    auto resource = dyn_cast<DenseResourceElementsAttr>(part);
    if (!resource || !resource.getRawHandle().getBlob())
      return success();
    int64_t bytes = resource.getRawHandle().getBlob()->getData().size();
    if (bytes != expected.getNumElements())
      return emitOpError("expected ")
             << what << " of " << expected.getNumElements() << " bytes, got "
             << bytes;
    return success();
  };
  if (failed(check(getValue().getPayload(), type.getPackedPayloadType(),
                   "a payload")) ||
      failed(
          check(getValue().getScales(), type.getPackedScalesType(), "scales")))
    return failure();
  return verifyTensorScale(*this, type.getFormat(),
                           bool(getValue().getTensorScale()));
}

LogicalResult BundleOp::verify() {
  return verifyParts(*this, getResult().getType(),
                     cast<RankedTensorType>(getPayload().getType()),
                     cast<RankedTensorType>(getScales().getType()),
                     bool(getTensorScale()));
}

LogicalResult UnbundleOp::verify() {
  return verifyParts(*this, getSource().getType(),
                     cast<RankedTensorType>(getPayload().getType()),
                     cast<RankedTensorType>(getScales().getType()),
                     bool(getTensorScale()));
}

//===----------------------------------------------------------------------===//
// Encoding and decoding
//===----------------------------------------------------------------------===//

/// Checks of `mx.quantize` that concern randomness (N5.1).
static LogicalResult verifyRandomness(QuantizeOp op) {
  bool stochastic = op.getRounding() == Rounding::Stochastic;
  if (stochastic && !op.getSeed())
    return op.emitOpError("expected a seed with stochastic rounding, got none");
  if (!stochastic && op.getSeed())
    return op.emitOpError(
        "expected no seed with nearest_even rounding, got one");
  if (op.getRandomBits() < 1 || op.getRandomBits() > 23)
    return op.emitOpError("expected random_bits from 1 to 23, got ")
           << static_cast<int32_t>(op.getRandomBits());
  return success();
}

LogicalResult QuantizeOp::verify() {
  BlockTensorType type = getResult().getType();
  auto source = cast<RankedTensorType>(getSource().getType());
  if (failed(
          verifyShape(*this, "a result", type.getShape(), source.getShape())))
    return failure();
  FormatAttr format = type.getFormat();
  if (const char *expected = mxnum::explainInvalidRule(
          format.getBlockFormat(), toNumerics(getScaleRule()),
          toNumerics(getRounding())))
    return emitOpError("expected ")
           << expected << ", got '" << stringifyScaleRule(getScaleRule())
           << "'";
  if (getTensorScale() && !format.getTensorScale())
    return emitOpError("expected no tensor scale, because the format has "
                       "none, got one");
  if (getTensorScale() && getScaleRule() == ScaleRule::Abs3)
    return emitOpError("expected no tensor scale with the rule 'abs3', which "
                       "fixes it to 1/3, got one");
  if (getRotate() && !type.getRotation())
    return emitOpError("expected a result type with a rotation, because "
                       "'rotate' is set, got ")
           << type;
  return verifyRandomness(*this);
}

LogicalResult DequantizeOp::verify() {
  return verifyShape(*this, "a result",
                     cast<RankedTensorType>(getResult().getType()).getShape(),
                     getSource().getType().getShape());
}

LogicalResult RotateOp::verify() {
  auto type = cast<RankedTensorType>(getSource().getType());
  auto axis = static_cast<int64_t>(getAxis());
  if (axis < 0 || axis >= type.getRank())
    return emitOpError("expected an axis from 0 to ")
           << type.getRank() - 1 << ", got " << axis;
  int64_t size = type.getDimSize(axis);
  if (!ShapedType::isDynamic(size) && size % getRotation().getSize() != 0)
    return emitOpError("expected the rotated axis (")
           << axis << ") to be a multiple of the rotation size "
           << getRotation().getSize() << ", got " << size;
  return success();
}

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() { return success(); }

LogicalResult ReshapeOp::verify() {
  BlockTensorType source = getSource().getType();
  BlockTensorType result = getResult().getType();
  if (source.getFormat() != result.getFormat() ||
      source.getRotation() != result.getRotation())
    return emitOpError("expected the same format and rotation on both sides, "
                       "got ")
           << source << " and " << result;
  if (!source.isLastAxisBlocked() || !result.isLastAxisBlocked())
    return emitOpError("expected the last axis to be the blocked one on both "
                       "sides, got ")
           << source << " and " << result;
  if (!source.hasStaticShape() || !result.hasStaticShape())
    return emitOpError("expected static shapes, got ")
           << source << " and " << result;
  if (source.getShape().back() != result.getShape().back())
    return emitOpError("expected the blocked axis to keep its size ")
           << source.getShape().back() << ", got " << result.getShape().back();
  int64_t sourceRows =
      ShapedType::getNumElements(source.getShape().drop_back());
  int64_t resultRows =
      ShapedType::getNumElements(result.getShape().drop_back());
  if (sourceRows != resultRows)
    return emitOpError("expected ")
           << sourceRows << " rows in the result, got " << resultRows;
  return success();
}

//===----------------------------------------------------------------------===//
// Multiplying
//===----------------------------------------------------------------------===//

/// Shape of either kind of operand.
static ArrayRef<int64_t> getOperandShape(Type type) {
  if (auto block = dyn_cast<BlockTensorType>(type))
    return block.getShape();
  return cast<RankedTensorType>(type).getShape();
}

static HadamardAttr getRotation(Type type) {
  auto block = dyn_cast<BlockTensorType>(type);
  return block ? block.getRotation() : HadamardAttr();
}

/// Checks of a product that do not concern its shape.
static LogicalResult verifyProduct(Operation *op, Type lhs, Type rhs) {
  auto lhsBlock = dyn_cast<BlockTensorType>(lhs);
  auto rhsBlock = dyn_cast<BlockTensorType>(rhs);
  for (BlockTensorType block : {lhsBlock, rhsBlock})
    if (block && !block.isLastAxisBlocked())
      return op->emitOpError("expected operands blocked along their last axis "
                             "(the contracted one), got ")
             << block;
  // A plain side carries no mark, so its rotation cannot be checked.
  if (lhsBlock && rhsBlock && getRotation(lhs) != getRotation(rhs))
    return op->emitOpError("expected the same rotation on both sides, got ")
           << lhs << " and " << rhs;
  return success();
}

/// Fails unless two sizes agree where both are known.
static LogicalResult verifySize(Operation *op, StringRef what, int64_t got,
                                int64_t expected) {
  if (ShapedType::isDynamic(got) || ShapedType::isDynamic(expected) ||
      got == expected)
    return success();
  return op->emitOpError("expected ")
         << what << " " << expected << ", got " << got;
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> lhs = getOperandShape(getLhs().getType());
  ArrayRef<int64_t> rhs = getOperandShape(getRhs().getType());
  ArrayRef<int64_t> init = getOperandShape(getInit().getType());
  if (failed(verifyProduct(*this, getLhs().getType(), getRhs().getType())))
    return failure();
  size_t rank = lhs.size();
  if (rank < 2 || rhs.size() != rank || init.size() != rank)
    return emitOpError("expected operands of the same rank, 2 or more, got ")
           << lhs.size() << ", " << rhs.size() << " and " << init.size();
  for (size_t dim = 0; dim + 2 < rank; ++dim)
    if (failed(verifySize(*this, "the same batch size on both sides,", rhs[dim],
                          lhs[dim])) ||
        failed(
            verifySize(*this, "a result of batch size", init[dim], lhs[dim])))
      return failure();
  if (failed(
          verifySize(*this, "a contracted size of", rhs.back(), lhs.back())) ||
      failed(verifySize(*this, "a result with a row count of", init[rank - 2],
                        lhs[rank - 2])))
    return failure();
  return verifySize(*this, "a result with a column count of", init[rank - 1],
                    rhs[rank - 2]);
}

LogicalResult GroupedMatmulOp::verify() {
  ArrayRef<int64_t> lhs = getOperandShape(getLhs().getType());
  ArrayRef<int64_t> rhs = getOperandShape(getRhs().getType());
  ArrayRef<int64_t> init = getOperandShape(getInit().getType());
  if (failed(verifyProduct(*this, getLhs().getType(), getRhs().getType())))
    return failure();
  if (lhs.size() != 2 || rhs.size() != 3 || init.size() != 2)
    return emitOpError("expected operands of rank 2, 3 and 2, got ")
           << lhs.size() << ", " << rhs.size() << " and " << init.size();
  int64_t experts =
      cast<RankedTensorType>(getGroupEnds().getType()).getDimSize(0);
  if (failed(verifySize(*this, "one group end for each expert,", experts,
                        rhs[0])) ||
      failed(verifySize(*this, "a contracted size of", rhs[2], lhs[1])) ||
      failed(
          verifySize(*this, "a result with a row count of", init[0], lhs[0])))
    return failure();
  return verifySize(*this, "a result with a column count of", init[1], rhs[1]);
}

//===----------------------------------------------------------------------===//
// Observing
//===----------------------------------------------------------------------===//

/// Whether a name can stand in a calibration file, and end with a NUL on its
/// way there.
static bool isSiteName(StringRef name) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(name.begin());
  const auto *end = reinterpret_cast<const llvm::UTF8 *>(name.end());
  return !name.empty() && !name.contains('\0') &&
         llvm::isLegalUTF8String(&begin, end);
}

LogicalResult RecordOp::verify() {
  if (getSites().empty())
    return emitOpError("expected at least one site, got none");
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute site : getSites()) {
    if (!isSiteName(cast<StringAttr>(site)))
      return emitOpError("expected names of sites in UTF-8, got ") << site;
    if (!seen.insert(site).second)
      return emitOpError("expected each site once, got ") << site << " twice";
  }
  if (static_cast<int64_t>(getMaxRows()) < 1)
    return emitOpError("expected max_rows of at least 1, got ")
           << static_cast<int64_t>(getMaxRows());
  return success();
}
