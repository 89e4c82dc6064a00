//===- InstructionRules.cpp - what only hardware would notice -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Wrong scale selectors and unaligned shared memory give wrong numbers or a
// fault on the device, and no message before; these rules give one.
//===----------------------------------------------------------------------===//

#include "DeviceInstructions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"
#include <optional>

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Scale selectors
//===----------------------------------------------------------------------===//

/// The values that a selector may have.
struct SelectorRange {
  int64_t last, step;
  StringRef words;
};

static SelectorRange getByteRange(NVVM::ScaleVecSize size) {
  switch (size) {
  case NVVM::ScaleVecSize::X1:
    return {3, 1, "0, 1, 2 or 3"};
  case NVVM::ScaleVecSize::X2:
    return {2, 2, "0 or 2"};
  case NVVM::ScaleVecSize::X4:
    return {0, 1, "0"};
  }
  llvm_unreachable("all sizes are handled");
}

static LogicalResult verifySelector(Operation *op, StringRef what, Value value,
                                    const SelectorRange &range) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant))) {
    remark::missed(op->getLoc(),
                   remark::RemarkOpts::name("selector").category("mx-device"))
        << ("the " + what + " is known at run time only").str();
    return success();
  }
  int64_t number = constant.getSExtValue();
  if (number >= 0 && number <= range.last && number % range.step == 0)
    return success();
  return op->emitOpError("expected the ")
         << what << " to be " << range.words << ", got " << number;
}

static LogicalResult verifySelectors(NVVM::MmaBlockScaleOp op) {
  SelectorRange bytes = getByteRange(op.getScaleVecSize());
  // A has 16 rows, scales of two tiles fit in a register of a warp; B has 8.
  const SelectorRange threadsA = {1, 1, "0 or 1"};
  const SelectorRange threadsB = {3, 1, "0, 1, 2 or 3"};
  return failure(failed(verifySelector(op, "byte selector of A",
                                       op.getByteIdA(), bytes)) ||
                 failed(verifySelector(op, "byte selector of B",
                                       op.getByteIdB(), bytes)) ||
                 failed(verifySelector(op, "thread selector of A",
                                       op.getThreadIdA(), threadsA)) ||
                 failed(verifySelector(op, "thread selector of B",
                                       op.getThreadIdB(), threadsB)));
}

//===----------------------------------------------------------------------===//
// Alignment
//===----------------------------------------------------------------------===//

/// Where a pointer points to: an offset in a variable.
struct KnownAddress {
  LLVM::GlobalOp variable;
  int64_t offset;
};

/// Follows constant offsets to a variable, if there are no others.
static std::optional<KnownAddress> followPointer(Value pointer) {
  int64_t offset = 0;
  while (Operation *op = pointer.getDefiningOp()) {
    if (auto address = dyn_cast<LLVM::AddressOfOp>(op)) {
      auto variable = SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(
          op, address.getGlobalNameAttr());
      if (!variable)
        return std::nullopt;
      return KnownAddress{variable, offset};
    }
    if (auto cast = dyn_cast<LLVM::AddrSpaceCastOp>(op)) {
      pointer = cast.getArg();
      continue;
    }
    auto element = dyn_cast<LLVM::GEPOp>(op);
    if (!element || element.getRawConstantIndices().size() != 1)
      return std::nullopt;
    int64_t index = element.getRawConstantIndices().front();
    APInt constant;
    if (index == LLVM::GEPOp::kDynamicIndex) {
      if (!matchPattern(element.getDynamicIndices().front(),
                        m_ConstantInt(&constant)))
        return std::nullopt;
      index = constant.getSExtValue();
    }
    DataLayout layout = DataLayout::closest(op);
    offset +=
        index * static_cast<int64_t>(
                    layout.getTypeSize(element.getElemType()).getFixedValue());
    pointer = element.getBase();
  }
  return std::nullopt;
}

static LogicalResult verifyAlignment(Operation *op, Value pointer,
                                     int64_t bytes) {
  std::optional<KnownAddress> address = followPointer(pointer);
  if (!address)
    return success();
  int64_t alignment = address->variable.getAlignment().value_or(1);
  if (alignment % bytes == 0 && address->offset % bytes == 0)
    return success();
  return op->emitOpError("expected an address that is a multiple of ")
         << bytes << ", got byte " << address->offset << " of '"
         << address->variable.getSymName() << "', which has an alignment of "
         << alignment;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// ptxas ignores the instruction unless it knows the kernel's registers.
static LogicalResult verifyRegisters(NVVM::SetMaxRegisterOp op) {
  auto kernel = op->getParentOfType<LLVM::LLVMFuncOp>();
  if (kernel && kernel->hasAttr("nvvm.reqntid") &&
      (kernel->hasAttr("nvvm.maxnreg") || kernel->hasAttr("nvvm.minctasm")))
    return success();
  return op.emitOpError(
      "expected a kernel with 'nvvm.reqntid' and one of 'nvvm.maxnreg' and "
      "'nvvm.minctasm', without which it has no effect, got none");
}

LogicalResult mx::verifyInstruction(Operation *op) {
  constexpr int64_t barrierAlignment = 8, rowAlignment = 16,
                    tensorAlignment = 128;
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<NVVM::MmaBlockScaleOp>(verifySelectors)
      .Case<NVVM::SetMaxRegisterOp>(verifyRegisters)
      .Case<LLVM::InlineAsmOp>(verifyWarpgroupRegisters)
      .Case<NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp>([&](auto copy) {
        return verifyAlignment(op, copy.getDstMem(), tensorAlignment);
      })
      .Case<NVVM::LdMatrixOp, NVVM::StMatrixOp>([&](auto matrix) {
        return verifyAlignment(op, matrix.getPtr(), rowAlignment);
      })
      .Case<NVVM::CpAsyncBulkGlobalToSharedClusterOp>([&](auto copy) {
        return verifyAlignment(op, copy.getDstMem(), rowAlignment);
      })
      .Case<NVVM::CpAsyncBulkSharedCTAToGlobalOp>([&](auto copy) {
        return verifyAlignment(op, copy.getSrcMem(), rowAlignment);
      })
      .Case<NVVM::CpAsyncOp>([&](auto copy) {
        return verifyAlignment(op, copy.getDst(), copy.getSize());
      })
      .Case<NVVM::MBarrierInitOp, NVVM::MBarrierArriveExpectTxOp,
            NVVM::MBarrierTryWaitOp>([&](auto barrier) {
        return verifyAlignment(op, barrier.getAddr(), barrierAlignment);
      })
      .Default([](Operation *) { return success(); });
}
