//===- MXToLoops.cpp - packed operations as vectorised loops --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-mx-to-loops`: the emulated row of every operation. Each
// pattern replaces one operation by a whole loop nest, so one walk is enough;
// whatever is left afterwards is an error that says why.
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "InterleavedMatmul.h"
#include "ScaleTileLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "mx/Conversion/HardwareKernel.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Target/KernelRegistry.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTMXTOLOOPSPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// What a `kernel` attribute may say here.
static bool isEmulated(StringRef kernel) {
  const KernelRow *row = lookupKernel({kernel.data(), kernel.size()});
  return row && ((row->emulated && row->needs.empty()) || isByHardware(kernel));
}

/// Returns the first operand that is no buffer yet, or null.
static Value findTensor(Operation *op) {
  for (Value operand : op->getOperands())
    if (isa<TensorType, BlockTensorType>(operand.getType()))
      return operand;
  return Value();
}

LogicalResult mx::matchEmulated(Operation *op, PatternRewriter &rewriter) {
  if (findTensor(op))
    return rewriter.notifyMatchFailure(op, "an operand is a tensor");
  auto kernel = op->getAttrOfType<StringAttr>("kernel");
  if (kernel && !isEmulated(kernel))
    return rewriter.notifyMatchFailure(op, "its kernel is not emulated");
  return success();
}

/// What rows called `kernel` need, each in quotes.
static std::string listNeeds(StringRef kernel) {
  llvm::SetVector<StringRef> needs;
  for (const KernelRow &row : getKernels())
    if (StringRef(row.name) == kernel)
      needs.insert(row.needs);
  return "'" + llvm::join(needs, "' or '") + "'";
}

/// Says why a product with interleaved rows is still there.
static InFlightDiagnostic explainInterleaved(PackedMatmulOp op) {
  StringRef kernel = *op.getKernel();
  return op.emitOpError("expected a target with ")
         << listNeeds(kernel)
         << " and weights of E2M1 codes in blocks of 8 to 256 for the kernel '"
         << kernel << "', got " << explainNoShuffles(op);
}

/// Says why an operation of the mx dialect is still there.
static InFlightDiagnostic explainLeftover(Operation *op) {
  auto kernel = op->getAttrOfType<StringAttr>("kernel");
  auto matmul = dyn_cast<PackedMatmulOp>(op);
  if (matmul && matmul.getRhsInterleaved() && !findTensor(op))
    return explainInterleaved(matmul);
  if (kernel && !isEmulated(kernel))
    return op->emitOpError("expected a kernel that is an emulated row, got ")
           << kernel;
  if (Value tensor = findTensor(op))
    return op->emitOpError("expected operands that are buffers, got ")
           << tensor.getType();
  return op->emitOpError("expected a packed operation in reachable code, got '")
         << op->getName() << "' with kernel "
         << (kernel ? kernel : StringAttr::get(op->getContext(), "none"));
}

namespace {

struct ConvertMXToLoopsPass
    : mx::impl::ConvertMXToLoopsPassBase<ConvertMXToLoopsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateDequantizeLoopsPatterns(patterns);
    populateInterleaveLoopsPatterns(patterns);
    populateInterleavedMatmulPatterns(patterns);
    populateMatmulLoopsPatterns(patterns);
    populatePackLoopsPatterns(patterns);
    populateQuantizeLoopsPatterns(patterns);
    populateRotateLoopsPatterns(patterns);
    populateScaleTileLoopsPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));

    getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<MXDialect>(op->getDialect()))
        return;
      explainLeftover(op);
      signalPassFailure();
    });
  }
};

} // namespace
