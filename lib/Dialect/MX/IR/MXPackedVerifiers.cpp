//===- MXPackedVerifiers.cpp - what packed operations require -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Packed operations are written by `mx-pack-layouts`, but a test or a broken
// pass can write wrong ones, so their structure is checked all the same.
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Target/KernelRegistry.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Fails unless an operation has one result for each destination on tensors,
/// and none on buffers.
static LogicalResult verifyResults(Operation *op, ValueRange inits) {
  bool onTensors = isa<RankedTensorType>(inits.front().getType());
  for (Type type : op->getOperandTypes())
    if (onTensors ? isa<MemRefType>(type) : isa<RankedTensorType>(type))
      return op->emitOpError("expected operands that are all tensors or all "
                             "memrefs, got a mixture");
  size_t expected = onTensors ? inits.size() : 0;
  if (op->getNumResults() != expected)
    return op->emitOpError("expected ")
           << expected << " results, got " << op->getNumResults();
  for (auto [init, result] : llvm::zip(inits, op->getResults()))
    if (init.getType() != result.getType())
      return op->emitOpError("expected a result of type ")
             << init.getType() << ", got " << result.getType();
  return success();
}

static LogicalResult verifyDestinationCount(Operation *op, ValueRange inits,
                                            size_t expected) {
  if (inits.size() == expected)
    return success();
  return op->emitOpError("expected ")
         << expected << " destinations, got " << inits.size();
}

/// Fails unless `got` has rank `rank`, and the leading dimensions of `like`
/// followed by `last` where those are known.
static LogicalResult verifyRows(Operation *op, StringRef what, Value got,
                                Value like, int64_t last) {
  auto gotType = cast<ShapedType>(got.getType());
  auto likeType = cast<ShapedType>(like.getType());
  SmallVector<int64_t> expected(likeType.getShape());
  if (!expected.empty())
    expected.back() = last;
  if (!expected.empty() &&
      succeeded(verifyCompatibleShape(gotType.getShape(), expected)))
    return success();
  return op->emitOpError("expected ")
         << what << " to fit " << likeType << ", got " << gotType;
}

/// Last dimension of packed bytes, or of scales, for rows of `size` elements.
static int64_t getByteCount(int64_t size, FormatAttr format) {
  if (ShapedType::isDynamic(size))
    return size;
  return mxnum::getPackedBytes(size, format.getElementBits());
}
static int64_t getBlockCount(int64_t size, FormatAttr format) {
  if (ShapedType::isDynamic(size))
    return size;
  return llvm::divideCeilSigned(size, format.getBlock());
}

/// Last dimension of a shaped value, dynamic if it has none.
static int64_t getLastSize(Value value) {
  auto type = cast<ShapedType>(value.getType());
  return type.getRank() == 0 ? ShapedType::kDynamic : type.getShape().back();
}

/// Checks payload and scales against the numbers they encode.
static LogicalResult verifyPackedParts(Operation *op, Value payload,
                                       Value scales, Value numbers,
                                       FormatAttr format) {
  int64_t size = getLastSize(numbers);
  if (failed(verifyRows(op, "a payload", payload, numbers,
                        getByteCount(size, format))))
    return failure();
  return verifyRows(op, "scales", scales, numbers, getBlockCount(size, format));
}

static LogicalResult verifyScaleOperand(Operation *op, FormatAttr format,
                                        bool present) {
  if (format.getTensorScale() == present)
    return success();
  return op->emitOpError("expected ")
         << (present ? "no tensor scale" : "a tensor scale")
         << " for the format " << format << ", got "
         << (present ? "one" : "none");
}

static LogicalResult verifyRule(Operation *op, FormatAttr format,
                                ScaleRule rule, Rounding rounding) {
  if (const char *expected = mxnum::explainInvalidRule(
          format.getBlockFormat(), toNumerics(rule), toNumerics(rounding)))
    return op->emitOpError("expected ")
           << expected << ", got '" << stringifyScaleRule(rule) << "'";
  return success();
}

/// N6.1: the size of a rotation divides the axis.
static LogicalResult verifyRotatedAxis(Operation *op, HadamardAttr rotation,
                                       Value source) {
  int64_t size = getLastSize(source);
  if (ShapedType::isDynamic(size) || size % rotation.getSize() == 0)
    return success();
  return op->emitOpError("expected the last axis to be a multiple of the "
                         "rotation size ")
         << rotation.getSize() << ", got " << size;
}

