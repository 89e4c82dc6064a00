//===- LaneBuilder.cpp - arith on scalars and vectors alike ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Constants and width changes; the operations themselves are in the header.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/LaneBuilder.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mx;

Value LaneBuilder::splat(TypedAttr value) const {
  if (shape)
    value = DenseElementsAttr::get(cast<ShapedType>(getType(value.getType())),
                                   Attribute(value));
  return arith::ConstantOp::create(builder, loc, value);
}

Value LaneBuilder::resize(unsigned width, Value value) const {
  unsigned current =
      getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
  if (current < width)
    return arith::ExtUIOp::create(builder, loc, getInteger(width), value);
  if (current > width)
    return arith::TruncIOp::create(builder, loc, getInteger(width), value);
  return value;
}
