//===- ProtectArguments.cpp - arguments of public functions ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A library that changes what it was given surprises its callers: the second
// call with the same array would give another result.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_PROTECTARGUMENTSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using bufferization::BufferizationDialect;

namespace {

struct ProtectArgumentsPass
    : public mx::impl::ProtectArgumentsPassBase<ProtectArgumentsPass> {
  void runOnOperation() override {
    auto readOnly = BoolAttr::get(&getContext(), false);
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function.isPublic() || function.isExternal())
        continue;
      for (BlockArgument argument : function.getArguments())
        if (isa<TensorType>(argument.getType()))
          function.setArgAttr(argument.getArgNumber(),
                              BufferizationDialect::kWritableAttrName,
                              readOnly);
    }
  }
};

} // namespace
