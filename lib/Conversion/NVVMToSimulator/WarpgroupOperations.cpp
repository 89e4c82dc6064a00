//===- WarpgroupOperations.cpp - products of a warpgroup ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Registers travel through memory of the thread's stack, and come back from it
// as a product or a wait leaves them.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mx/DeviceCode/WarpgroupInstructions.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

static Value makeNull(DeviceRewriter &rewrite) {
  return LLVM::ZeroOp::create(
      rewrite.b, LLVM::LLVMPointerType::get(rewrite.b.getContext()));
}

/// The struct of `type` from `fields`.
static Value makeStruct(DeviceRewriter &rewrite, Type type, ValueRange fields) {
  Value result = LLVM::UndefOp::create(rewrite.b, type);
  for (auto [index, field] : llvm::enumerate(fields))
    result = LLVM::InsertValueOp::create(rewrite.b, result, field,
                                         ArrayRef<int64_t>(index));
  return result;
}

static LogicalResult convertRegisterWait(LLVM::InlineAsmOp op, int pending,
                                         DeviceRewriter &rewrite) {
  Type i32 = rewrite.b.getI32Type();
  OperandRange sums = getWrittenRegisters(op);
  OperandRange a = op.getOperands().drop_front(sums.size());
  Value words = rewrite.store(i32, sums);
  rewrite.callAt("mxsim_warpgroup_wait", Type(),
                 {rewrite.constant(pending), words,
                  rewrite.constant(sums.size()), rewrite.store(i32, a),
                  rewrite.constant(a.size())});
  return rewrite.replace(rewrite.loadResult(words, op.getRes().getType()));
}

/// The simulator's number of a type of operands, or nothing.
static std::optional<int32_t> getType(NVVM::WGMMATypes type) {
  switch (type) {
  case NVVM::WGMMATypes::bf16:
    return MXSIM_TYPE_BF16;
  case NVVM::WGMMATypes::f16:
    return MXSIM_TYPE_F16;
  case NVVM::WGMMATypes::e4m3:
    return MXSIM_TYPE_E4M3;
  case NVVM::WGMMATypes::e5m2:
    return MXSIM_TYPE_E5M2;
  default:
    return std::nullopt;
  }
}

static LogicalResult convertRegisterProduct(LLVM::InlineAsmOp op,
                                            const WarpgroupInstruction &product,
                                            DeviceRewriter &rewrite) {
  Type i32 = rewrite.b.getI32Type();
  OperandRange sums = getWrittenRegisters(op);
  OperandRange a = op.getOperands().slice(sums.size(), kWarpgroupRegistersOfA);
  Value none = LLVM::ZeroOp::create(rewrite.b, rewrite.b.getI64Type());
  Value words = rewrite.store(i32, sums);
  Value type = rewrite.constant(*getType(product.type));
  rewrite.callAt("mxsim_warpgroup_product", Type(),
                 {words, rewrite.store(i32, a), none, op.getOperands().back(),
                  rewrite.constant(product.columns), type, type});
  return rewrite.replace(rewrite.loadResult(words, op.getRes().getType()));
}

static std::optional<LogicalResult> convertAssembly(LLVM::InlineAsmOp op,
                                                    DeviceRewriter &rewrite) {
  auto instruction = matchWarpgroupInstruction(op);
  if (!instruction)
    return std::nullopt;
  switch (instruction->kind) {
  case WarpgroupInstruction::Kind::Fence:
    rewrite.callAt("mxsim_warpgroup_fence", Type(), {});
    return rewrite.replace(
        makeStruct(rewrite, op.getRes().getType(), op.getOperands()));
  case WarpgroupInstruction::Kind::Product:
    return convertRegisterProduct(op, *instruction, rewrite);
  case WarpgroupInstruction::Kind::Wait:
    return convertRegisterWait(op, instruction->pending, rewrite);
  }
  llvm_unreachable("all kinds are handled");
}

/// NVVM's product, with both operands in shared memory.
static LogicalResult convertProduct(NVVM::WgmmaMmaAsyncOp op,
                                    DeviceRewriter &rewrite) {
  auto fields = cast<LLVM::LLVMStructType>(op.getType());
  auto typeA = getType(op.getTypeA()), typeB = getType(op.getTypeB());
  bool isPlain = op.getScaleD() == NVVM::WGMMAScaleOut::one &&
                 op.getScaleA() == NVVM::WGMMAScaleIn::one &&
                 op.getScaleB() == NVVM::WGMMAScaleIn::one &&
                 op.getLayoutA() == NVVM::MMALayout::row &&
                 op.getLayoutB() == NVVM::MMALayout::col;
  if (!isPlain || !typeA || !typeB || !fields.getBody().front().isF32())
    return op.emitOpError("expected a product of 16 or 8-bit floats, K "
                          "innermost, that is added to sums of f32 to "
                          "simulate, got another");
  ImplicitLocOpBuilder &b = rewrite.b;
  SmallVector<Value> sums;
  for (int64_t i = 0, e = int64_t(fields.getBody().size()); i < e; ++i)
    sums.push_back(LLVM::ExtractValueOp::create(b, op.getInouts(), i));
  Value words = rewrite.store(b.getI32Type(), sums);
  rewrite.callAt("mxsim_warpgroup_product", Type(),
                 {words, makeNull(rewrite), op.getDescriptorA(),
                  op.getDescriptorB(), rewrite.constant(op.getShape().getN()),
                  rewrite.constant(*typeA), rewrite.constant(*typeB)});
  return rewrite.replace(rewrite.loadResult(words, op.getType()));
}

std::optional<LogicalResult>
mx::convertWarpgroupOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](LLVM::InlineAsmOp op) { return convertAssembly(op, rewrite); })
      .Case([&](NVVM::WgmmaFenceAlignedOp) {
        rewrite.callAt("mxsim_warpgroup_fence", Type(), {});
        return rewrite.erase();
      })
      .Case([&](NVVM::WgmmaGroupSyncAlignedOp) {
        rewrite.callAt("mxsim_warpgroup_commit", Type(), {});
        return rewrite.erase();
      })
      .Case([&](NVVM::WgmmaWaitGroupSyncOp op) {
        Value none = rewrite.constant(0), null = makeNull(rewrite);
        rewrite.callAt(
            "mxsim_warpgroup_wait", Type(),
            {rewrite.constant(op.getGroup()), null, none, null, none});
        return rewrite.erase();
      })
      .Case(
          [&](NVVM::WgmmaMmaAsyncOp op) { return convertProduct(op, rewrite); })
      .Default(std::nullopt);
}
