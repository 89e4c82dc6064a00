//===- ConvertDeviceCode.cpp - device code in the LLVM dialect ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As MLIR's convert-gpu-to-nvvm, from the same patterns, but without those that
// make calls of NVIDIA's library: functions of math that are instructions
// become intrinsics, as on a CPU.
//
// What a kernel knows of its block (`known_block_size`) becomes by these
// patterns the most threads that a block may have. It is what a block must
// have: as such the driver refuses any other, and ptxas obeys
// `nvvm.setmaxregister`.
//===----------------------------------------------------------------------===//

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mx/DeviceCode/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTDEVICECODEPASS
#include "mx/DeviceCode/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

static void populatePatterns(const LLVMTypeConverter &types,
                             RewritePatternSet &patterns) {
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  index::populateIndexToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  populateGpuToNVVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  ub::populateUBToLLVMConversionPatterns(types, patterns);
}

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

struct ConvertDeviceCodePass
    : mx::impl::ConvertDeviceCodePassBase<ConvertDeviceCodePass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet collectives(context);
    populateGpuRewritePatterns(collectives);
    if (failed(applyPatternsGreedily(getOperation(), std::move(collectives))))
      return signalPassFailure();
    LowerToLLVMOptions options(context);
    options.useBarePtrCallConv = true;
    LLVMTypeConverter types(context, options);
    configureGpuToNVVMTypeConverter(types);
    RewritePatternSet patterns(context);
    populatePatterns(types, patterns);
    LLVMConversionTarget target(*context);
    target.addLegalDialect<NVVM::NVVMDialect>();
    target.addIllegalDialect<gpu::GPUDialect>();
    target.addLegalOp<gpu::GPUModuleOp>();
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      return signalPassFailure();
    getOperation().walk(requireBlockSize);
  }
};

} // namespace
