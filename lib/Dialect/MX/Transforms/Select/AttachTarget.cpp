//===- AttachTarget.cpp - say which machine code is generated for ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Writes #mx.target on the module, from where selection and code generation
// read it.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_ATTACHTARGETPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

struct AttachTargetPass
    : public mx::impl::AttachTargetPassBase<AttachTargetPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (module->hasAttr("mx.target"))
      return;
    auto emitError = [&] { return module.emitError(); };
    auto target =
        TargetAttr::getChecked(emitError, &getContext(), StringRef(kind),
                               StringRef(chip), StringRef(features));
    if (!target)
      return signalPassFailure();
    module->setAttr("mx.target", target);
  }
};

} // namespace
