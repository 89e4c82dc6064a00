//===- PackProducts.cpp - matrix products on packed parts -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// mx.matmul and mx.grouped_matmul become one packed operation, whose sides are
// plain or packed. The sizes that types leave open are compared first.
//===----------------------------------------------------------------------===//

#include "Pack/InterleaveWeights.h"
#include "Pack/PackLayouts.h"
#include "Pack/SizeChecks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Target/KernelRegistry.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// One side of a product: its operands, its format if it is block-scaled, and
/// its logical sizes.
struct PackedSide {
  SmallVector<Value> operands;
  FormatAttr format;
  SmallVector<OpFoldResult> sizes;
};

PackedSide packSide(OpBuilder &builder, Location loc, Type type,
                    ValueRange values) {
  auto block = dyn_cast<BlockTensorType>(type);
  if (!block)
    return {llvm::to_vector(values),
            {},
            tensor::getMixedSizes(builder, loc, values.front())};
  PackedParts parts = PackedParts::fromValues(block, values);
  SmallVector<OpFoldResult> sizes = getMixedSizes(builder, loc, block, parts);
  parts.size = {};
  return {parts.toValues(), block.getFormat(), sizes};
}

/// Ends the program unless the sizes of both sides and the result agree. A
/// grouped product has the experts as the first size of its right side.
void checkProduct(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> lhs,
                  ArrayRef<OpFoldResult> rhs, ArrayRef<OpFoldResult> init,
                  bool isGrouped) {
  size_t rank = lhs.size();
  checkSizes(builder, loc, rhs.back(), lhs.back(),
             "the contracted sizes of both sides");
  checkSizes(builder, loc, init[rank - 2], lhs[rank - 2],
             "the rows of the left side and the result");
  checkSizes(builder, loc, init[rank - 1], rhs[rhs.size() - 2],
             "the rows of the right side and the columns of the result");
  for (size_t dim = 0; !isGrouped && dim + 2 < rank; ++dim) {
    checkSizes(builder, loc, rhs[dim], lhs[dim],
               "the batch sizes of both sides");
    checkSizes(builder, loc, init[dim], lhs[dim],
               "the batch sizes of the left side and the result");
  }
}

/// Whether the kernel wants the rows of its right side interleaved.
bool wantsInterleaved(StringAttr kernel) {
  StringRef name = kernel ? kernel.getValue() : StringRef();
  return getWeightLayout({name.data(), name.size()}) ==
         WeightLayout::Interleaved;
}

/// Both products: `groupEnds` is null for mx.matmul.
template <typename OpTy>
LogicalResult packProduct(
    OpTy op,
    typename OpTy::template GenericAdaptor<ArrayRef<ValueRange>> adaptor,
    Value groupEnds, ConversionPatternRewriter &rewriter) {
  Location loc = op.getLoc();
  PackedSide lhs =
      packSide(rewriter, loc, op.getLhs().getType(), adaptor.getLhs());
  PackedSide rhs =
      packSide(rewriter, loc, op.getRhs().getType(), adaptor.getRhs());
  Value init = adaptor.getInit().front();
  checkProduct(rewriter, loc, lhs.sizes, rhs.sizes,
               tensor::getMixedSizes(rewriter, loc, init), bool(groupEnds));
  if (groupEnds)
    checkSizes(rewriter, loc,
               tensor::getMixedSizes(rewriter, loc, groupEnds).front(),
               rhs.sizes.front(), "the numbers of group ends and experts");
  // Prefer the side whose size is known.
  OpFoldResult contracted =
      isa<Attribute>(lhs.sizes.back()) ? lhs.sizes.back() : rhs.sizes.back();
  Value k = getValueOrCreateConstantIndexOp(rewriter, loc, contracted);
  bool isInterleaved = wantsInterleaved(op.getKernelAttr());
  if (isInterleaved)
    interleaveWeights(rewriter, loc, rhs.operands, rhs.format, rhs.sizes);
  auto matmul = PackedMatmulOp::create(
      rewriter, loc, TypeRange{init.getType()}, k, lhs.operands, rhs.operands,
      groupEnds, init, lhs.format, rhs.format, isInterleaved, IntegerAttr(),
      op.getKernelAttr());
  rewriter.replaceOp(op, matmul->getResults());
  return success();
}

struct PackMatmul : public OpConversionPattern<MatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MatmulOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    return packProduct(op, adaptor, Value(), rewriter);
  }
};

struct PackGroupedMatmul : public OpConversionPattern<GroupedMatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GroupedMatmulOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    return packProduct(op, adaptor, adaptor.getGroupEnds().front(), rewriter);
  }
};

} // namespace

LogicalResult mlir::mx::verifyWeights(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    auto kernel = op->getAttrOfType<StringAttr>("kernel");
    if (!isa<MatmulOp, GroupedMatmulOp>(op) || !wantsInterleaved(kernel))
      return WalkResult::advance();
    Type type = op->getOperand(1).getType();
    auto block = dyn_cast<BlockTensorType>(type);
    if (block && canInterleave(block.getFormat()))
      return WalkResult::advance();
    op->emitOpError("expected block-scaled weights whose blocks are whole "
                    "units of 4 bytes for the kernel ")
        << kernel << ", got " << type;
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void mlir::mx::populatePackProductsPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns.add<PackGroupedMatmul, PackMatmul>(converter, patterns.getContext());
}
