//===- HostBooks.cpp - what bufferisation adds to free buffers ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/HostBooks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mx;

bool mx::isDeallocator(StringRef name, FunctionType type) {
  auto isListType = [](Type type) {
    auto list = dyn_cast<MemRefType>(type);
    return list && list.getRank() == 1 && list.isDynamicDim(0) &&
           (list.getElementType().isIndex() ||
            list.getElementType().isInteger(1));
  };
  return name.starts_with("dealloc_helper") && type.getNumResults() == 0 &&
         type.getNumInputs() != 0 && llvm::all_of(type.getInputs(), isListType);
}

static bool isComparison(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  return call && isDeallocator(call.getCallee(), call.getCalleeType());
}

/// Whether `buffer` is one of these lists.
static bool isList(Value buffer) {
  auto alloc = buffer.getDefiningOp<memref::AllocOp>();
  return alloc && llvm::any_of(alloc->getUsers(), [](Operation *user) {
           return isa<memref::CastOp>(user) &&
                  llvm::any_of(user->getUsers(), isComparison);
         });
}

bool mx::keepsBooks(Operation *op) {
  if (isa<memref::AllocOp>(op))
    return isList(op->getResult(0));
  return isComparison(op) ||
         (isa<memref::LoadOp, memref::StoreOp, memref::DeallocOp>(op) &&
          llvm::any_of(op->getOperands(), isList));
}
