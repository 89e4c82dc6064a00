//===- PackLayouts.cpp - the end of the block-scaled value ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Replaces !mx.tensor by its parts in two steps. First function boundaries:
// signatures, calls and returns carry parts, with mx.bundle and mx.unbundle
// inside, because a caller must know the parts' order and nothing else. Then
// bodies: every value becomes its parts and every graph operation its packed
// counterpart (PackGraphOps.cpp).
//===----------------------------------------------------------------------===//

#include "Pack/PackLayouts.h"
#include "Pack/ArrangeFragments.h"
#include "Pack/InterleaveWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/ControlFlow/Transforms/StructuralTypeConversions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_PACKLAYOUTSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Function boundaries
//===----------------------------------------------------------------------===//

/// !mx.tensor ⇒ its parts; inside a function mx.bundle makes the value again
/// and mx.unbundle takes it apart.
static void populateBoundaryConversion(TypeConverter &converter) {
  converter.addConversion([](Type type) { return type; });
  converter.addConversion(
      [](BlockTensorType type, SmallVectorImpl<Type> &parts) {
        llvm::append_range(parts, getPartTypes(type, /*withSize=*/false));
        return success();
      });
  converter.addSourceMaterialization([](OpBuilder &builder,
                                        BlockTensorType type, ValueRange parts,
                                        Location loc) {
    return BundleOp::create(builder, loc, type, parts[0], parts[1],
                            parts.size() > 2 ? parts[2] : Value())
        .getResult();
  });
  converter.addTargetMaterialization([](OpBuilder &builder, TypeRange types,
                                        ValueRange values,
                                        Location loc) -> SmallVector<Value> {
    auto type = values.size() == 1
                    ? dyn_cast<BlockTensorType>(values[0].getType())
                    : BlockTensorType();
    if (!type)
      return {};
    auto unbundle = UnbundleOp::create(
        builder, loc, types[0], types[1],
        type.getFormat().getTensorScale() ? types[2] : Type(), values[0]);
    unbundle->setAttr(boundaryAttr, builder.getUnitAttr());
    return SmallVector<Value>(unbundle->getResults());
  });
}

/// The attributes of `types`, which some values of a function have, for the
/// parts that the values become: a part of a block-scaled tensor has none.
static ArrayAttr spreadAttributes(TypeRange types, ArrayAttr attributes) {
  if (!attributes)
    return {};
  SmallVector<Attribute> spread;
  auto none = DictionaryAttr::get(attributes.getContext());
  for (auto [type, attribute] : llvm::zip_equal(types, attributes)) {
    auto block = dyn_cast<BlockTensorType>(type);
    if (block)
      spread.append(getPartTypes(block, /*withSize=*/false).size(), none);
    else
      spread.push_back(attribute);
  }
  return ArrayAttr::get(attributes.getContext(), spread);
}

/// Lines the attributes of arguments and results up with the parts to be.
static void spreadFunctionAttributes(func::FuncOp function) {
  if (ArrayAttr spread = spreadAttributes(function.getArgumentTypes(),
                                          function.getArgAttrsAttr()))
    function.setArgAttrsAttr(spread);
  if (ArrayAttr spread = spreadAttributes(function.getResultTypes(),
                                          function.getResAttrsAttr()))
    function.setResAttrsAttr(spread);
}

static LogicalResult packBoundaries(ModuleOp module) {
  MLIRContext *context = module.getContext();
  module.walk(spreadFunctionAttributes);
  TypeConverter converter;
  populateBoundaryConversion(converter);
  RewritePatternSet patterns(context);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                 converter);
  populateCallOpTypeConversionPattern(patterns, converter);
  populateReturnOpTypeConversionPattern(patterns, converter);
  ConversionTarget target(*context);
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
    return converter.isSignatureLegal(op.getFunctionType()) &&
           converter.isLegal(&op.getBody());
  });
  target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>(
      [&](Operation *op) { return converter.isLegal(op); });
  return applyPartialConversion(module, target, std::move(patterns));
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

static void populatePartsConversion(TypeConverter &converter) {
  converter.addConversion([](Type type) { return type; });
  converter.addConversion(
      [](BlockTensorType type, SmallVectorImpl<Type> &parts) {
        llvm::append_range(parts, getPartTypes(type, /*withSize=*/true));
        return success();
      });
}

static LogicalResult packBodies(ModuleOp module) {
  MLIRContext *context = module.getContext();
  TypeConverter converter;
  populatePartsConversion(converter);
  RewritePatternSet patterns(context);
  ConversionTarget target(*context);
  populatePackGraphOpsPatterns(converter, patterns);
  populatePackProductsPatterns(converter, patterns);
  populatePackScaleTilesPatterns(converter, patterns);
  scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns,
                                                       target);
  cf::populateCFStructuralTypeConversionsAndLegality(converter, patterns,
                                                     target);
  target.addIllegalOp<ConstantOp, BundleOp, UnbundleOp, QuantizeOp,
                      DequantizeOp, RotateOp, TransposeOp, ReshapeOp, MatmulOp,
                      GroupedMatmulOp, TileScalesOp, UntileScalesOp>();
  target.markUnknownOpDynamicallyLegal(
      [&](Operation *op) { return converter.isLegal(op); });
  return applyFullConversion(module, target, std::move(patterns));
}

/// Whether only operations that have a packing use block-scaled tensors.
static LogicalResult verifyUsers(ModuleOp module) {
  auto isBlockTensor = [](Type type) { return isa<BlockTensorType>(type); };
  WalkResult result = module.walk([&](Operation *op) {
    StringRef dialect = op->getName().getDialectNamespace();
    bool known = dialect == "mx" || dialect == "func" || dialect == "scf" ||
                 dialect == "cf" ||
                 op->getName().getStringRef() == "arith.select";
    if (known || (llvm::none_of(op->getOperandTypes(), isBlockTensor) &&
                  llvm::none_of(op->getResultTypes(), isBlockTensor)))
      return WalkResult::advance();
    op->emitError() << "expected block-scaled tensors in mx, func, scf and cf "
                       "operations and arith.select only, got '"
                    << op->getName() << "'";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

namespace {

struct PackLayoutsPass : public mx::impl::PackLayoutsPassBase<PackLayoutsPass> {
  void runOnOperation() override {
    if (failed(verifyUsers(getOperation())) ||
        failed(verifyWeights(getOperation())) ||
        failed(packBoundaries(getOperation())) ||
        failed(packBodies(getOperation())))
      return signalPassFailure();
    interleaveConstants(getOperation());
    arrangeConstants(getOperation());
  }
};

} // namespace
