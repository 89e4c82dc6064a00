//===- SizeChecks.cpp - sizes that must agree at run time -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Pack/SizeChecks.h"
#include "Pack/PackedParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::mx;

/// "file:line:column: error: expected …", as far as the location is known.
static std::string createMessage(Location loc, const Twine &text) {
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    stream << file.getFilename().getValue() << ':' << file.getLine() << ':'
           << file.getColumn() << ": ";
  stream << "error: expected " << text;
  return message;
}

void mlir::mx::checkSizes(OpBuilder &builder, Location loc, OpFoldResult got,
                          OpFoldResult expected, const Twine &what) {
  if (isEqualConstantIntOrValue(got, expected) ||
      (getConstantIntValue(got) && getConstantIntValue(expected)))
    return;
  Value agree = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq,
      getValueOrCreateConstantIndexOp(builder, loc, got),
      getValueOrCreateConstantIndexOp(builder, loc, expected));
  cf::AssertOp::create(builder, loc, agree,
                       createMessage(loc, what + " to agree"));
}

void mlir::mx::checkMultiple(OpBuilder &builder, Location loc,
                             OpFoldResult size, int64_t divisor,
                             const Twine &what) {
  if (getConstantIntValue(size))
    return;
  Value remainder = arith::RemUIOp::create(
      builder, loc, cast<Value>(size),
      arith::ConstantIndexOp::create(builder, loc, divisor));
  Value divides =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, remainder,
                            arith::ConstantIndexOp::create(builder, loc, 0));
  cf::AssertOp::create(
      builder, loc, divides,
      createMessage(loc, what + " to be a multiple of " + Twine(divisor)));
}

Value mlir::mx::castChecked(OpBuilder &builder, Location loc, Value value,
                            RankedTensorType type, const Twine &what) {
  auto from = cast<RankedTensorType>(value.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!from.isDynamicDim(dim) || type.isDynamicDim(dim))
      continue;
    Value size = tensor::DimOp::create(builder, loc, value, dim);
    checkSizes(builder, loc, size, builder.getIndexAttr(type.getDimSize(dim)),
               what + " and its type");
  }
  return castTo(builder, loc, value, type);
}