bool PackedQuantizeOp::canRotate(FormatAttr format, HadamardAttr rotation) {
  int64_t size = rotation.getSize();
  return format.getBlock() % size == 0 &&
         size * format.getElementBits() % 8 == 0;
}

/// Checks a rotation on the way to an encoding.
static LogicalResult verifyRotation(Operation *op, FormatAttr format,
                                    std::optional<HadamardAttr> rotation,
                                    Value source) {
  if (!rotation)
    return success();
  if (!PackedQuantizeOp::canRotate(format, *rotation))
    return op->emitOpError("expected a rotation whose groups divide the block "
                           "and fill whole bytes, got ")
           << *rotation << " for " << format;
  return verifyRotatedAxis(op, *rotation, source);
}

LogicalResult PackedTensorScaleOp::verify() {
  if (!getFormat().getTensorScale())
    return emitOpError("expected a format with a tensor scale, got ")
           << getFormat();
  if (failed(verifyRule(*this, getFormat(), getScaleRule(), getRounding())) ||
      failed(verifyRotation(*this, getFormat(), getRotation(), getSource())))
    return failure();
  return verifyResults(*this, getInits());
}

LogicalResult PackedQuantizeOp::verify() {
  if (failed(verifyDestinationCount(*this, getInits(), 2)) ||
      failed(verifyPackedParts(*this, getInits()[0], getInits()[1], getSource(),
                               getFormat())) ||
      failed(verifyScaleOperand(*this, getFormat(), bool(getTensorScale()))) ||
      failed(verifyRule(*this, getFormat(), getScaleRule(), getRounding())) ||
      failed(verifyRotation(*this, getFormat(), getRotation(), getSource())))
    return failure();
  if ((getRounding() == Rounding::Stochastic) != bool(getSeed()))
    return emitOpError("expected a seed exactly with stochastic rounding, got ")
           << (getSeed() ? "one" : "none");
  if (getRandomBits() < 1 || getRandomBits() > 23)
    return emitOpError("expected random_bits from 1 to 23, got ")
           << static_cast<int32_t>(getRandomBits());
  int64_t rank = cast<ShapedType>(getSource().getType()).getRank();
  auto axis = static_cast<int64_t>(getIndexAxis());
  if (axis < 0 || axis >= rank)
    return emitOpError("expected index_axis from 0 to ")
           << rank - 1 << ", got " << axis;
  return verifyResults(*this, getInits());
}

LogicalResult PackedDequantizeOp::verify() {
  if (failed(verifyPackedParts(*this, getPayload(), getScales(), getInits(),
                               getFormat())) ||
      failed(verifyScaleOperand(*this, getFormat(), bool(getTensorScale()))))
    return failure();
  return verifyResults(*this, getInits());
}

LogicalResult PackedRotateOp::verify() {
  int64_t size = getLastSize(getSource());
  if (failed(
          verifyRows(*this, "a destination", getInits(), getSource(), size)) ||
      failed(verifyRotatedAxis(*this, getRotation(), getSource())))
    return failure();
  return verifyResults(*this, getInits());
}

/// Checks one side of a packed product: one plain operand, or payload and
/// scales with or without tensor scale, as the format demands.
static LogicalResult verifySide(Operation *op, StringRef side,
                                ValueRange operands,
                                std::optional<FormatAttr> format) {
  size_t expected = !format ? 1 : format->getTensorScale() ? 3 : 2;
  if (operands.size() != expected)
    return op->emitOpError("expected ") << expected << " operands for " << side
                                        << ", got " << operands.size();
  auto isElement = [&](Type type) {
    return format ? type.isInteger(8)
                  : type.isF32() || type.isBF16() || type.isF16();
  };
  for (Type type : operands.take_front(format ? 2 : 1).getTypes()) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!isa<RankedTensorType, MemRefType>(type) || shaped.getRank() < 2 ||
        !isSupportedShape(shaped.getShape()) ||
        !isElement(shaped.getElementType()))
      return op->emitOpError("expected ")
             << side << " of " << (format ? "i8" : "f32, bf16 or f16")
             << " with rank 2 or more and at most 2^58 elements, got " << type;
  }
  if (format && failed(verifyRows(op, "scales", operands[1], operands[0],
                                  ShapedType::kDynamic)))
    return failure();
  if (expected < 3)
    return success();
  Type type = operands[2].getType();
  auto scale = dyn_cast<ShapedType>(type);
  if (!isa<RankedTensorType, MemRefType>(type) || scale.getRank() != 0 ||
      !scale.getElementType().isF32())
    return op->emitOpError("expected a tensor scale of f32 with rank 0 for ")
           << side << ", got " << type;
  return success();
}

