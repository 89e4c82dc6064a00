//===- GPUToRuntime.cpp - host code that calls the runtime ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-gpu-to-runtime`: the other side of the fork at
// `convert-nvvm-to-simulator`. Device modules stay as they are, to become the
// image that the runtime loads.
//===----------------------------------------------------------------------===//

#include "GPUToRuntime.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Conversion/HostBooks.h"
#include "mx/Conversion/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTGPUTORUNTIMEPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// Whether `op` passes buffers on and touches nothing in them.
static bool handsOn(Operation *op) {
  auto isBuffer = [](Type type) { return isa<BaseMemRefType>(type); };
  bool hasBuffers = llvm::any_of(op->getOperandTypes(), isBuffer) ||
                    llvm::any_of(op->getResultTypes(), isBuffer);
  return !hasBuffers || isPure(op) || op->hasTrait<OpTrait::IsTerminator>() ||
         isa<RegionBranchOpInterface>(op);
}

static LogicalResult convertCall(func::CallOp op, RuntimeCalls &calls) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee.isDeclaration())
    return success();
  return op.getCallee() == kEncodeTensorMap ? convertTensorMap(op, calls)
                                            : convertForeignCall(op, calls);
}

static LogicalResult convertOperation(Operation *op, RuntimeCalls &calls) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](memref::AllocOp op) { return convertAlloc(op, calls); })
      .Case([&](memref::DeallocOp op) { return convertDealloc(op, calls); })
      .Case([&](memref::GetGlobalOp op) { return convertGetGlobal(op, calls); })
      .Case([&](memref::LoadOp op) { return convertLoad(op, calls); })
      .Case([&](memref::CopyOp op) {
        return convertCopy(op, op.getSource(), op.getTarget(), calls);
      })
      .Case([&](gpu::MemcpyOp op) -> LogicalResult {
        if (op.getAsyncToken() || !op.getAsyncDependencies().empty())
          return op.emitOpError("expected a copy in the order of the program "
                                "for the runtime, got an asynchronous one");
        return convertCopy(op, op.getSrc(), op.getDst(), calls);
      })
      .Case([&](gpu::LaunchFuncOp op) { return convertLaunch(op, calls); })
      .Case([&](func::CallOp op) { return convertCall(op, calls); })
      .Default([](Operation *op) -> LogicalResult {
        if (handsOn(op))
          return success();
        return op->emitError("expected host code of a GPU to allocate, copy, "
                             "view and hand on buffers and to read single "
                             "numbers, got '")
               << op->getName() << "'";
      });
}

namespace {

struct ConvertGPUToRuntimePass
    : mx::impl::ConvertGPUToRuntimePassBase<ConvertGPUToRuntimePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    RuntimeCalls calls(module);
    // What is made on the way is no host code of the program.
    SmallVector<Operation *> operations;
    for (auto function : module.getOps<func::FuncOp>())
      if (!isDeallocator(function.getName(), function.getFunctionType()))
        function.walk([&](Operation *op) {
          if (op != function && !keepsBooks(op))
            operations.push_back(op);
        });
    for (Operation *op : operations)
      if (failed(convertOperation(op, calls)))
        return signalPassFailure();
    auto encoder = module.lookupSymbol<func::FuncOp>(kEncodeTensorMap);
    if (encoder && encoder.isDeclaration())
      encoder.erase();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};

} // namespace
