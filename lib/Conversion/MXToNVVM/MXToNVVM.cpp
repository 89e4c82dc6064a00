//===- MXToNVVM.cpp - packed operations as kernels of a GPU ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-mx-to-nvvm`: an operation whose kernel is a row for GPUs
// becomes launches of kernels, which are collected in one gpu.module. What such
// a kernel cannot do is an error here, not wrong code later.
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "MatmulLaunch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Conversion/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTMXTONVVMPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kMatmulRow = "matmul_mma_block_scale";
static constexpr llvm::StringLiteral kGroupedRow =
    "grouped_matmul_mma_block_scale";

/// Checks that the operands are buffers in which rows lie without gaps.
static LogicalResult verifyBuffers(PackedMatmulOp op) {
  for (Value operand : op->getOperands()) {
    if (operand.getType().isIndex())
      continue;
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type || !type.getLayout().isIdentity())
      return op.emitOpError("expected operands that are buffers without gaps "
                            "between rows, got ")
             << operand.getType();
  }
  return success();
}

static LogicalResult verifyFormats(PackedMatmulOp op) {
  FormatAttr lhs = op.getLhsFormatAttr(), rhs = op.getRhsFormatAttr();
  if (lookupMma(lhs, rhs))
    return success();
  auto spell = [&](FormatAttr format) -> Attribute {
    return format ? Attribute(format)
                  : StringAttr::get(op.getContext(), "plain numbers");
  };
  return op.emitOpError("expected two sides that a block-scaled MMA multiplies "
                        "(both nvfp4, or each an mxfp format), got ")
         << spell(lhs) << " and " << spell(rhs);
}

static LogicalResult verifyMatmul(PackedMatmulOp op) {
  if ((op.getKernel() == kGroupedRow) != bool(op.getGroupEnds()))
    return op.emitOpError("expected 'group_ends' exactly with the kernel '")
           << kGroupedRow << "', got '" << *op.getKernel() << "'";
  if (failed(verifyBuffers(op)))
    return failure();
  return verifyFormats(op);
}

namespace {

struct ConvertMXToNVVMPass
    : mx::impl::ConvertMXToNVVMPassBase<ConvertMXToNVVMPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<PackedMatmulOp> products;
    getOperation().walk([&](PackedMatmulOp op) {
      if (op.getKernel() == kMatmulRow || op.getKernel() == kGroupedRow)
        products.push_back(op);
    });
    for (PackedMatmulOp op : products)
      if (failed(verifyMatmul(op)))
        return signalPassFailure();
    for (PackedMatmulOp op : products)
      lower(op);
  }

  void lower(PackedMatmulOp op) {
    SmallVector<MatmulSpec> specs = getCandidates(op, tensorCopies);
    SmallVector<gpu::GPUFuncOp> kernels;
    gpu::GPUModuleOp module = getKernelModule(getOperation(), chip, features);
    std::string names = "launches the first that fits of ";
    for (const MatmulSpec &spec : specs) {
      kernels.push_back(getMatmulKernel(module, spec, op.getLoc()));
      names += (kernels.size() > 1 ? ", " : "") + spec.getName();
    }
    remark::passed(op.getLoc(),
                   remark::RemarkOpts::name("matmul").category("mx-to-nvvm"))
        << names;
    launchMatmul(op, specs, kernels);
  }
};

} // namespace
