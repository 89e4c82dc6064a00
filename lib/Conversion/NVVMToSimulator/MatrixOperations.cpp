//===- MatrixOperations.cpp - products of matrices, and fragments ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

static Value isTransposed(NVVM::MMALayout layout, DeviceRewriter &rewrite) {
  return rewrite.constant(layout == NVVM::MMALayout::col);
}

static LogicalResult convertLoad(NVVM::LdMatrixOp op, DeviceRewriter &rewrite) {
  auto fields = dyn_cast<LLVM::LLVMStructType>(op.getType());
  int64_t count = fields ? fields.getBody().size() : 1;
  Value words = rewrite.allocate(rewrite.b.getI32Type(), count);
  rewrite.callAt("mxsim_ldmatrix", Type(),
                 {words, op.getPtr(), rewrite.constantOf(op.getEltType()),
                  rewrite.constant(op.getShape().getM()),
                  rewrite.constant(op.getNum()),
                  isTransposed(op.getLayout(), rewrite)});
  return rewrite.replace(rewrite.loadResult(words, op.getType()));
}

static LogicalResult convertStore(NVVM::StMatrixOp op,
                                  DeviceRewriter &rewrite) {
  Value words = rewrite.store(rewrite.b.getI32Type(), op.getSources());
  rewrite.callAt("mxsim_stmatrix", Type(),
                 {op.getPtr(), words, rewrite.constantOf(op.getEltType()),
                  rewrite.constant(op.getShape().getM()),
                  rewrite.constant(op.getSources().size()),
                  isTransposed(op.getLayout(), rewrite)});
  return rewrite.erase();
}

/// The element type of an operand without the attribute for it.
static NVVM::MMATypes inferType(ValueRange operands) {
  std::optional<NVVM::MMATypes> type = NVVM::MmaOp::inferOperandMMAType(
      operands.front().getType(), /*isAccumulator=*/false);
  return type.value_or(NVVM::MMATypes::f16);
}

static LogicalResult convertProduct(NVVM::MmaOp op, DeviceRewriter &rewrite) {
  NVVM::MMAShapeAttr shape = op.getShape();
  auto fields = dyn_cast<LLVM::LLVMStructType>(op.getType());
  bool isFloat = fields && fields.getBody().front().isF32();
  bool isInteger = fields && fields.getBody().front().isInteger(32);
  if (shape.getM() != 16 || shape.getN() != 8 || (!isFloat && !isInteger) ||
      fields.getBody().size() != 4)
    return op.emitOpError("expected m16n8 with results of f32 or i32 to "
                          "simulate, got another product");
  Type i32 = rewrite.b.getI32Type();
  Value result = rewrite.allocate(i32, 4);
  rewrite.callAt(
      "mxsim_mma", Type(),
      {result, rewrite.store(i32, op.getOperandA()),
       rewrite.store(i32, op.getOperandB()),
       rewrite.store(i32, op.getOperandC()), rewrite.constant(shape.getK()),
       rewrite.constantOf(
           op.getMultiplicandAPtxType().value_or(inferType(op.getOperandA()))),
       rewrite.constantOf(
           op.getMultiplicandBPtxType().value_or(inferType(op.getOperandB()))),
       rewrite.constantOf(isFloat ? NVVM::MMATypes::f32
                                  : NVVM::MMATypes::s32)});
  return rewrite.replace(rewrite.loadResult(result, op.getType()));
}

/// The simulator's number of a format of fewer than nine bits, by its name.
static std::optional<int32_t> lookupFormat(StringRef name) {
  return llvm::StringSwitch<std::optional<int32_t>>(name)
      .Case("e4m3", MXSIM_TYPE_E4M3)
      .Case("e5m2", MXSIM_TYPE_E5M2)
      .Case("e3m2", MXSIM_TYPE_E3M2)
      .Case("e2m3", MXSIM_TYPE_E2M3)
      .Case("e2m1", MXSIM_TYPE_E2M1)
      .Default(std::nullopt);
}

/// llvm.nvvm.mma.m16n8k32.row.col[.kind.f8f6f4].f32.<A>.<B>.f32, a product that
/// the NVVM dialect has no operation for.
static std::optional<LogicalResult>
convertIntrinsicProduct(LLVM::CallIntrinsicOp op, DeviceRewriter &rewrite) {
  StringRef name = op.getIntrin();
  if (!name.consume_front("llvm.nvvm.mma.m16n8k32.row.col."))
    return std::nullopt;
  name.consume_front("kind.f8f6f4.");
  constexpr size_t aWords = 4, bWords = 2, cWords = 4;
  auto [left, right] = name.drop_front(name.find('.') + 1).split('.');
  std::optional<int32_t> typeA = lookupFormat(left);
  std::optional<int32_t> typeB = lookupFormat(right.split('.').first);
  ValueRange operands = op.getArgs();
  if (!name.starts_with("f32.") || !name.ends_with(".f32") || !typeA ||
      !typeB || operands.size() != aWords + bWords + cWords ||
      op.getNumResults() != 1)
    return std::nullopt;
  ImplicitLocOpBuilder &b = rewrite.b;
  Type i32 = b.getI32Type();
  Value result = rewrite.allocate(i32, cWords);
  constexpr int32_t k = 32;
  rewrite.callAt("mxsim_mma", Type(),
                 {result, rewrite.store(i32, operands.take_front(aWords)),
                  rewrite.store(i32, operands.slice(aWords, bWords)),
                  rewrite.store(i32, operands.take_back(cWords)),
                  rewrite.constant(k), rewrite.constant(*typeA),
                  rewrite.constant(*typeB), rewrite.constant(MXSIM_TYPE_F32)});
  return rewrite.replace(
      rewrite.loadResult(result, op->getResult(0).getType()));
}

static LogicalResult convertScaledProduct(NVVM::MmaBlockScaleOp op,
                                          DeviceRewriter &rewrite) {
  ImplicitLocOpBuilder &b = rewrite.b;
  Type i32 = b.getI32Type();
  auto selector = [&](Value value) { return rewrite.convertBits(value, i32); };
  Value result = rewrite.allocate(b.getF32Type(), 4);
  rewrite.callAt("mxsim_mma_block_scale", Type(),
                 {result, rewrite.store(i32, op.getOperandA()),
                  rewrite.store(i32, op.getOperandB()),
                  rewrite.store(b.getF32Type(), op.getOperandC()),
                  op.getScaleAData(), selector(op.getByteIdA()),
                  selector(op.getThreadIdA()), op.getScaleBData(),
                  selector(op.getByteIdB()), selector(op.getThreadIdB()),
                  rewrite.constantOf(op.getKind()),
                  rewrite.constantOf(op.getScaleVecSize()),
                  rewrite.constantOf(op.getBlockScaleFormat()),
                  rewrite.constantOf(*op.getMultiplicandAPtxType()),
                  rewrite.constantOf(*op.getMultiplicandBPtxType())});
  return rewrite.replace(rewrite.loadResult(result, op.getType()));
}

std::optional<LogicalResult>
mx::convertMatrixOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](NVVM::LdMatrixOp op) { return convertLoad(op, rewrite); })
      .Case([&](NVVM::StMatrixOp op) { return convertStore(op, rewrite); })
      .Case([&](NVVM::MmaOp op) { return convertProduct(op, rewrite); })
      .Case([&](NVVM::MmaBlockScaleOp op) {
        return convertScaledProduct(op, rewrite);
      })
      .Case([&](LLVM::CallIntrinsicOp op) {
        return convertIntrinsicProduct(op, rewrite);
      })
      .Default(std::nullopt);
}
