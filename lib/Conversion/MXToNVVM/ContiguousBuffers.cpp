//===- ContiguousBuffers.cpp - operands without gaps ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ContiguousBuffers.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::mx;

bool mx::isContiguous(MemRefType buffer) {
  return buffer.getLayout().isIdentity();
}

/// A copy of `view`, which lives as long as `op` needs it.
static Value createCopy(PackedMatmulOp op, Value view) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto type = cast<MemRefType>(view.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(builder, loc, view, dim));
  auto plain = MemRefType::get(type.getShape(), type.getElementType());
  Value copy = memref::AllocOp::create(builder, loc, plain, sizes);
  memref::CopyOp::create(builder, loc, view, copy);
  builder.setInsertionPointAfter(op);
  if (view == op.getInits())
    memref::CopyOp::create(builder, loc, copy, view);
  memref::DeallocOp::create(builder, loc, copy);
  return copy;
}

void mx::makeContiguous(PackedMatmulOp op) {
  llvm::SmallDenseMap<Value, Value> copies;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || isContiguous(type))
      continue;
    Value &copy = copies[operand.get()];
    if (!copy) {
      copy = createCopy(op, operand.get());
      remark::missed(op.getLoc(),
                     remark::RemarkOpts::name("copy").category("mx-to-nvvm"))
          << "copies an operand, because its rows do not lie one after the "
             "other";
    }
    operand.set(copy);
  }
}
