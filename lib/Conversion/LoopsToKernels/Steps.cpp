//===- Steps.cpp - single accesses as kernels of one thread ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "Grid.h"
#include "KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mx;

using Neighbours = ArrayRef<std::pair<Operation *, Access>>;
using OperationSet = llvm::SmallSetVector<Operation *, 8>;

/// Whether all uses of `op` are in operations of the set, or within them.
static bool isUsedWithin(Operation *op, const OperationSet &set) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) {
    Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
    return ancestor && set.contains(ancestor);
  });
}

/// The steps, and what is computed and loaded for them alone.
static OperationSet collectDeviceCode(Neighbours neighbours) {
  OperationSet set;
  for (auto [op, access] : llvm::reverse(neighbours)) {
    bool canMove = access == Access::Read || isComputation(op);
    if (access == Access::Step ||
        (canMove && !op->use_empty() && isUsedWithin(op, set)))
      set.insert(op);
  }
  return set;
}

static auto remarkOptions() {
  return remark::RemarkOpts::name("step").category("loops-to-kernels");
}

/// Hands the results of `op`, which the kernel has computed, to the host
/// through memory of the device.
static SmallVector<Value> createCells(KernelBuilder &kernel, Operation *op) {
  SmallVector<Value> cells;
  for (Value result : op->getResults()) {
    auto type = MemRefType::get({}, result.getType());
    cells.push_back(memref::AllocOp::create(kernel.host, type));
  }
  return cells;
}

/// One kernel that does what `ops`, in their order, do; only a single one may
/// have results that are used elsewhere.
static LogicalResult emitStep(ArrayRef<Operation *> ops) {
  Operation *last = ops.back();
  OpBuilder host(last);
  KernelBuilder kernel(host, last->getLoc(), "step", {1, 1});
  SmallVector<Value> cells;
  bool hasResults = ops.size() == 1 && !last->use_empty();
  if (hasResults)
    cells = createCells(kernel, last);
  if (failed(kernel.captureUses(ops)))
    return failure();
  for (Value cell : cells)
    if (failed(kernel.capture(cell)))
      return failure();
  for (Operation *op : ops)
    kernel.device.clone(*op, kernel.mapping);
  for (auto [cell, result] : llvm::zip(cells, last->getResults()))
    memref::StoreOp::create(kernel.device, kernel.mapping.lookup(result),
                            kernel.mapping.lookup(cell));
  serializeLoops(kernel.device.getBlock()->getParentOp());
  Value one = arith::ConstantIndexOp::create(kernel.host, 1);
  kernel.launch({one, one});
  for (auto [cell, result] : llvm::zip(cells, last->getResults())) {
    result.replaceAllUsesWith(memref::LoadOp::create(kernel.host, cell));
    memref::DeallocOp::create(kernel.host, cell);
  }
  if (last->getNumRegions() != 0)
    remark::missed(last->getLoc(), remarkOptions())
        << "made a kernel of one thread, because these loops are not parallel";
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return success();
}

LogicalResult mx::convertSteps(Neighbours neighbours) {
  OperationSet deviceCode = collectDeviceCode(neighbours);
  SmallVector<Operation *> together, separate;
  bool isMixed = false;
  for (auto [op, access] : neighbours) {
    if (access == Access::Step)
      separate.push_back(op);
    if (deviceCode.contains(op))
      together.push_back(op);
    if (access == Access::Step
            ? !isUsedWithin(op, deviceCode)
            : access == Access::Read && !deviceCode.contains(op))
      isMixed = true;
    if (access == Access::Read && !deviceCode.contains(op))
      remark::missed(op->getLoc(), remarkOptions())
          << "the host waits for the device, because it needs this number";
  }
  if (separate.empty())
    return success();
  if (!isMixed)
    return emitStep(together);
  // The host reads between stores: each stays at its place.
  for (Operation *op : separate)
    if (failed(emitStep(op)))
      return failure();
  return success();
}