/// Groups of interleaved rows (N8.7), and of rows in the order of fragments
/// (N8.8).
static int64_t getGroupCount(int64_t rows) {
  static_assert(mxnum::kInterleavedRows == mxnum::kFragmentRows);
  if (ShapedType::isDynamic(rows))
    return rows;
  return llvm::divideCeilSigned(rows, mxnum::kInterleavedRows);
}

/// Fails unless the destination of a product has the rows of `lhs` and a column
/// for each row of `rhs`. Ranks have been checked.
static LogicalResult verifyProductShape(PackedMatmulOp op) {
  auto shapeOf = [](Value value) {
    return cast<ShapedType>(value.getType()).getShape();
  };
  ArrayRef<int64_t> lhs = shapeOf(op.getLhs()[0]),
                    rhs = shapeOf(op.getRhs()[0]);
  ArrayRef<int64_t> init = shapeOf(op.getInits());
  SmallVector<int64_t> expected(lhs.drop_back());
  int64_t columns = init.back(), rows = rhs[rhs.size() - 2];
  bool isGrouped = op.getRhsInterleaved() || op.getRhsFragments();
  expected.push_back(isGrouped ? columns : rows);
  bool agree = succeeded(verifyCompatibleShape(init, expected));
  if (isGrouped)
    agree &= succeeded(verifyCompatibleShape({getGroupCount(columns)}, {rows}));
  if (Value ends = op.getGroupEnds())
    agree &= succeeded(verifyCompatibleShape(shapeOf(ends), rhs.take_front()));
  else
    agree &=
        succeeded(verifyCompatibleShape(lhs.drop_back(2), rhs.drop_back(2)));
  if (agree)
    return success();
  return op.emitOpError("expected sizes that fit each other, got ")
         << op.getLhs()[0].getType() << ", " << op.getRhs()[0].getType()
         << " and " << op.getInits().getType();
}

/// Rows of the right side are interleaved exactly if the kernel wants them so.
static LogicalResult verifyWeightLayout(PackedMatmulOp op) {
  StringRef kernel = op.getKernel().value_or("");
  bool wantsInterleaved = getWeightLayout({kernel.data(), kernel.size()}) ==
                          WeightLayout::Interleaved;
  if (op.getRhsInterleaved() && !op.getRhsFormat())
    return op.emitOpError("expected a block-scaled right side with interleaved "
                          "rows, got ")
           << op.getRhs()[0].getType();
  if (op.getRhsInterleaved() == wantsInterleaved)
    return success();
  return op.emitOpError("expected a right side with ")
         << (wantsInterleaved ? "interleaved" : "canonical")
         << " rows for the kernel '" << kernel << "', got "
         << (wantsInterleaved ? "canonical" : "interleaved") << " ones";
}

/// Fragments (N8.8) are of FP4, for kernels that can read them, in whole lines.
static LogicalResult verifyFragments(PackedMatmulOp op) {
  if (!op.getRhsFragments())
    return success();
  FormatAttr format = op.getRhsFormatAttr();
  StringRef kernel = op.getKernel().value_or("");
  if (getWeightLayout({kernel.data(), kernel.size()}) !=
      WeightLayout::Fragments)
    return op.emitOpError("expected a kernel that reads fragments, got '")
           << kernel << "'";
  if (!format || format.getElement() != mxnum::ElementType::E2M1 ||
      mxnum::kFragmentDepth % format.getBlock() != 0)
    return op.emitOpError("expected fragments of FP4 in blocks that fill 64 "
                          "elements, got ")
           << op.getRhs()[0].getType();
  int64_t line = mxnum::kFragmentRows * mxnum::kFragmentDepth / 2;
  int64_t scaleLine =
      mxnum::kFragmentRows * mxnum::kFragmentDepth / format.getBlock();
  int64_t size = getLastSize(op.getRhs()[0]);
  int64_t scales = getLastSize(op.getRhs()[1]);
  bool isKnown = !ShapedType::isDynamic(size);
  if ((!isKnown || size % line == 0) &&
      (!isKnown || ShapedType::isDynamic(scales) ||
       scales == size / line * scaleLine))
    return success();
  return op.emitOpError("expected lines of '")
         << line << "' bytes of payload and '" << scaleLine
         << "' of scales, got " << op.getRhs()[0].getType() << " and "
         << op.getRhs()[1].getType();
}

