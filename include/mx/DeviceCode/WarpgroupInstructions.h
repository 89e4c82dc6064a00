//===- WarpgroupInstructions.h - wgmma with its registers -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A product of a warpgroup is asynchronous: its registers are read and written
// until it is waited for. NVVM's operations for fence and wait have no
// operands, so LLVM may move what uses these registers across them, and its
// product cannot have A in registers. Here all three take the registers that
// they are about and give them back:
//
//   %f:68 = fence  %a:4, %zeros:64      values that products may use
//   %p:64 = product %f (sums), %f (A), descriptor of B
//           nvvm.wgmma.commit.group.sync.aligned
//   %s:64 = wait   %p, and %f (A)       numbers, and A may change
//
// In IR they are inline assembly of exactly the text that is made here; any
// other text is none of them.
//===----------------------------------------------------------------------===//

#ifndef MX_DEVICECODE_WARPGROUPINSTRUCTIONS_H
#define MX_DEVICECODE_WARPGROUPINSTRUCTIONS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// Registers of A in a thread, of two numbers each.
inline constexpr int kWarpgroupRegistersOfA = 4;
/// K of a product of 16-bit numbers.
inline constexpr int kWarpgroupDepth = 16;

struct WarpgroupInstruction {
  enum class Kind { Fence, Product, Wait };

  Kind kind;
  /// Of a product: columns, a multiple of 8 up to 256, and bf16 or f16.
  int columns = 0;
  NVVM::WGMMATypes type = NVVM::WGMMATypes::bf16;
  /// Of a wait: how many groups need not be complete.
  int pending = 0;

  /// Sums that a thread holds.
  int getSums() const { return columns / 2; }
};

/// The instruction that `op` is, if it is one of these.
std::optional<WarpgroupInstruction>
matchWarpgroupInstruction(LLVM::InlineAsmOp op);

/// The registers that `op`, which is one of these, gives back: its first
/// operands. Behind them are those that it only reads.
OperandRange getWrittenRegisters(LLVM::InlineAsmOp op);

/// Makes what was done to `registers`, of i32 and f32, visible to products.
SmallVector<Value> createWarpgroupFence(ImplicitLocOpBuilder &b,
                                        ValueRange registers);

/// Starts sums + A · B: `a` are the registers of A, `descriptorOfB` says where
/// columns of B lie in shared memory, K innermost.
SmallVector<Value> createWarpgroupProduct(ImplicitLocOpBuilder &b,
                                          NVVM::WGMMATypes type,
                                          ValueRange sums, ValueRange a,
                                          Value descriptorOfB);

/// Waits until at most `pending` groups are under way. `a` are the registers of
/// A of the products that are complete then.
SmallVector<Value> createWarpgroupWait(ImplicitLocOpBuilder &b, int pending,
                                       ValueRange sums, ValueRange a);

} // namespace mlir::mx

#endif // MX_DEVICECODE_WARPGROUPINSTRUCTIONS_H
