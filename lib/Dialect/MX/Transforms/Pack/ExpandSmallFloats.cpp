//===- ExpandSmallFloats.cpp - small floats become bytes ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `mx-expand-small-floats`. An operation that only moves values is
// rebuilt with i8 for every small float type, whatever it is; since an i8 would
// be silently added or compared as an integer, only operations known to move
// are. Conversions have patterns of their own (SmallFloatConversions.cpp), and
// so have function boundaries (SmallFloatBoundaries.cpp).
//===----------------------------------------------------------------------===//

#include "Pack/ExpandSmallFloats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_EXPANDSMALLFLOATSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// What may touch small floats
//===----------------------------------------------------------------------===//

/// Returns a small float type among an operation's operands, results and block
/// arguments, or null.
static Type findSmallFloat(Operation *op) {
  for (Type type : op->getOperandTypes())
    if (isSmallFloat(type))
      return type;
  for (Type type : op->getResultTypes())
    if (isSmallFloat(type))
      return type;
  for (Region &region : op->getRegions())
    for (Type type : region.getArgumentTypes())
      if (isSmallFloat(type))
        return type;
  return Type();
}

static bool isMovingVectorOp(Operation *op) {
  return isa<vector::BroadcastOp, vector::CompressStoreOp,
             vector::DeinterleaveOp, vector::ExpandLoadOp, vector::ExtractOp,
             vector::ExtractStridedSliceOp, vector::FromElementsOp,
             vector::GatherOp, vector::InsertOp, vector::InsertStridedSliceOp,
             vector::InterleaveOp, vector::LoadOp, vector::MaskOp,
             vector::MaskedLoadOp, vector::MaskedStoreOp, vector::ScatterOp,
             vector::ShapeCastOp, vector::ShuffleOp, vector::StoreOp,
             vector::ToElementsOp, vector::TransferReadOp,
             vector::TransferWriteOp, vector::TransposeOp, vector::YieldOp>(op);
}

/// Not those that compute, nor those that count in bytes or hold types in
/// attributes.
static bool isMovingMemRefOp(Operation *op) {
  return isa_and_nonnull<memref::MemRefDialect>(op->getDialect()) &&
         !isa<memref::AtomicRMWOp, memref::GetGlobalOp, memref::GlobalOp,
              memref::ViewOp>(op);
}

/// Whether values pass through `op` unchanged. Structured operations of linalg
/// do what their bodies do, and those are checked too.
static bool isMovingOp(Operation *op) {
  if (isa<arith::SelectOp, func::CallOp, func::FuncOp, func::ReturnOp,
          linalg::LinalgOp, linalg::PackOp, linalg::UnPackOp, linalg::YieldOp,
          ub::PoisonOp, UnrealizedConversionCastOp>(op))
    return true;
  if (isa_and_nonnull<bufferization::BufferizationDialect,
                      cf::ControlFlowDialect, scf::SCFDialect,
                      tensor::TensorDialect>(op->getDialect()))
    return true;
  return isMovingVectorOp(op) || isMovingMemRefOp(op);
}

/// Reports every operation that would compute on codes.
static LogicalResult verifyOperations(ModuleOp module) {
  bool isValid = true;
  module.walk([&](Operation *op) {
    Type type = findSmallFloat(op);
    if (!type)
      return;
    if (isConversion(op)) {
      isValid &= succeeded(verifyConversion(op));
      return;
    }
    if (isMovingOp(op))
      return;
    op->emitOpError("expected values extended by arith.extf first, got ")
        << type;
    isValid = false;
  });
  return success(isValid);
}

/// Makes the bodies of named linalg operations visible: after the element types
/// have changed, the name would stand for another body.
static void generalizeNamedOps(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  module.walk([&](linalg::LinalgOp op) {
    bool hasOwnBody = isa<linalg::GenericOp, linalg::MapOp, linalg::ReduceOp>(
        op.getOperation());
    bool onlyYields = op.getBlock()->getOperations().size() == 1;
    if (!findSmallFloat(op) || hasOwnBody || onlyYields)
      return;
    rewriter.setInsertionPoint(op);
    // What cannot be generalised keeps its body, which is converted all the
    // same.
    if (failed(linalg::generalizeNamedOp(rewriter, op)))
      return;
  });
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

/// small float types ⇒ i8, element-wise in shaped types.
class CodeTypeConverter : public TypeConverter {
public:
  CodeTypeConverter() {
    addConversion([](Type type) -> Type {
      return isSmallFloat(type) ? getCodeType(type) : type;
    });
    auto cast = [](OpBuilder &builder, Type type, ValueRange inputs,
                   Location loc) -> Value {
      return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
          .getResult(0);
    };
    addSourceMaterialization(cast);
    addTargetMaterialization(cast);
  }
};

/// Any operation ⇒ the same operation on i8.
struct RebuildOnCodes : public ConversionPattern {
  RebuildOnCodes(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/0,
                          context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), types)))
      return rewriter.notifyMatchFailure(op, "a type has no conversion");
    Operation *rebuilt = Operation::create(
        op->getLoc(), op->getName(), types, operands,
        op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
        op->getSuccessors(), op->getNumRegions());
    rewriter.insert(rebuilt);
    for (auto [region, body] :
         llvm::zip(op->getRegions(), rebuilt->getRegions())) {
      rewriter.inlineRegionBefore(region, body, body.end());
      if (failed(rewriter.convertRegionTypes(&body, *getTypeConverter())))
        return failure();
    }
    rewriter.replaceOp(op, rebuilt->getResults());
    return success();
  }
};

/// A cast between small floats and their codes ⇒ nothing.
struct RemoveCodeCast : public OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(UnrealizedConversionCastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op.getResultTypes(), types)) ||
        adaptor.getInputs().getTypes() != TypeRange(types))
      return rewriter.notifyMatchFailure(op, "not a cast of codes");
    rewriter.replaceOp(op, adaptor.getInputs());
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

static LogicalResult convertToCodes(ModuleOp module) {
  MLIRContext *context = module.getContext();
  CodeTypeConverter converter;
  RewritePatternSet patterns(context);
  patterns.add<RebuildOnCodes, RemoveCodeCast>(converter, context);
  populateSmallFloatConversionPatterns(converter, patterns);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                 converter);
  ConversionTarget target(*context);
  target.markUnknownOpDynamicallyLegal([&](Operation *op) {
    return !isHalfConversion(op) && converter.isLegal(op) &&
           llvm::all_of(op->getRegions(), [&](Region &region) {
             return converter.isLegal(&region);
           });
  });
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
    return converter.isSignatureLegal(op.getFunctionType()) &&
           converter.isLegal(&op.getBody());
  });
  // Upstream's folder of conversions is wrong for these types.
  ConversionConfig config;
  config.foldingMode = DialectConversionFoldingMode::Never;
  return applyFullConversion(module, target, std::move(patterns), config);
}

namespace {

struct ExpandSmallFloatsPass
    : public mlir::mx::impl::ExpandSmallFloatsPassBase<ExpandSmallFloatsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(verifyOperations(module)))
      return signalPassFailure();
    generalizeNamedOps(module);
    if (failed(packFunctionBoundaries(module)) ||
        failed(convertToCodes(module)))
      return signalPassFailure();
    foldPackOfUnpack(module);
  }
};

} // namespace
