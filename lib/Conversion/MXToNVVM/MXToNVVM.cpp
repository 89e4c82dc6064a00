//===- MXToNVVM.cpp - packed operations as kernels of a GPU ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-mx-to-nvvm`: an operation whose kernel is a row for GPUs
// becomes launches of kernels, which are collected in one gpu.module. What such
// a kernel cannot do is an error here, not wrong code later.
//===----------------------------------------------------------------------===//

#include "ContiguousBuffers.h"
#include "DecodedKernel.h"
#include "DecodedLaunch.h"
#include "MatmulKernel.h"
#include "MatmulLaunch.h"
#include "WarpgroupKernel.h"
#include "WarpgroupLaunch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "mx/Conversion/DeviceKernels.h"
#include "mx/Conversion/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTMXTONVVMPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kBlockScaleRow = "matmul_mma_block_scale";
static constexpr llvm::StringLiteral kGroupedRow =
    "grouped_matmul_mma_block_scale";
static constexpr llvm::StringLiteral kSyncRow = "matmul_mma_sync";
static constexpr llvm::StringLiteral kGroupedSyncRow =
    "grouped_matmul_mma_sync";
static constexpr llvm::StringLiteral kWarpgroupRow = "matmul_wgmma";

/// Checks that the operands are buffers.
static LogicalResult verifyBuffers(PackedMatmulOp op) {
  for (Value operand : op->getOperands()) {
    if (operand.getType().isIndex())
      continue;
    if (!isa<MemRefType>(operand.getType()))
      return op.emitOpError("expected operands that are buffers, got ")
             << operand.getType();
  }
  return success();
}

/// Whether the operands are to be decoded.
static bool isDecoded(PackedMatmulOp op) {
  StringRef kernel = *op.getKernel();
  return kernel == kSyncRow || kernel == kGroupedSyncRow ||
         kernel == kWarpgroupRow;
}

static bool areFormatsSupported(PackedMatmulOp op) {
  FormatAttr lhs = op.getLhsFormatAttr(), rhs = op.getRhsFormatAttr();
  if (!isDecoded(op))
    return lookupMma(lhs, rhs).has_value();
  MatmulSide left = MatmulSide::get(op.getLhs(), lhs);
  MatmulSide right = MatmulSide::get(op.getRhs(), rhs);
  if (op.getKernel() == kWarpgroupRow)
    return WarpgroupSpec::areSupported(left, right);
  return left.isDecodable() && right.isDecodable();
}

static LogicalResult verifyFormats(PackedMatmulOp op) {
  if (areFormatsSupported(op))
    return success();
  auto spell = [](ValueRange parts, FormatAttr format) -> std::string {
    std::string spelled;
    llvm::raw_string_ostream os(spelled);
    if (format)
      os << format;
    else
      os << "numbers of "
         << cast<ShapedType>(parts.front().getType()).getElementType();
    return spelled;
  };
  StringRef expected =
      !isDecoded(op)
          ? "two sides that a block-scaled MMA multiplies (both nvfp4, or each "
            "an mxfp format)"
      : op.getKernel() == kWarpgroupRow
          ? "bf16 numbers and a format with a name whose elements have 4 or 6 "
            "bits"
          : "sides of f32, bf16, f16 or a format with a name";
  return op.emitOpError("expected ")
         << expected << ", got '" << spell(op.getLhs(), op.getLhsFormatAttr())
         << "' and '" << spell(op.getRhs(), op.getRhsFormatAttr()) << "'";
}

static LogicalResult verifyMatmul(PackedMatmulOp op) {
  StringRef kernel = *op.getKernel();
  bool isGrouped = kernel == kGroupedRow || kernel == kGroupedSyncRow;
  if (isGrouped != bool(op.getGroupEnds()))
    return op.emitOpError("expected 'group_ends' exactly with the kernels '")
           << kGroupedRow << "' and '" << kGroupedSyncRow << "', got '"
           << kernel << "'";
  if (failed(verifyBuffers(op)))
    return failure();
  return verifyFormats(op);
}

