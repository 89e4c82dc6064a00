//===- RequireBlockSizes.cpp - kernels run in blocks they know ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What a kernel knows of its block (`known_block_size`) arrives from upstream's
// lowering as the most threads that a block may have. It is what a block must
// have: as such the driver refuses any other, and ptxas obeys
// `nvvm.setmaxregister`.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/DeviceCode/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_REQUIREBLOCKSIZESPASS
#include "mx/DeviceCode/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// gpu.known_block_size = S, nvvm.maxntid = S  ⇒  nvvm.reqntid = S
static void requireBlockSize(LLVM::LLVMFuncOp kernel) {
  StringRef mostName = NVVM::NVVMDialect::getMaxntidAttrName();
  Attribute known = kernel->getAttr("gpu.known_block_size");
  if (!known || known != kernel->getAttr(mostName))
    return;
  kernel->removeAttr(mostName);
  kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), known);
}

namespace {

struct RequireBlockSizesPass
    : mx::impl::RequireBlockSizesPassBase<RequireBlockSizesPass> {
  void runOnOperation() override {
    getOperation().walk(requireBlockSize);
    markAllAnalysesPreserved();
  }
};

} // namespace
