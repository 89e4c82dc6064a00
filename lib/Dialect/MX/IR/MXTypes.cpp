//===- MXTypes.cpp - the block-scaled tensor type -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Syntax, verification and the types of a value's parts.
//===----------------------------------------------------------------------===//

#include "ShapeText.h"
#include "mlir/IR/DialectImplementation.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

#define GET_TYPEDEF_CLASSES
#include "mx/Dialect/MX/IR/MXTypes.cpp.inc"

void MXDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "mx/Dialect/MX/IR/MXTypes.cpp.inc"
      >();
}

/// Highest rank of a block-scaled tensor, as of the plain tensors around it.
static constexpr int64_t maxRank = 8;

/// Upper limit on the number of elements, so that bit and byte counts of any
/// static shape fit an int64_t.
static constexpr int64_t maxElements = int64_t(1) << 58;

bool mlir::mx::isSupportedShape(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size) || size == 0)
      continue;
    if (llvm::MulOverflow(count, size, count) || count > maxElements)
      return false;
  }
  return true;
}

static LogicalResult
verifyElementCount(function_ref<InFlightDiagnostic()> emitError,
                   ArrayRef<int64_t> shape) {
  if (isSupportedShape(shape))
    return success();
  return emitError() << "expected at most 2^58 elements, got the shape "
                     << formatShape(shape);
}

static LogicalResult
verifyRotation(function_ref<InFlightDiagnostic()> emitError,
               ArrayRef<int64_t> shape, int64_t axis, HadamardAttr rotation) {
  if (!rotation || ShapedType::isDynamic(shape[axis]) ||
      shape[axis] % rotation.getSize() == 0)
    return success();
  return emitError() << "expected the blocked axis (" << axis
                     << ") to be a multiple of the rotation size "
                     << rotation.getSize() << ", got " << shape[axis];
}

LogicalResult
BlockTensorType::verify(function_ref<InFlightDiagnostic()> emitError,
                        ArrayRef<int64_t> shape, FormatAttr format,
                        int64_t axis, HadamardAttr rotation) {
  int64_t rank = shape.size();
  if (rank < 1 || rank > maxRank)
    return emitError() << "expected a rank from 1 to " << maxRank << ", got "
                       << rank;
  if (axis < 0 || axis >= rank)
    return emitError() << "expected the blocked axis to be from 0 to "
                       << rank - 1 << ", got " << axis;
  if (failed(verifyElementCount(emitError, shape)))
    return failure();
  return verifyRotation(emitError, shape, axis, rotation);
}

//===----------------------------------------------------------------------===//
// Syntax: <128x4096, mxfp4, axis = 1, rotation = hadamard<32>>
//===----------------------------------------------------------------------===//

Type BlockTensorType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> shape;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/true,
                                /*withTrailingX=*/false) ||
      parser.parseComma())
    return {};
  FailureOr<FormatAttr> format = FormatAttr::parseNested(parser);
  int64_t axis;
  if (failed(format) || parser.parseComma() || parser.parseKeyword("axis") ||
      parser.parseEqual() || parser.parseInteger(axis))
    return {};
  HadamardAttr rotation;
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("rotation") || parser.parseEqual() ||
        parser.parseKeyword("hadamard"))
      return {};
    rotation = dyn_cast_or_null<HadamardAttr>(HadamardAttr::parse(parser, {}));
    if (!rotation)
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BlockTensorType>(loc, parser.getContext(),
                                            ArrayRef<int64_t>(shape), *format,
                                            axis, rotation);
}

void BlockTensorType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  printer << ", ";
  getFormat().printNested(printer);
  printer << ", axis = " << getAxis();
  if (getRotation()) {
    printer << ", rotation = hadamard";
    getRotation().print(printer);
  }
  printer << '>';
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

RankedTensorType BlockTensorType::getPayloadType() const {
  return RankedTensorType::get(getShape(), getFormat().getElementFloatType());
}

RankedTensorType BlockTensorType::getPackedPayloadType() const {
  SmallVector<int64_t> shape(getShape());
  if (!ShapedType::isDynamic(shape.back()))
    shape.back() =
        mxnum::getPackedBytes(shape.back(), getFormat().getElementBits());
  return RankedTensorType::get(shape, IntegerType::get(getContext(), 8));
}

/// The shape of the scales: one for each block (N1.6).
static SmallVector<int64_t> getScalesShape(BlockTensorType type) {
  SmallVector<int64_t> shape(type.getShape());
  int64_t &size = shape[type.getAxis()];
  if (!ShapedType::isDynamic(size))
    size = llvm::divideCeilSigned(size, type.getFormat().getBlock());
  return shape;
}

RankedTensorType BlockTensorType::getScalesType() const {
  return RankedTensorType::get(getScalesShape(*this),
                               getFormat().getScaleFloatType());
}

RankedTensorType BlockTensorType::getPackedScalesType() const {
  return RankedTensorType::get(getScalesShape(*this),
                               IntegerType::get(getContext(), 8));
}

RankedTensorType BlockTensorType::getTensorScaleType() const {
  return RankedTensorType::get({}, Float32Type::get(getContext()));
}

BlockTensorType BlockTensorType::cloneWith(ArrayRef<int64_t> shape,
                                           int64_t axis) const {
  return BlockTensorType::get(shape, getFormat(), axis, getRotation());
}