LogicalResult PackedMatmulOp::verify() {
  if (failed(verifySide(*this, "lhs", getLhs(), getLhsFormat())) ||
      failed(verifySide(*this, "rhs", getRhs(), getRhsFormat())))
    return failure();
  if (failed(verifyWeightLayout(*this)) || failed(verifyFragments(*this)))
    return failure();
  int64_t lhsRank = cast<ShapedType>(getLhs()[0].getType()).getRank();
  int64_t rhsRank = cast<ShapedType>(getRhs()[0].getType()).getRank();
  int64_t initRank = cast<ShapedType>(getInits().getType()).getRank();
  int64_t expectedRhs = getGroupEnds() ? 3 : lhsRank;
  if (rhsRank != expectedRhs || initRank != lhsRank ||
      (getGroupEnds() && lhsRank != 2))
    return emitOpError("expected matching ranks, got ")
           << lhsRank << ", " << rhsRank << " and " << initRank;
  if (failed(verifyProductShape(*this)))
    return failure();
  return verifyResults(*this, getInits());
}

/// Checks the two sides of packing and unpacking.
static LogicalResult verifyPacking(Operation *op, Value bytes, Value codes,
                                   int64_t bits) {
  if (bits != 4 && bits != 6 && bits != 8)
    return op->emitOpError("expected 4, 6 or 8 bits, got ") << bits;
  int64_t size = getLastSize(codes);
  int64_t expected =
      ShapedType::isDynamic(size) ? size : mxnum::getPackedBytes(size, bits);
  return verifyRows(op, "packed bytes", bytes, codes, expected);
}

LogicalResult PackedUnpackOp::verify() {
  if (failed(verifyPacking(*this, getSource(), getInits(), getBits())))
    return failure();
  return verifyResults(*this, getInits());
}

LogicalResult PackedPackOp::verify() {
  if (failed(verifyPacking(*this, getInits(), getSource(), getBits())))
    return failure();
  return verifyResults(*this, getInits());
}

LogicalResult PackedInterleaveOp::verify() {
  auto source = cast<ShapedType>(getSource().getType());
  auto target = cast<ShapedType>(getInits().getType());
  int64_t unit = getUnit();
  if (unit != 1 && unit != mxnum::kInterleavedUnit)
    return emitOpError("expected a unit of 1 or 4 bytes, got '") << unit << "'";
  if (source.getRank() < 2)
    return emitOpError("expected rows of rank 2 or more, got ") << source;
  ArrayRef<int64_t> shape = source.getShape();
  SmallVector<int64_t> expected(shape.drop_back(2));
  expected.push_back(getGroupCount(shape[shape.size() - 2]));
  expected.push_back(ShapedType::kDynamic);
  bool agree = succeeded(verifyCompatibleShape(target.getShape(), expected));
  // What a row needs at least, and whole lines.
  int64_t line = unit * mxnum::kInterleavedRows;
  int64_t bytes = shape.back(), size = getLastSize(getInits());
  if (agree && !ShapedType::isDynamic(size))
    agree = size % line == 0 && (ShapedType::isDynamic(bytes) ||
                                 bytes <= size / mxnum::kInterleavedRows);
  if (!agree)
    return emitOpError("expected lines of '")
           << line << "' bytes that hold the rows of " << source << ", got "
           << target;
  return verifyResults(*this, getInits());
}

LogicalResult PackedTileScalesOp::verify() {
  if (failed(verifyScaleTiles(*this, cast<ShapedType>(getSource().getType()),
                              cast<ShapedType>(getInits().getType()))))
    return failure();
  return verifyResults(*this, getInits());
}

LogicalResult PackedUntileScalesOp::verify() {
  if (failed(verifyScaleTiles(*this, cast<ShapedType>(getInits().getType()),
                              cast<ShapedType>(getSource().getType()))))
    return failure();
  return verifyResults(*this, getInits());
}
