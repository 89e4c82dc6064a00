//===- WarpgroupRules.cpp - registers of products that are under way ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Between its fence and its wait a product of a warpgroup reads and writes
// registers, while the program goes on. Values say where registers go:
//
//   fence ⇒ product ⇒ … ⇒ product ⇒ wait ⇒ anything
//
// Blocks may hand them on. Whatever else stands in this chain would read or
// write a register that is not at rest, and ptxas would have all products
// wait for each other.
//===----------------------------------------------------------------------===//

#include "DeviceInstructions.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mx/DeviceCode/WarpgroupInstructions.h"

using namespace mlir;
using namespace mlir::mx;

using Kind = WarpgroupInstruction::Kind;

/// The instruction of a warpgroup that `op` is, if any.
static std::optional<WarpgroupInstruction> match(Operation *op) {
  auto assembly = dyn_cast_or_null<LLVM::InlineAsmOp>(op);
  return assembly ? matchWarpgroupInstruction(assembly) : std::nullopt;
}

/// Calls `visit` for what gives `value`: an operation, or null for an argument
/// of the function. Operands of branches are followed, each value once.
static LogicalResult
forEachSource(Value value, SmallPtrSetImpl<Value> &seen,
              function_ref<LogicalResult(Operation *)> visit) {
  if (!seen.insert(value).second)
    return success();
  if (auto extract = value.getDefiningOp<LLVM::ExtractValueOp>())
    return visit(extract.getContainer().getDefiningOp());
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner()->isEntryBlock())
    return visit(value.getDefiningOp());
  Block *block = argument.getOwner();
  for (auto it = block->pred_begin(); it != block->pred_end(); ++it) {
    auto branch = dyn_cast<BranchOpInterface>((*it)->getTerminator());
    if (!branch)
      return visit(nullptr);
    Value source = branch.getSuccessorOperands(
        it.getSuccessorIndex())[argument.getArgNumber()];
    if (!source || failed(forEachSource(source, seen, visit)))
      return source ? failure() : visit(nullptr);
  }
  return success();
}

static LogicalResult verifySources(Operation *op, ValueRange registers,
                                   StringRef what, ArrayRef<Kind> allowed) {
  SmallPtrSet<Value, 16> seen;
  for (Value value : registers) {
    auto visit = [&](Operation *source) -> LogicalResult {
      auto instruction = match(source);
      if (instruction && llvm::is_contained(allowed, instruction->kind))
        return success();
      InFlightDiagnostic diagnostic =
          op->emitOpError("expected ")
          << what << " of a product of a warpgroup to come from a fence, got ";
      if (source)
        return diagnostic << "'" << source->getName() << "'";
      return diagnostic << "an argument";
    };
    if (failed(forEachSource(value, seen, visit)))
      return failure();
  }
  return success();
}

/// Follows sums that are under way to what uses them.
static LogicalResult verifyUses(Value value, SmallPtrSetImpl<Value> &seen) {
  if (!seen.insert(value).second)
    return success();
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<LLVM::ExtractValueOp>(user)) {
      if (failed(verifyUses(user->getResult(0), seen)))
        return failure();
      continue;
    }
    if (auto branch = dyn_cast<BranchOpInterface>(user))
      if (auto argument =
              branch.getSuccessorBlockArgument(use.getOperandNumber())) {
        if (failed(verifyUses(*argument, seen)))
          return failure();
        continue;
      }
    auto instruction = match(user);
    if (instruction && instruction->kind != Kind::Fence &&
        use.getOperandNumber() <
            getWrittenRegisters(cast<LLVM::InlineAsmOp>(user)).size())
      continue;
    return user->emitOpError("expected sums of a product of a warpgroup that "
                             "was waited for, got those of one under way");
  }
  return success();
}

LogicalResult mx::verifyWarpgroupRegisters(Operation *op) {
  auto instruction = match(op);
  if (!instruction || instruction->kind != Kind::Product)
    return success();
  auto assembly = cast<LLVM::InlineAsmOp>(op);
  OperandRange sums = getWrittenRegisters(assembly);
  ValueRange a = op->getOperands().slice(sums.size(), kWarpgroupRegistersOfA);
  SmallPtrSet<Value, 16> seen;
  return failure(
      failed(verifySources(op, a, "registers", {Kind::Fence})) ||
      failed(verifySources(op, sums, "sums",
                           {Kind::Fence, Kind::Product, Kind::Wait})) ||
      failed(verifyUses(assembly.getRes(), seen)));
}