namespace {

struct ConvertMXToNVVMPass
    : mx::impl::ConvertMXToNVVMPassBase<ConvertMXToNVVMPass> {
  using Base::Base;

  /// Blocks are quantised by vectors.
  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<vector::VectorDialect>();
  }

  void runOnOperation() override {
    SmallVector<PackedMatmulOp> products;
    getOperation().walk([&](PackedMatmulOp op) {
      StringRef kernel = op.getKernel().value_or("");
      if (kernel == kBlockScaleRow || kernel == kGroupedRow ||
          kernel == kSyncRow || kernel == kGroupedSyncRow ||
          kernel == kWarpgroupRow)
        products.push_back(op);
    });
    for (PackedMatmulOp op : products)
      if (failed(verifyMatmul(op)))
        return signalPassFailure();
    tiles = TileTuning::get(getOperation(), chip);
    if (failed(tiles))
      return signalPassFailure();
    for (PackedMatmulOp op : products)
      makeContiguous(op);
    // Before there are launches, of which nobody knows what they write.
    std::vector<MatmulEpilogue> epilogues;
    for (PackedMatmulOp op : products)
      epilogues.push_back(op.getKernel() == kWarpgroupRow ? MatmulEpilogue()
                                                          : findEpilogue(op));
    for (auto [op, epilogue] : llvm::zip_equal(products, epilogues))
      lower(op, epilogue);
    removeUnusedBuffers(epilogues);
  }

  void lower(PackedMatmulOp op, const MatmulEpilogue &epilogue) {
    std::string tailName;
    if (epilogue.tail)
      tailName = "_tail" + std::to_string(tails++);
    if (!isDecoded(op)) {
      std::vector<MatmulSpec> specs =
          getCandidates(op, epilogue, tensorCopies, *tiles);
      for (MatmulSpec &spec : specs)
        spec.tailName = tailName;
      return launchMatmul(op, epilogue, specs,
                          makeKernels<MatmulSpec>(op, specs, getMatmulKernel));
    }
    if (op.getKernel() == kWarpgroupRow)
      lowerTall(op);
    std::vector<DecodedSpec> specs = getDecodedCandidates(op, epilogue);
    for (DecodedSpec &spec : specs)
      spec.tailName = tailName;
    launchDecoded(op, epilogue, specs,
                  makeKernels<DecodedSpec>(op, specs, getDecodedKernel));
  }

  /// Products of many rows are for warpgroups, others for what comes next.
  void lowerTall(PackedMatmulOp op) {
    SmallVector<WarpgroupSpec> specs;
    if (tensorCopies)
      specs = getWarpgroupCandidates(op, *tiles);
    if (!specs.empty())
      launchWarpgroups(
          op, specs, makeKernels<WarpgroupSpec>(op, specs, getWarpgroupKernel));
  }

  template <typename Spec>
  SmallVector<gpu::GPUFuncOp> makeKernels(
      PackedMatmulOp op, ArrayRef<Spec> specs,
      gpu::GPUFuncOp (*getKernel)(gpu::GPUModuleOp, const Spec &, Location)) {
    SmallVector<gpu::GPUFuncOp> kernels;
    gpu::GPUModuleOp module = getKernelModule(getOperation(), chip, features);
    std::string names = "launches the first that fits of ";
    for (const Spec &spec : specs) {
      kernels.push_back(getKernel(module, spec, op.getLoc()));
      names += (kernels.size() > 1 ? ", " : "") + spec.getName();
    }
    remark::passed(op.getLoc(),
                   remark::RemarkOpts::name("matmul").category("mx-to-nvvm"))
        << names;
    return kernels;
  }

  /// From how many rows on a tile is taken.
  FailureOr<TileTuning> tiles = failure();
  /// Tails so far: no two are known to be equal.
  int tails = 0;
};

} // namespace
